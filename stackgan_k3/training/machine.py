"""The machine that a run is trained on, in a line for people."""

import os
import platform
from pathlib import Path

import keras

from stackgan_k3 import engine
from stackgan_k3.engine.processor import processor_facts


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
    processor = processor_facts().get("model name") or platform.processor() or platform.machine()
    return f"{processor}, {some}, {gpus}; {engine.library()}, Keras {keras.version()}"
