"""Nothing half-written is left under a final name."""

import errno
import os
import signal
import stat
import subprocess
import sys

import pytest

from stackgan_k3.files import replacing, replacing_folder, sha256


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_file_takes_its_name_when_it_is_done(tmp_path):
    target = tmp_path / "deep" / "note.txt"
    with replacing(target) as beside:
        beside.write_text("new")
        assert not target.exists()
        assert beside.parent == target.parent  # on one disk, or the rename would not be atomic
    assert target.read_text() == "new"
    assert names(tmp_path) == ["deep", "deep/note.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "note.txt"
    target.write_text("old")
    with pytest.raises(OSError, match="No space left"), replacing(target) as beside:
        beside.write_text("half of it")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert target.read_text() == "old"
    assert names(tmp_path) == ["note.txt"]


def test_ctrl_c_while_writing_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "note.txt") as beside:
        beside.write_text("half of it")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_files_and_folders_get_the_usual_permissions(tmp_path):
    old = os.umask(0o022)
    try:
        with replacing(tmp_path / "a") as beside:
            beside.write_text("a")
        with replacing_folder(tmp_path / "b"):
            pass
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o755


def test_a_folder_takes_its_name_when_it_is_done(tmp_path):
    target = tmp_path / "bundle"
    target.mkdir()  # an empty one is as good as none
    with replacing_folder(target) as beside:
        (beside / "a.txt").write_text("a")
        assert list(target.iterdir()) == []
    assert names(tmp_path) == ["bundle", "bundle/a.txt"]


def test_a_failed_folder_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), replacing_folder(tmp_path / "bundle") as beside:
        (beside / "a.txt").write_text("a")
        raise RuntimeError("the check of the bundle failed")
    assert names(tmp_path) == []


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_exists_is_not_written_over(tmp_path, kind):
    target = tmp_path / "bundle"
    if kind == "folder":
        target.mkdir()
        (target / "a.txt").write_text("mine")
    else:
        target.write_text("mine")
    before = names(tmp_path)
    with pytest.raises(FileExistsError, match="bundle exists already"), replacing_folder(target):
        pytest.fail("the block must not be entered")
    assert names(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_kill_while_writing_leaves_the_old_file(tmp_path):
    """SIGKILL gives no chance to clean up: only the part file, which no reader looks at, may be left."""
    target = tmp_path / "state"
    target.write_text("old")
    code = (
        "import sys, time\n"
        "from stackgan_k3.files import replacing\n"
        "with replacing(sys.argv[1]) as beside:\n"
        "    beside.write_text('half of it')\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline().strip() == b"writing"
        writer.send_signal(signal.SIGKILL)
        assert writer.wait(timeout=30) == -signal.SIGKILL
    assert target.read_text() == "old"
    left = [path.name for path in tmp_path.iterdir() if path != target]
    assert all(name.startswith(".") and name.endswith(".part") for name in left)


@pytest.mark.parametrize("write", [replacing, replacing_folder])
def test_errors_name_what_was_asked_for(tmp_path, monkeypatch, write):
    def refused(**options):
        raise PermissionError(1, "Operation not permitted", f"{options['dir']}/.a.png.x1y2.part")

    monkeypatch.setattr("tempfile.mkstemp", refused)
    monkeypatch.setattr("tempfile.mkdtemp", refused)
    with pytest.raises(PermissionError) as caught, write(tmp_path / "a.png"):
        pytest.fail("the block must not be entered")
    assert caught.value.filename == str(tmp_path / "a.png")


@pytest.mark.parametrize("write", [replacing, replacing_folder])
def test_a_name_may_be_as_long_as_the_system_lets_it(tmp_path, write):
    name = "\u00fc" * 127  # 254 bytes
    with write(tmp_path / name) as beside:
        if write is replacing:
            beside.write_text("done")
    assert names(tmp_path) == [name]


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "fork"), reason="POSIX resource limits")
def test_a_full_disk_leaves_nothing(tmp_path):
    """A limit on the size of files stands for the full disk: the write fails half-way, from the system."""
    code = (
        "import resource, signal, sys\n"
        "from stackgan_k3.files import replacing\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "with replacing(sys.argv[1]) as beside:\n"
        "    beside.write_bytes(b'x' * 100_000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "big")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert names(tmp_path) == []


def test_sha256_is_that_of_the_content(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
