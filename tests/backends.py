"""Runs the same code on every installed backend, for parity tests.

A backend is chosen when Keras is imported, so each runs in a process of its own,
on the CPU. Set STACKGAN_K3_ALL_BACKENDS=1 where all three must be there: a missing
one is then an error instead of a smaller comparison.
"""

import importlib.util
import inspect
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

BACKENDS = ("tensorflow", "jax", "torch")
ROOT = Path(__file__).resolve().parents[1]

Arrays = dict[str, np.ndarray]

_RUNNER = """
import sys
import numpy as np
source, name, given, out = sys.argv[1:]
with np.load(given) as file:
    inputs = {key: file[key] for key in file.files}
scope = {"__name__": "parity", "__file__": source, "inputs": inputs, "np": np}
with open(source, encoding="utf-8") as file:
    exec(compile(file.read(), source, "exec"), scope)
outputs = scope[name](inputs) if name else scope["outputs"]
import keras
outputs = {key: keras.ops.convert_to_numpy(value) for key, value in outputs.items()}
np.savez(out, **outputs)
"""


def installed() -> list[str]:
    """Returns the installed backends; fails if one is missing and all were asked for."""
    found = [name for name in BACKENDS if importlib.util.find_spec(name)]
    missing = sorted(set(BACKENDS) - set(found))
    if missing and os.environ.get("STACKGAN_K3_ALL_BACKENDS") == "1":
        pytest.fail(f"STACKGAN_K3_ALL_BACKENDS=1, but these are not installed: {', '.join(missing)}")
    return found


def run_on_each(
    code: Callable[[Arrays], Mapping[str, object]] | str,
    inputs: Mapping[str, np.ndarray] | None = None,
    *,
    at_least: int = 2,
    timeout: float = 600,
) -> dict[str, Arrays]:
    """Runs code under each installed backend and returns what it computed.

    Args:
        code: A function at the top level of a test file, called with the inputs in a
            fresh process (its file is run there, so it sees that file's imports); or a
            snippet that reads the dict ``inputs`` and leaves a dict ``outputs``.
            Values may be numpy arrays or tensors of the backend.
        inputs: Arrays to hand over.
        at_least: With fewer backends installed the test is skipped.
        timeout: Seconds for all of them together.

    Returns:
        For every backend its arrays by name.

    Raises:
        RuntimeError: If the code fails on a backend; the message holds its output.
    """
    found = installed()
    if len(found) < at_least:
        pytest.skip(f"needs {at_least} backends, only {', '.join(found) or 'none'} installed")
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/inputs.npz", **(inputs or {}))
        if callable(code):
            source, name = inspect.getsourcefile(code) or "", code.__name__
        else:
            source, name = f"{folder}/snippet.py", ""
            Path(source).write_text(code, encoding="utf-8")
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH")])
            ),
            "CUDA_VISIBLE_DEVICES": "-1",  # GPUs round differently (TF32)
            "JAX_PLATFORMS": "cpu",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "JAX_DISABLE_MOST_OPTIMIZATIONS": "0",  # compared as it is used
        }
        running = {}
        try:
            for backend in found:  # side by side: most of the time is spent importing and compiling
                with open(f"{folder}/{backend}.txt", "wb") as log:
                    running[backend] = subprocess.Popen(
                        [
                            sys.executable,
                            "-c",
                            _RUNNER,
                            source,
                            name,
                            f"{folder}/inputs.npz",
                            f"{folder}/{backend}.npz",
                        ],
                        env={**environment, "KERAS_BACKEND": backend},
                        stdout=log,
                        stderr=subprocess.STDOUT,
                    )
            for process in running.values():
                process.wait(timeout)
        finally:
            for process in running.values():
                process.kill()
                process.wait()
        for backend, process in running.items():
            if process.returncode:
                said = Path(f"{folder}/{backend}.txt").read_text(errors="replace")[-4000:]
                raise RuntimeError(f"failed on {backend} with exit code {process.returncode}:\n{said}")
        results = {}
        for backend in found:
            with np.load(f"{folder}/{backend}.npz") as file:
                results[backend] = {key: file[key] for key in file.files}
        return results


def assert_same(results: Mapping[str, Arrays], *, rtol: float = 0.0, atol: float = 1e-5) -> None:
    """Asserts that every backend computed the same names and numbers as the first."""
    (first, reference), *others = results.items()
    assert reference, f"{first} computed nothing"
    for backend, arrays in others:
        assert arrays.keys() == reference.keys(), f"{backend} and {first} computed different things"
        for name, values in reference.items():
            np.testing.assert_allclose(
                arrays[name], values, rtol=rtol, atol=atol, err_msg=f"{name}: {backend} against {first}"
            )
