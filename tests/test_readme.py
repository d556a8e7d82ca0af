"""The README's program runs as it stands."""

import re
from pathlib import Path

from small_run import small_config, small_data

README = Path(__file__).parents[1] / "README.md"


def test_the_program_in_the_readme_runs(tmp_path, monkeypatch):
    from stackgan_k3 import train

    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 1
    assert len([line for line in blocks[0].splitlines() if line.strip()]) <= 20
    monkeypatch.chdir(tmp_path)
    small_data(tmp_path / "data" / "birds", 90)  # its text encoder learns from 64 at a time
    train(small_config(), "data/birds", "runs/birds", phases=["text", "stage1"])
    scope = {"__name__": "readme"}
    exec(compile(blocks[0], str(README), "exec"), scope)
    assert scope["pictures"].shape == (4, 64, 64, 3) and scope["pictures"].dtype == "uint8"
    assert scope["more"].shape == (2, 64, 64, 3)
    assert (tmp_path / "stage1.keras").is_file() and (tmp_path / "losses.csv").read_text().count("\n") == 3
