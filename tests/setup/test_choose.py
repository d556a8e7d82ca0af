"""Which backend a command takes where KERAS_BACKEND is not set."""

import subprocess
import sys

import pytest

from stackgan_k3 import choose
from stackgan_k3.errors import UserError


@pytest.fixture
def machine(monkeypatch):
    """Pretends that some modules are installed, and perhaps a GPU."""

    def pretend(*modules, gpu=False):
        monkeypatch.delenv("KERAS_BACKEND", raising=False)
        monkeypatch.delenv("JAX_PLATFORMS", raising=False)
        monkeypatch.setattr(choose, "is_installed", lambda name: name in modules)
        monkeypatch.setattr(choose, "nvidia_gpu", lambda: gpu)

    return pretend


@pytest.mark.parametrize(
    ("modules", "gpu", "backend"),
    [
        (("jax", "jax_cuda13_plugin", "tensorflow", "torch"), True, "jax"),
        (("jax", "jax_cuda13_plugin", "tensorflow", "torch"), False, "tensorflow"),
        (("jax", "tensorflow", "torch"), True, "tensorflow"),  # JAX without its GPU plugin sees no GPU
        (("jax", "torch"), False, "torch"),
        (("jax",), False, "jax"),
        (("torch",), True, "torch"),
    ],
)
def test_what_suits_the_machine(machine, modules, gpu, backend):
    machine(*modules, gpu=gpu)
    assert choose.choose_backend().backend == backend


def test_keras_backend_decides(machine, monkeypatch):
    machine("tensorflow")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert choose.choose_backend() == ("torch", "KERAS_BACKEND is set")


def test_jax_kept_off_the_gpu_sees_none(machine, monkeypatch):
    machine("jax", "jax_cuda13_plugin", "tensorflow", gpu=True)
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    assert choose.choose_backend().backend == "tensorflow"


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_hidden_gpus_do_not_count(monkeypatch, hidden):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    monkeypatch.setattr(choose.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    assert not choose.nvidia_gpu()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert choose.nvidia_gpu()


def test_no_backend_names_the_remedy(machine):
    machine()
    with pytest.raises(UserError, match=r"pip install 'stackgan-k3\[tensorflow\]'"):
        choose.choose_backend()


def test_a_wrong_keras_backend_gets_the_nearest_name(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorfow")
    with pytest.raises(UserError, match="did you mean 'tensorflow'"):
        choose.choose_backend()


@pytest.mark.parametrize("set_by_user", [None, "0"])
def test_a_command_sets_what_the_backend_starts_with(machine, monkeypatch, set_by_user):
    machine("tensorflow")
    environment = {} if set_by_user is None else {"TF_ENABLE_ONEDNN_OPTS": set_by_user}
    monkeypatch.setattr(choose.os, "environ", environment)
    assert choose.take_backend() == ("tensorflow", "the only backend installed")
    assert environment["KERAS_BACKEND"] == "tensorflow" and environment["TF_CPP_MIN_LOG_LEVEL"] == "3"
    assert environment["TF_ENABLE_ONEDNN_OPTS"] == (set_by_user or "1")


def test_choosing_imports_no_backend():
    """Keras reads KERAS_BACKEND when it is imported, so the choice must be made before."""
    code = (
        "import sys\n"
        "from stackgan_k3.choose import choose_backend\n"
        "choose_backend()\n"
        "print(sorted({'keras', 'jax', 'tensorflow', 'torch'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
