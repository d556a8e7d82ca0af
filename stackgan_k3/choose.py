"""Which backend a command takes where ``KERAS_BACKEND`` is not set.

This must be known before Keras is imported, so it stands outside
:mod:`stackgan_k3.engine` and looks only at what is installed and at the
machine's drivers.
"""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from stackgan_k3.errors import UserError, unknown

BACKENDS = ("jax", "tensorflow", "torch")

_TITLES = {"jax": "JAX", "tensorflow": "TensorFlow", "torch": "PyTorch"}
_JAX_PLUGINS = ("jax_cuda13_plugin", "jax_cuda12_plugin", "jax_rocm7_plugin", "jax_rocm60_plugin")


class Choice(NamedTuple):
    """A backend and why it was taken.

    Args:
        backend: ``"jax"``, ``"tensorflow"`` or ``"torch"``.
        reason: Half a sentence for people, for example ``"KERAS_BACKEND is set"``.

    Example:
        >>> str(Choice("jax", "KERAS_BACKEND is set"))
        'JAX (KERAS_BACKEND is set)'
    """

    backend: str
    reason: str

    def __str__(self) -> str:
        return f"{_TITLES.get(self.backend, self.backend)} ({self.reason})"


def choose_backend() -> Choice:
    """Chooses the backend that suits this machine, without importing Keras or a backend.

    ``KERAS_BACKEND`` decides where it is set. Otherwise: JAX where it can use a
    GPU, else TensorFlow, else PyTorch, else JAX, of those installed (on a
    processor alone JAX is the slowest of the three at these networks).

    Returns:
        The backend's Keras name and the reason.

    Raises:
        UserError: If no backend is installed, or ``KERAS_BACKEND`` names
            none of the three.

    Example:
        >>> backend, reason = choose_backend()
        >>> backend in BACKENDS
        True
    """
    wanted = os.environ.get("KERAS_BACKEND", "")
    if wanted:
        if wanted not in BACKENDS:
            raise unknown("KERAS_BACKEND", wanted, BACKENDS)
        return Choice(wanted, "KERAS_BACKEND is set")
    installed = [name for name in BACKENDS if is_installed(name)]
    if "jax" in installed and jax_sees_gpu():
        return Choice("jax", "it can use the GPU")
    for name in ("tensorflow", "torch", "jax"):
        if name in installed:
            return Choice(name, "the only backend installed" if len(installed) == 1 else "JAX finds no GPU")
    raise UserError(
        "no backend is installed; training and export need one: pip install 'stackgan-k3[tensorflow]' "
        "(or jax, jax-cuda, torch instead of tensorflow)"
    )


def take_backend() -> Choice:
    """Chooses a backend and sets the environment that it is to be imported in.

    ``KERAS_BACKEND`` becomes the choice. TensorFlow keeps its log, which would bury a command's, to a few
    lines at its start, and uses oneDNN: on processors without AVX-512 VNNI it leaves those kernels off,
    although its training steps take half of the time with them. What the user has set in
    ``TF_CPP_MIN_LOG_LEVEL`` and ``TF_ENABLE_ONEDNN_OPTS`` stays.

    Returns:
        As :func:`choose_backend`.

    Raises:
        UserError: As :func:`choose_backend`.

    Example:
        >>> choice = take_backend()  # then: import keras
        >>> os.environ["KERAS_BACKEND"] == choice.backend
        True
    """
    choice = choose_backend()
    os.environ["KERAS_BACKEND"] = choice.backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    return choice


def is_installed(module: str) -> bool:
    """Says whether a top-level module could be imported, without importing it.

    Args:
        module: Its name, without dots.

    Example:
        >>> is_installed("json"), is_installed("no_such_module")
        (True, False)
    """
    try:
        return find_spec(module) is not None
    except ValueError:  # a module that was put into sys.modules by hand has no spec
        return True


def jax_sees_gpu() -> bool:
    """Says whether JAX would find a GPU: one of its GPU plugins, and a driver, and none hidden.

    It looks for files only, so it takes no time and cannot fail; a broken
    driver is found out when JAX starts.

    Example:
        >>> isinstance(jax_sees_gpu(), bool)
        True
    """
    if os.environ.get("JAX_PLATFORMS", "").split(",")[0] == "cpu":
        return False
    if not any(is_installed(name) for name in _JAX_PLUGINS):
        return False
    return nvidia_gpu() or Path("/dev/kfd").exists()


def nvidia_gpu() -> bool:
    """Says whether an NVIDIA driver is there and ``CUDA_VISIBLE_DEVICES`` does not hide every GPU.

    Example:
        >>> isinstance(nvidia_gpu(), bool)
        True
    """
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1", "none", "NoDevFiles"):
        return False
    # Under WSL there is no /dev/nvidiactl, but nvidia-smi comes with the driver.
    return Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi") is not None
