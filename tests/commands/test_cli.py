"""The command line: help, names, and errors for people."""

import argparse
import io
import os
import subprocess
import sys
from types import SimpleNamespace

import pydantic
import pytest

from stackgan_k3 import __version__, cli
from stackgan_k3.errors import UserError

COMMANDS = [
    "demo", "doctor", "evaluate", "export", "generate", "import-torch", "inspect", "interpolate", "prepare",
    "presets", "report", "train", "train-probe",
]  # fmt: skip


@pytest.fixture
def command(monkeypatch):
    """Makes `stackgan-k3 try` run a given function."""

    def make(run):
        def configure(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("--count", type=int, default=1)

        module = SimpleNamespace(HELP="try something", configure=configure, run=run)
        monkeypatch.setattr(cli, "command_modules", lambda: {"try": module})

    return make


def raising(error):
    def run(args):
        raise error

    return run


def test_every_command_is_there():
    assert list(cli.command_modules()) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps(name, capsys):
    assert cli.main([name, "--help"]) == 0
    assert cli.command_modules()[name].HELP.split()[0] in capsys.readouterr().out


def test_without_a_command_it_prints_the_help(capsys):
    assert cli.main([]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: stackgan-k3")
    assert all(f"\n    {name}" in out for name in COMMANDS)


def test_the_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"stackgan-k3 {__version__}\n"


def test_an_unknown_command_gets_the_nearest_name(capsys):
    assert cli.main(["trian", "stackgan-tiny"]) == 2
    captured = capsys.readouterr()
    assert "unknown command 'trian'; did you mean 'train'?" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    "words", [["try", "--count", "many"], ["try", "--cuont", "1"], ["try", "more"], ["--bad"]]
)
def test_wrong_arguments_exit_with_2(words, command, capsys):
    command(lambda args: 0)
    assert cli.main(words) == 2
    assert "error:" in capsys.readouterr().err


def test_the_arguments_and_the_exit_code_pass_through(command):
    command(lambda args: args.count)
    assert cli.main(["try", "--count", "3"]) == 3


class Limits(pydantic.BaseModel):
    epochs: int = pydantic.Field(ge=1)


def refused():
    with pytest.raises(pydantic.ValidationError) as caught:
        Limits(epochs=-1)
    return caught.value


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (UserError("batch_size is 0; it must be at least 1"), "batch_size is 0; it must be at least 1"),
        (FileNotFoundError(2, "No such file or directory", "runs/a"), "runs/a: No such file or directory"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (PermissionError(13, "Permission denied", "/out"), "/out: Permission denied"),
        (FileExistsError("runs/a exists already"), "runs/a exists already"),
        (
            ModuleNotFoundError("No module named 'keras'", name="keras"),
            "pip install 'stackgan-k3[tensorflow]'",
        ),
        (
            ModuleNotFoundError("No module named 'tf2onnx.x'", name="tf2onnx.x"),
            "pip install 'stackgan-k3[export]'",
        ),
        (refused(), "epochs: Input should be greater than or equal to 1 (given: -1)"),
    ],
)
def test_what_a_person_can_mend_is_told_without_a_traceback(error, message, command, capsys):
    command(raising(error))
    assert cli.main(["try"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("stackgan-k3: error: ")
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    "bug", [KeyError("a"), ValueError("b"), ModuleNotFoundError("no", name="stackgan_k3.typo")]
)
def test_a_bug_keeps_its_traceback(bug, command):
    command(raising(bug))
    with pytest.raises(type(bug)):
        cli.main(["try"])


def test_what_the_output_cannot_show_is_written_as_an_escape(command, monkeypatch):
    def run(args):
        print("a red bird \u2192 \U0001f426")
        return 0

    command(run)
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii"))
    assert cli.main(["try"]) == 0
    assert written.getvalue().strip() == b"a red bird \\u2192 \\U0001f426"


def test_ctrl_c_exits_with_130(command, capsys):
    command(raising(KeyboardInterrupt()))
    assert cli.main(["try"]) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_every_extra_that_is_named_exists():
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert set(cli.EXTRAS.values()) <= set(project["optional-dependencies"])


def test_the_help_needs_neither_numpy_nor_keras():
    """Every machine that has the package can say what it can do, at once."""
    code = (
        "import sys\n"
        "from stackgan_k3 import cli\n"
        "cli.build_parser()\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'numpy', 'pydantic', 'gradio', 'onnxruntime'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "stackgan_k3", "--version"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, f"stackgan-k3 {__version__}\n")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
def test_a_reader_that_goes_away_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "stackgan_k3", "presets"],
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    finally:
        os.close(writer)
    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells")
def test_a_closed_output_is_no_error():
    words = f'"{sys.executable}" -m stackgan_k3 presets >&-'
    done = subprocess.run(words, shell=True, stderr=subprocess.PIPE, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM")
def test_a_process_that_is_told_to_end_clears_up():
    code = (
        "import sys, time\n"
        "from stackgan_k3 import cli\n"
        "def run(words):\n"
        "    try:\n"
        "        print('working', flush=True)\n"
        "        time.sleep(60)\n"
        "    finally:\n"
        "        print('cleared up', flush=True)\n"
        "cli._run = run\n"
        "sys.exit(cli.main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"working\n"
        process.terminate()
        assert process.communicate(timeout=60)[0] == b"cleared up\n"
    assert process.returncode == 143


def test_the_presets_are_listed_with_their_descriptions(capsys):
    from stackgan_k3.commands.presets import descriptions

    presets = descriptions()
    assert {"stackgan-tiny", "stackgan-birds", "stackgan-coco", "stackgan-flowers"} <= set(presets)
    assert cli.main(["presets"]) == 0
    out = capsys.readouterr().out
    for name, description in presets.items():
        assert f"{name} " in out
        assert description.split()[0] in out
