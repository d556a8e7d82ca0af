"""What every test starts from: a backend, two devices, quiet logs, fixed seeds, and the mark `neutral`."""

import atexit
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

# All of this must be in the environment before a backend is imported.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the commands have it
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
if "xla_force_host_platform_device_count" not in os.environ.get("XLA_FLAGS", ""):
    # Two devices, so that code which only works on one is found on any machine.
    os.environ["XLA_FLAGS"] = (
        f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2".strip()
    )
if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers are as many as the cores: with a pool each, threads would wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# Three quarters of what JAX does here is compiling, and half of that optimizing what runs once.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    # Many tests compile the same. Workers and the processes that tests start inherit the folder, so they
    # share what any of them has compiled.
    compiled = os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="compiled-by-jax-")
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
# Tests talk to servers of their own only; Gradio's analytics and version checks would leave the machine.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

TESTS = Path(__file__).parent

# What these test is the same on every backend, so it runs once, under TensorFlow.
NEUTRAL = {
    "bundle",
    "commands",
    "data",
    "demo",
    "export",
    "inference",
    "metrics",
    "setup",
    "test_config.py",
    "test_draws.py",
    "test_errors.py",
    "test_files.py",
}


def pytest_report_header() -> str:
    """Says which backend the tests run on."""
    return f"KERAS_BACKEND: {os.environ['KERAS_BACKEND']}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of rooms that no backend can change, and those that start every backend themselves."""
    for item in items:
        room = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        if room in NEUTRAL or "run_on_each" in _names(item):
            item.add_marker(pytest.mark.neutral)


def _names(item: pytest.Item) -> tuple[str, ...]:
    """What the code of a test calls by name."""
    return item.function.__code__.co_names if isinstance(item, pytest.Function) else ()


@pytest.fixture(autouse=True)
def _seeds() -> None:
    """Starts every test from the same random state, whichever ran before it."""
    random.seed(0)
    np.random.seed(0)
    keras = sys.modules.get("keras")  # seeding it must not import it: some tests check that nobody does
    if keras is not None:
        keras.utils.set_random_seed(0)
