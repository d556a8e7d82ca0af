import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from flowers import make_flowers
from PIL import Image

from stackgan_k3 import files
from stackgan_k3.cli import main
from stackgan_k3.data.oxford_flowers import OxfordFlowers
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.data.source import BadExample, Example
from stackgan_k3.errors import UserError


@pytest.fixture(scope="module")
def flowers(tmp_path_factory) -> Path:
    return make_flowers(tmp_path_factory.mktemp("source") / "flowers", classes=5, each=24)


@pytest.fixture(scope="module")
def whole(flowers, tmp_path_factory) -> Path:
    """A set prepared in one go by one process."""
    out = tmp_path_factory.mktemp("whole") / "set"
    prepare("oxford-flowers", out, root=flowers, size=64, workers=1)
    return out


def content(folder: Path) -> dict[str, str]:
    return {path.name: files.sha256(path) for path in folder.iterdir() if path.is_file()}


def run_python(code: str, *args: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


class Hues:
    """A source of plain pictures, some of them wrong."""

    name = title = "hues"
    licence = "CC0-1.0"
    homepage = ""
    classes = ("low", "high")

    def __init__(self, length: int = 10, wrong: dict[int, dict[str, object]] | None = None) -> None:
        self.length, self.wrong = length, wrong or {}

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Example:
        if self.wrong.get(index) == {}:
            raise BadExample(f"hue-{index}", "lost")
        values: dict[str, object] = {
            "name": f"hue-{index}",
            "image": np.full((70, 90, 3), 10 + index, np.uint8),
            "captions": (f"hue {index}",),
            "label": index % 2,
            "split": "test" if index % 5 == 4 else "train",
            "attributes": {"hue": str(index)},
        }
        return Example(**(values | self.wrong.get(index, {})))  # type: ignore[arg-type]


def test_dataset_json_says_what_is_there(whole, flowers) -> None:
    info = json.loads((whole / "dataset.json").read_text())
    assert info["format_version"] == 1
    assert info["source"] == "oxford-flowers"
    assert info["title"] == "Oxford 102 flowers"
    assert "research" in info["licence"]
    assert info["homepage"].startswith("https://")
    assert (info["size"], info["seed"], info["refused"]) == (64, 0, [])
    assert info["splits"] == {
        "train": {"records": 96, "captions": 288},
        "test": {"records": 24, "captions": 72},
    }
    assert info["classes"] == list(OxfordFlowers(flowers).classes)
    names = sorted(path.name for path in whole.iterdir())
    assert names == sorted([shard["name"] for shard in info["shards"]] + ["dataset.json"])
    for split in ("train", "test"):
        shards = [shard for shard in info["shards"] if shard["split"] == split]
        assert [shard["name"] for shard in shards] == [
            f"{split}-{k:05d}-of-{len(shards):05d}.arrayrecord" for k in range(len(shards))
        ]
    for shard in info["shards"]:
        assert shard["bytes"] == (whole / shard["name"]).stat().st_size
        assert shard["sha256"] == files.sha256(whole / shard["name"])


@pytest.mark.parametrize(
    ("size", "sides"), [(28, {28: 28}), (64, {64: 76}), (128, {64: 76, 128: 152}), (256, {64: 76, 256: 304})]
)
def test_stored_sizes(tmp_path, size: int, sides: dict[int, int]) -> None:
    prepare(Hues(), tmp_path / "set", size=size, workers=1)
    record = Records(tmp_path / "set")[2]
    assert sorted(record.encoded) == sorted(sides)
    for each, side in sides.items():
        picture = record.picture(each)
        assert picture.shape == (side, side, 3)
        assert np.abs(picture.astype(int) - 12).max() <= 1
    assert (record.name, record.captions, record.label) == ("hue-2", ("hue 2",), 0)
    assert record.attributes == {"hue": "2"}


def test_processes_write_the_same_bytes(whole, flowers, tmp_path) -> None:
    seen = []
    info = prepare("oxford-flowers", tmp_path / "set", root=flowers, size=64, workers=2,
                   progress=lambda done, total: seen.append((done, total)))  # fmt: skip
    assert content(tmp_path / "set") == content(whole)
    assert info == json.loads((whole / "dataset.json").read_text())
    assert seen[0] == (0, 120)
    assert seen[-1] == (120, 120)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


KILLED = """
import os, signal, sys
from stackgan_k3.data.prepare import prepare
def progress(done, total):
    if done:
        os.kill(os.getpid(), signal.SIGKILL)
if __name__ == "__main__":
    prepare("oxford-flowers", sys.argv[2], root=sys.argv[1], size=64, workers=1, progress=progress)
"""


def test_a_killed_preparation_goes_on_to_the_same_bytes(whole, flowers, tmp_path) -> None:
    out = tmp_path / "set"
    assert run_python(KILLED, flowers, out).returncode == -signal.SIGKILL
    assert not (out / "dataset.json").exists()
    with pytest.raises(UserError, match=r"no dataset\.json"):
        Records(out)
    done = sorted((out / ".preparing").glob("unit-*.json"))
    assert len(done) == 1
    # What a kill in the middle of a file leaves behind.
    (out / ".preparing" / ".unit-00001-train.arrayrecord.abc.part").write_bytes(b"half")
    before = done[0].stat().st_mtime_ns
    counts = []

    def progress(count: int, total: int) -> None:
        counts.append(count)
        assert count == 120 or done[0].stat().st_mtime_ns == before

    prepare("oxford-flowers", out, root=flowers, size=64, workers=1, progress=progress)
    assert counts == [32, 64, 96, 120]
    assert content(out) == content(whole)
    assert not (out / ".preparing").exists()


def test_killed_between_the_last_renames(whole, flowers, tmp_path, monkeypatch) -> None:
    out = tmp_path / "set"
    replace, calls = os.replace, []

    def failing(a, b) -> None:
        if Path(a).name.startswith("unit-"):
            calls.append(a)
            if len(calls) == 3:
                raise OSError(28, "No space left on device")
        replace(a, b)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(UserError, match="No space left on device"):
        prepare("oxford-flowers", out, root=flowers, size=64, workers=1)
    monkeypatch.undo()
    assert not (out / "dataset.json").exists()
    prepare("oxford-flowers", out, root=flowers, size=64, workers=1)
    assert content(out) == content(whole)


WORKERS_OF_A_KILLED = """
import multiprocessing, os, signal, sys
from stackgan_k3.data.prepare import prepare
def progress(done, total):
    if done:
        print(*[child.pid for child in multiprocessing.active_children()], flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
if __name__ == "__main__":
    prepare("oxford-flowers", sys.argv[2], root=sys.argv[1], size=64, workers=2, progress=progress)
"""


def test_workers_end_with_their_parent(flowers, tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text(WORKERS_OF_A_KILLED)
    result = run_python(
        "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')",
        script, flowers, tmp_path / "set",
    )  # fmt: skip
    assert result.returncode == -signal.SIGKILL, result.stderr
    workers = [int(pid) for pid in result.stdout.split()]
    assert len(workers) == 2
    deadline = time.monotonic() + 20
    while any(_lives(pid) for pid in workers):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


FULL = """
import resource, sys
from stackgan_k3.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
root, out = sys.argv[1:]
sys.exit(main(["prepare", "oxford-flowers", out, "--root", root, "--size", "64", "--workers", "1"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_full_disk_is_told_and_can_be_gone_on_from(whole, flowers, tmp_path) -> None:
    out = tmp_path / "set"
    result = run_python(FULL, flowers, out)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert f"could not write to {out}" in result.stderr
    assert "too large" in result.stderr
    assert not (out / "dataset.json").exists()
    assert not list((out / ".preparing").glob("*.arrayrecord"))
    prepare("oxford-flowers", out, root=flowers, size=64, workers=1)
    assert content(out) == content(whole)


def test_bad_files_are_listed_and_strict_refuses_them(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers", classes=5, each=8)
    (root / "jpg" / "image_00003.jpg").write_bytes(b"no picture")
    (root / "text_c10" / "class_00002" / "image_00010.txt").write_text("\n")
    Image.new("RGB", (15, 80)).save(root / "jpg" / "image_00020.jpg")
    with pytest.raises(UserError, match=r"jpg/image_00003\.jpg: not a picture .*--strict"):
        prepare("oxford-flowers", tmp_path / "set", root=root, size=64, workers=2, strict=True)
    info = prepare("oxford-flowers", tmp_path / "set", root=root, size=64, workers=1)
    assert [item["name"] for item in info["refused"]] == [
        "jpg/image_00003.jpg",
        "text_c10/class_00002/image_00010.txt",
        "jpg/image_00020.jpg",
    ]
    assert "15x80 pixels" in info["refused"][2]["reason"]
    assert sum(split["records"] for split in info["splits"].values()) == 37
    names = {record.name for split in ("train", "test") for record in Records(tmp_path / "set", split)}
    assert "jpg/image_00003.jpg" not in names
    assert len(names) == 37


def test_strict_looks_at_finished_parts_too(tmp_path) -> None:
    source = Hues(70, {3: {}, 69: {"captions": ()}})

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(source, tmp_path / "set", size=64, workers=1, progress=stop)
    with pytest.raises(UserError, match="hue-3: lost"):
        prepare(source, tmp_path / "set", size=64, workers=1, strict=True)
    assert len(prepare(source, tmp_path / "set", size=64, workers=1)["refused"]) == 2


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"image": np.zeros((70, 70), np.uint8)}, r"uint8 \[70, 70\]"),
        ({"image": np.zeros((70, 70, 3), np.float32)}, r"float32"),
        ({"image": np.zeros((70, 8, 3), np.uint8)}, "shorter than 16"),
        ({"captions": ()}, "no caption"),
        ({"captions": ("fine", " ")}, "blank"),
        ({"label": 2}, "label 2 of 2"),
        ({"label": -1}, "label -1 of 2"),
        ({"split": "valid"}, "split 'valid'"),
    ],
)
def test_what_a_source_gives_is_checked(tmp_path, wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(UserError, match=f"hue-1: .*{reason}"):
        prepare(Hues(3, {1: wrong}), tmp_path / "set", size=64, workers=1, strict=True)


def test_nothing_usable(tmp_path) -> None:
    with pytest.raises(UserError, match=r"none of the 2 examples .* hue-0: lost"):
        prepare(Hues(2, {0: {}, 1: {}}), tmp_path / "set", size=64, workers=1)
    with pytest.raises(UserError, match="no examples"):
        prepare(Hues(0), tmp_path / "other", size=64, workers=1)


def test_a_bug_in_a_source_is_not_hidden(tmp_path) -> None:
    with pytest.raises(TypeError):
        prepare(Hues(3, {1: {"colour": 1}}), tmp_path / "set", size=64, workers=1)


def test_another_plan_in_the_same_folder_is_refused(flowers, tmp_path) -> None:
    out = tmp_path / "set"
    arguments = {"root": flowers, "size": 64, "workers": 1, "limit": 70, "seed": 3}
    with pytest.raises(UserError, match="strict"):
        broken = make_flowers(tmp_path / "flowers", classes=5, each=24)
        (broken / "jpg" / "image_00001.jpg").write_bytes(b"")
        prepare("oxford-flowers", out, **(arguments | {"root": broken}), strict=True)
    for change, named in (({}, "root"), ({"root": broken, "size": 128}, "size .64, not 128"),
                          ({"root": broken, "limit": 71}, "limit .70, not 71"),
                          ({"root": broken, "seed": 4}, "seed .3, not 4")):  # fmt: skip
        with pytest.raises(UserError, match=f"stopped preparation with another {named}"):
            prepare("oxford-flowers", out, **(arguments | change))


def test_a_folder_in_use_is_refused(whole, flowers, tmp_path) -> None:
    before = content(whole)
    with pytest.raises(UserError, match="finished set already"):
        prepare("oxford-flowers", whole, root=flowers, size=64)
    assert content(whole) == before
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match="not empty"):
        prepare("oxford-flowers", tmp_path, root=flowers, size=64)
    with pytest.raises(UserError, match="is a file"):
        prepare("oxford-flowers", tmp_path / "thesis.txt", root=flowers, size=64)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


@pytest.mark.parametrize(
    "wrong",
    [{"size": 0}, {"size": 100}, {"workers": 0}, {"workers": -2}, {"limit": 0}, {"limit": -1}, {"seed": -1}],
)
def test_numbers_out_of_range_are_refused(flowers, tmp_path, wrong: dict[str, int]) -> None:
    name, value = next(iter(wrong.items()))
    with pytest.raises(UserError, match=f"{name} is {value}; it must be"):
        prepare("oxford-flowers", tmp_path / "set", root=flowers, **wrong)
    assert not (tmp_path / "set").exists()


def test_the_command(whole, flowers, tmp_path, capsys) -> None:
    out = tmp_path / "set"
    words = ["prepare", "oxford-flowers", str(out), "--root", str(flowers), "--size", "64", "--workers", "1"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "96 pictures to train on and 24 to test with, 360 captions, 5 classes" in printed
    assert f"next: stackgan-k3 train PRESET --data {out} --run runs/NAME" in printed
    assert content(out) == content(whole)
    assert main(words) == 2
    assert "finished set already" in capsys.readouterr().err
    assert main(["prepare", "oxford-flower", str(tmp_path / "b")]) == 2
    assert "did you mean 'oxford-flowers'" in capsys.readouterr().err
    assert main(["prepare", "oxford-flowers", str(tmp_path / "b"), "--root", str(tmp_path / "none")]) == 2
    assert "text_c10" in capsys.readouterr().err
    assert main([*words[:2], str(tmp_path / "b"), *words[3:], "--limit", "-5"]) == 2
    assert "limit is -5" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_the_command_lists_refused_files(tmp_path, capsys) -> None:
    root = make_flowers(tmp_path / "flowers", classes=5, each=4)
    (root / "jpg" / "image_00002.jpg").write_bytes(b"")
    out = str(tmp_path / "set")
    assert (
        main(["prepare", "oxford-flowers", out, "--root", str(root), "--size", "64", "--workers", "1"]) == 0
    )
    printed = capsys.readouterr().out
    assert "refused: 1" in printed
    assert "jpg/image_00002.jpg: the file is empty" in printed
