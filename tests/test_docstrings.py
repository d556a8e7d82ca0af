"""The examples in the docstrings run and print what they say."""

import ast
import doctest
import importlib
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BACKENDS = ("jax", "tensorflow", "torch")


def modules() -> list[str]:
    """The names of the modules that have examples."""
    found = []
    for folder, package in (("stackgan_k3", ()), ("export", ("stackgan_k3",)), ("demo", ("stackgan_k3",))):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if ">>>" in path.read_text(encoding="utf-8") and path.name != "__main__.py":
                parts = (*package, *path.relative_to(ROOT).with_suffix("").parts)
                found.append(".".join(part for part in parts if part != "__init__"))
    return found


def backend_of(name: str) -> str | None:
    """The backend that a module is for, if it is for one."""
    return next((b for b in BACKENDS if name.split(".")[-1].startswith(b)), None)


# Examples say how a thing is used; that it is right on each backend is for the tests of its own folder.
@pytest.mark.neutral
@pytest.mark.parametrize("name", [name for name in modules() if not backend_of(name)])
def test_examples(name, tmp_path, monkeypatch):
    run_examples(name, tmp_path, monkeypatch)


@pytest.mark.parametrize("name", [name for name in modules() if backend_of(name)])
def test_examples_for_one_backend(name, tmp_path, monkeypatch):
    if backend_of(name) != os.environ["KERAS_BACKEND"]:
        pytest.skip(f"{name} is for {backend_of(name)}")
    run_examples(name, tmp_path, monkeypatch)


def run_examples(name, tmp_path, monkeypatch):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in (*BACKENDS, "tf2onnx", "onnx", "gradio"):
            raise
        pytest.skip(f"{name} needs {error.name}, which is not installed")
    monkeypatch.chdir(tmp_path)  # what an example writes must not land in the checkout
    printed: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        runner.run(example, out=printed.append)
    assert runner.tries > 0, f"the examples of {name} were not found"
    assert runner.failures == 0, "".join(printed)


@pytest.mark.neutral
def test_every_module_shows_how_it_is_used():
    """ruff checks that every public name has a docstring; here: that each module with one has an example."""
    missing = []
    for folder in ("stackgan_k3", "export", "demo"):
        for path in sorted((ROOT / folder).rglob("[!_]*.py")):
            text = path.read_text(encoding="utf-8")
            public = [
                node.name
                for node in ast.parse(text).body
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            ]
            if public and "Example" not in text:
                missing.append(f"{path.relative_to(ROOT).as_posix()}: {', '.join(public)}")
    assert missing == []
