import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flowers import make_flowers
from preparing import Hues, content, run_python

from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
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


HOLDING = """
import sys, time
from preparing import Hues
from stackgan_k3.data.prepare import prepare
def progress(done, total):
    print("at work", flush=True)
    sys.stdin.readline()
if __name__ == "__main__":
    prepare(Hues(), sys.argv[1], size=64, workers=1, progress=progress)
"""


def test_two_preparations_of_one_folder_at_once(tmp_path) -> None:
    out = tmp_path / "set"
    command = [sys.executable, "-c", HOLDING, str(out)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "at work\n"
        with pytest.raises(UserError, match=f"another process is preparing a set in {out}; wait"):
            prepare(Hues(), out, size=64, workers=1)
        first.kill()
    info = prepare(Hues(), out, size=64, workers=1)  # the lock of the killed process is gone
    assert info["splits"]["train"]["records"] == 8
    assert sorted(path.name for path in out.iterdir()) == sorted(
        [shard["name"] for shard in info["shards"]] + ["dataset.json"]
    )


INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job ignores
from preparing import Sleepy
from stackgan_k3.data.prepare import prepare
def progress(done, total):
    print("at work", flush=True)
if __name__ == "__main__":
    try:
        prepare(Sleepy(70), sys.argv[1], size=64, workers=2, progress=progress)
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
@pytest.mark.parametrize("moment", ["while the workers start", "while they work"])
def test_ctrl_c_ends_every_process_at_once_and_quietly(moment, tmp_path) -> None:
    out = tmp_path / "set"
    command = [sys.executable, "-c", INTERRUPTED, str(out)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        start_new_session=True,
    ) as running:  # fmt: skip
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "at work\n"
            if moment == "while they work":
                deadline = time.monotonic() + 60
                while len(list((out / ".preparing").glob(".unit-*.part"))) < 2:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            else:
                time.sleep(0.3)
            os.killpg(running.pid, signal.SIGINT)
            _, errors = running.communicate(timeout=60)
        except BaseException:
            os.killpg(running.pid, signal.SIGKILL)
            raise
    assert running.returncode == 130
    assert errors == ""
