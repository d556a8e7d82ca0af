"""The rows of the ablation are settings that exist, and its table says what the files say."""

import importlib.util
import json
from pathlib import Path

import pytest

from stackgan_k3.config import load_preset

pytestmark = pytest.mark.neutral

SPEC = importlib.util.spec_from_file_location(
    "ablation", Path(__file__).parents[1] / "experiments" / "ablation.py"
)
ablation = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(ablation)


@pytest.mark.parametrize("row", ablation.ROWS)
def test_a_row_is_possible_and_changes_something(row):
    base = load_preset("stackgan-birds-shipped").changed(ablation.BASE)
    changed = base.changed({**ablation.BASE, **ablation.ROWS[row]})
    assert (changed == base) == (row == "base")


def test_the_table_has_the_mean_over_seeds_and_their_spread(tmp_path):
    for seed, fid in enumerate((100.0, 300.0)):
        folder = tmp_path / f"00-{seed}"
        folder.mkdir()
        numbers = {
            "fid": {"drawn": fid, "floor": 1.0},
            "accuracy": {"wing": {"drawn": 0.5, "floor": 1.0}, "body": {"drawn": 0.7, "floor": 1.0}},
        }
        (folder / "evaluation.json").write_text(json.dumps(numbers), "utf-8")
    lines = ablation.table(tmp_path).splitlines()
    assert len(lines) == 3
    assert lines[2] == "| base | 2 | 200 ± 1e+02 |  | 0.6 ± 0 |  |  |"
