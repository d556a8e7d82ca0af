"""The command line ``stackgan-k3``: a parser over :mod:`stackgan_k3.commands`, and errors for people.

A command is a module in ``stackgan_k3/commands/`` with ``HELP`` (one line),
``configure(parser)`` and ``run(args) -> int``; what takes time to import is
imported inside ``run``.
"""

import argparse
import errno
import importlib
import io
import os
import pkgutil
import signal
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from stackgan_k3 import __version__, commands
from stackgan_k3.errors import UserError, unknown

# Which extra brings a module that is not installed.
EXTRAS = {
    "absl": "train",
    "array_record": "train",
    "filelock": "train",
    "grain": "train",
    "msgpack": "train",
    "pydantic": "train",
    "resvg_py": "train",
    "safetensors": "train",
    "tensorboard": "train",
    "tqdm": "train",
    "keras": "tensorflow",
    "tensorflow": "tensorflow",
    "jax": "jax",
    "torch": "torch",
    "onnx": "export",
    "tf2onnx": "export",
    "onnxruntime": "cpu",
    "gradio": "demo",
}

_DESCRIPTION = "Learn to draw pictures from sentences with stacked GANs: prepare, train, export, generate."


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Input that is refused, files that cannot be read or written and extras that
    are not installed are told on stderr, without a traceback. Anything else that
    escapes is a bug and keeps its traceback.

    Args:
        argv: The arguments after the program's name; those of the process where None.

    Returns:
        The exit code: 0 for success, 2 for bad input, 130 after Ctrl-C, 143 after SIGTERM.

    Example:
        >>> main(["presetz"])
        2
    """
    if argv is None:
        heed_termination()
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):  # what a terminal cannot show must not end a command
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(words)
    except SystemExit as stop:  # argparse has printed its message
        return stop.code if isinstance(stop.code, int) else 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`… | head`); keep Python from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        print(f"stackgan-k3: error: {message}", file=sys.stderr)
        return 2


def heed_termination() -> None:
    """Makes SIGTERM an exit as others are, so that a process which is told to end clears up after itself.

    For the main function of a process, before it does anything.

    Example:
        >>> heed_termination()  # doctest: +SKIP
    """

    def leave(number: int, _: Any) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)


def explain(error: Exception) -> str | None:
    """Returns what to tell a person about an error, or None if it is a bug in the package.

    Args:
        error: What a command raised.

    Example:
        >>> explain(FileNotFoundError(2, "No such file or directory", "runs/a"))
        'runs/a: No such file or directory'
        >>> explain(ModuleNotFoundError("No module named 'gradio'", name="gradio"))
        "gradio is not installed: pip install 'stackgan-k3[demo]'"
        >>> explain(KeyError("a bug")) is None
        True
    """
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        module = (error.name or "").partition(".")[0]
        extra = EXTRAS.get(module)
        return f"{module} is not installed: pip install 'stackgan-k3[{extra}]'" if extra else None
    if isinstance(error, OSError):
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        said = f"{' -> '.join(names)}: {error.strerror}" if names and error.strerror else str(error)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT) or "os error 28" in said
        return f"{said}; make room, or choose another place" if full else said
    # Whoever raised pydantic's error has imported it, so it need not be imported here.
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None and isinstance(error, pydantic.ValidationError):
        lines = []
        for item in error.errors():
            key = ".".join(str(part) for part in item["loc"]) or error.title
            lines.append(f"{key}: {item['msg']} (given: {item['input']!r})")
        return "\n  ".join(lines)
    return None


def command_modules() -> dict[str, ModuleType]:
    """Imports the commands and returns them by name.

    Example:
        >>> "doctor" in command_modules()
        True
    """
    names = [item.name for item in pkgutil.iter_modules(commands.__path__) if not item.name.startswith("_")]
    return {
        name.replace("_", "-"): importlib.import_module(f"{commands.__name__}.{name}")
        for name in sorted(names)
    }


def build_parser() -> argparse.ArgumentParser:
    """Builds the parser of every command; nothing heavy is imported.

    Example:
        >>> build_parser().parse_args(["doctor", "--json"]).command
        'doctor'
    """
    parser = argparse.ArgumentParser(prog="stackgan-k3", description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"stackgan-k3 {__version__}")
    parsers = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    for name, module in command_modules().items():
        command = parsers.add_parser(name, help=module.HELP, description=module.HELP, allow_abbrev=False)
        module.configure(command)
        command.set_defaults(run=module.run)
    return parser


def _run(words: list[str]) -> int:
    parser = build_parser()
    if not words:
        parser.print_help()
        return 0
    if not words[0].startswith("-") and words[0] not in (known := command_modules()):
        raise unknown("command", words[0], known)
    args, further = parser.parse_known_args(words)
    if further and hasattr(args, "captions"):
        # argparse takes no more words after an option that stands among them. As it does elsewhere, what
        # follows "--" or has a space in it is no option.
        end = further.index("--") if "--" in further else len(further)
        captions, rest = further[:end], further[end + 1 :]
        args.captions += [word for word in captions if not word.startswith("-") or " " in word] + rest
        further = [word for word in captions if word.startswith("-") and " " not in word]
    if further:
        parser.error(f"unrecognized arguments: {' '.join(further)}")
    code = args.run(args)
    if sys.stdout is not None:  # there is none where it was closed before this began
        sys.stdout.flush()  # here, so that a reader that went away is noticed above
    return int(code)
