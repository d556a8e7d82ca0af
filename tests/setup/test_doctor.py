"""`stackgan-k3 doctor` on machines where everything, something or nothing is there."""

import json
import os
from importlib import metadata

import pytest

from stackgan_k3 import __version__, choose, cli
from stackgan_k3.commands import doctor


@pytest.fixture
def machine(monkeypatch):
    """Pretends that only some modules and distributions are installed; nothing is started."""

    def pretend(modules=(), distributions=(), gpu=False):
        monkeypatch.delenv("KERAS_BACKEND", raising=False)
        for module in (choose, doctor):
            monkeypatch.setattr(module, "is_installed", lambda name: name in modules)
            monkeypatch.setattr(module, "nvidia_gpu", lambda: gpu)
        monkeypatch.setattr(doctor, "_version", lambda name: "1.0" if name in distributions else None)
        monkeypatch.setattr(doctor, "_ask", lambda code, what, notes, **environment: ["asked"])

    return pretend


def test_what_is_really_here(capsys):
    assert cli.main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["package"] == __version__
    assert found["versions"]["keras"] == metadata.version("keras")
    assert found["backend"] == os.environ["KERAS_BACKEND"]
    assert found["devices"]
    assert "CPUExecutionProvider" in found["providers"]
    for name in ("inference", "prepare", "train"):
        assert found["jobs"][name]["ready"], found["jobs"][name]["missing"]


def test_nothing_is_here(machine, capsys):
    machine()
    assert cli.main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "backend      none (no backend is installed" in out
    for command in ("[cpu]", "[cpu,demo]", "[train]", "[tensorflow]", "[cpu,export]"):
        assert f"pip install 'stackgan-k3{command}'" in out
    assert "ready" not in out


def test_a_service_can_draw_and_nothing_else(machine):
    machine(modules=("numpy", "PIL", "onnxruntime"))
    jobs = doctor.examine()["jobs"]
    assert [name for name, job in jobs.items() if job["ready"]] == ["inference"]
    assert jobs["demo"] == {"ready": False, "missing": ["gradio"], "pip": "pip install 'stackgan-k3[demo]'"}


def test_training_is_ready_with_any_backend(machine):
    modules = next(modules for name, modules, _ in doctor.JOBS if name == "train")
    machine(modules=(*modules, "torch"))
    found = doctor.examine()
    assert found["backend"] == "torch"
    assert found["jobs"]["train"]["ready"]
    assert found["jobs"]["export"]["missing"] == ["tensorflow", "onnx", "tf2onnx", "onnxruntime"]


def test_two_onnxruntimes_are_noted(machine):
    machine(modules=("onnxruntime",), distributions=("onnxruntime", "onnxruntime-gpu"), gpu=True)
    (note,) = doctor.examine()["notes"]
    assert "onnxruntime and onnxruntime-gpu are both installed" in note


def test_an_idle_gpu_is_noted(machine):
    machine(modules=("onnxruntime", "jax", "tensorflow"), distributions=("onnxruntime", "jax"), gpu=True)
    notes = " ".join(doctor.examine()["notes"])
    assert "pip install 'stackgan-k3[gpu]'" in notes
    assert "pip install 'stackgan-k3[jax-cuda]'" in notes


def test_a_backend_that_does_not_start_is_a_note():
    notes: list[str] = []
    answer = doctor._ask("raise RuntimeError('driver too old')", "Keras on torch", notes)
    assert answer == []
    assert notes == ["Keras on torch does not start: RuntimeError: driver too old"]
