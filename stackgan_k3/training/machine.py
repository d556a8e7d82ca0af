"""The machine that a run is trained on, in a line for people."""

import os
import platform
from pathlib import Path

import keras

from stackgan_k3 import engine


def describe_machine() -> str:
    """Describes processor, cores, GPUs, backend and Keras.

    Returns:
        For example ``"AMD EPYC, 2 cores, no GPU; TensorFlow 2.21.0, Keras 3.15.1"``.

    Example:
        >>> describe_machine().endswith(f"Keras {keras.version()}")
        True
    """
    devices = list(Path("/dev").glob("nvidia[0-9]*"))  # Keras can list them on two of its backends only
    gpus = f"{len(devices)} GPU{'s' * (len(devices) > 1)}" if devices else "no GPU"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    some = f"{cores} core{'s' * (cores != 1)}"
    return f"{_processor()}, {some}, {gpus}; {engine.library()}, Keras {keras.version()}"


def _processor() -> str:
    """Its name, where the system tells; its kind otherwise."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
