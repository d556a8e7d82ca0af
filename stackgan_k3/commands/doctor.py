"""``stackgan-k3 doctor``: what is installed, what would run, and what is missing for what."""

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from typing import Any

import stackgan_k3
from stackgan_k3.choose import choose_backend, is_installed, nvidia_gpu
from stackgan_k3.errors import UserError

HELP = "show versions, backend, devices and execution providers, and what is missing for what"

# Distribution names, in the order in which they are shown.
PACKAGES = (
    "numpy", "pillow", "onnxruntime", "onnxruntime-gpu", "keras", "jax", "tensorflow", "torch", "grain",
    "array-record", "pydantic", "resvg-py", "onnx", "tf2onnx", "gradio",
)  # fmt: skip

_DATA = (
    "absl",
    "array_record",
    "filelock",
    "grain",
    "msgpack",
    "pydantic",
    "resvg_py",
    "safetensors",
    "tqdm",
)
# A job, the modules it imports, and the extra that brings them.
JOBS = (
    ("inference", ("numpy", "PIL", "onnxruntime"), "cpu"),
    ("demo", ("onnxruntime", "gradio"), "cpu,demo"),
    ("prepare", _DATA, "train"),
    ("train", (*_DATA, "keras", "tensorboard"), "train"),
    ("export", (*_DATA, "keras", "tensorflow", "onnx", "tf2onnx", "onnxruntime"), "cpu,export"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Args:
        parser: The command's parser.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> configure(parser)
        >>> parser.parse_args(["--json"]).json
        True
    """
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def run(args: argparse.Namespace) -> int:
    """Prints the examination.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, always 0: whatever is missing is told, not an error.

    Example:
        >>> run(argparse.Namespace(json=True))  # doctest: +SKIP
    """
    found = examine()
    print(json.dumps(found, indent=2) if args.json else as_text(found))
    return 0


def examine() -> dict[str, Any]:
    """Looks at the installation.

    The backend and onnxruntime are asked in processes of their own, so that a
    broken driver or a half-installed package cannot take the command down.

    Returns:
        ``python``, ``platform``, ``package``: strings. ``versions``: by
        distribution, None where it is not installed. ``backend`` and
        ``backend_reason``: what a command would take now (``backend`` None where
        none is installed). ``devices``: what that backend sees.
        ``nvidia_driver``: whether there is one. ``providers``: onnxruntime's
        execution providers. ``jobs``: by job ``ready``, ``missing`` and ``pip``.
        ``notes``: what else a person should know.

    Example:
        >>> examine()["jobs"]["inference"]["ready"]  # doctest: +SKIP
        True
    """
    notes: list[str] = []
    versions = {name: _version(name) for name in PACKAGES}
    try:
        backend, reason = choose_backend()
    except UserError as error:
        backend, reason = None, str(error)
    devices: list[str] = []
    if backend and is_installed("keras"):
        code = "import json; from stackgan_k3.engine.devices import devices; print(json.dumps(devices()))"
        devices = _ask(code, f"Keras on {backend}", notes, KERAS_BACKEND=backend)
    providers: list[str] = []
    if is_installed("onnxruntime"):
        code = "import json, onnxruntime; print(json.dumps(onnxruntime.get_available_providers()))"
        providers = _ask(code, "onnxruntime", notes)
    if versions["onnxruntime"] and versions["onnxruntime-gpu"]:
        notes.append(
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other's files; keep one: "
            "pip uninstall onnxruntime onnxruntime-gpu, then pip install 'stackgan-k3[gpu]' (or [cpu])"
        )
    elif nvidia_gpu() and versions["onnxruntime"]:
        notes.append(
            "there is an NVIDIA driver, but this onnxruntime runs on the processor; to draw on the GPU: "
            "pip uninstall onnxruntime, then pip install 'stackgan-k3[gpu]'"
        )
    if nvidia_gpu() and versions["jax"] and backend != "jax" and not os.environ.get("KERAS_BACKEND"):
        notes.append("there is an NVIDIA driver, but JAX cannot use it: pip install 'stackgan-k3[jax-cuda]'")
    return {
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        "package": stackgan_k3.__version__,
        "versions": versions,
        "backend": backend,
        "backend_reason": reason,
        "devices": devices,
        "nvidia_driver": nvidia_gpu(),
        "providers": providers,
        "jobs": {name: _job(modules, extra, backend, name) for name, modules, extra in JOBS},
        "notes": notes,
    }


def as_text(found: dict[str, Any]) -> str:
    """Writes what :func:`examine` found as lines for people.

    Args:
        found: The examination.

    Returns:
        The text, without a line end.

    Example:
        >>> print(as_text(examine()))  # doctest: +SKIP
    """
    lines = [
        f"stackgan-k3  {found['package']}",
        f"Python       {found['python']}",
        f"platform     {found['platform']}",
        f"backend      {found['backend'] or 'none'} ({found['backend_reason']})",
        f"devices      {', '.join(found['devices']) or 'unknown'}",
        f"providers    {', '.join(found['providers']) or 'none'} (onnxruntime)",
        "",
    ]
    width = max(len(name) for name in found["versions"])
    lines += [f"{name:<{width}}  {version or '-'}" for name, version in found["versions"].items()]
    lines.append("")
    for name, job in found["jobs"].items():
        if job["ready"]:
            lines.append(f"{name:<{width}}  ready")
        else:
            lines.append(f"{name:<{width}}  missing {', '.join(job['missing'])}: {job['pip']}")
    lines += [f"\nnote: {note}" for note in found["notes"]]
    return "\n".join(lines)


def _job(modules: tuple[str, ...], extra: str, backend: str | None, name: str) -> dict[str, Any]:
    missing = [module for module in modules if not is_installed(module)]
    if name == "train":
        if backend is None:
            missing.append("a backend (tensorflow, jax or torch)")
        elif not is_installed(backend):
            missing.append(backend)
        extra = backend or "tensorflow"
    if "onnxruntime" not in missing:  # keep the GPU's where it is that
        extra = extra.replace("cpu,", "")
    return {"ready": not missing, "missing": missing, "pip": f"pip install 'stackgan-k3[{extra}]'"}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _ask(code: str, what: str, notes: list[str], **environment: str) -> list[str]:
    """Runs ``code``, which prints a JSON list last; a failure becomes a note."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    try:
        answer = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | quiet, capture_output=True, text=True, timeout=120
        )
    except subprocess.TimeoutExpired:
        notes.append(f"{what} did not answer within two minutes")
        return []
    if answer.returncode:
        last = (answer.stderr.strip().splitlines() or [f"exit code {answer.returncode}"])[-1]
        notes.append(f"{what} does not start: {last}")
        return []
    return [str(item) for item in json.loads(answer.stdout.strip().splitlines()[-1])]
