"""Opening an ONNX file in onnxruntime, and knowing what it really runs on."""

import contextlib
import io
import os
import warnings
from types import ModuleType
from typing import Any

from stackgan_k3.errors import UserError, unknown

_SHORT = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_CPU, _CUDA = _SHORT["cpu"], _SHORT["cuda"]
# Full float32 and fixed algorithms: the same picture as on a CPU, to a grey level.
_OPTIONS: dict[str, dict[str, str]] = {_CUDA: {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}}


def open_session(path: str | os.PathLike[str], provider: str | None = None) -> tuple[Any, str]:
    """Opens an ONNX file.

    Args:
        path: The ``.onnx`` file.
        provider: ``None`` or ``"auto"`` (CUDA where the installed onnxruntime has it and
            can use it, else the CPU), ``"cpu"``, ``"cuda"``, or a provider's full name in
            onnxruntime. A provider that turns out unusable is replaced by the CPU, with
            one warning that says so.

    Returns:
        The ``onnxruntime.InferenceSession``, and the full name of the provider that it runs on.

    Raises:
        UserError: If onnxruntime is not installed, does not know the provider, or cannot
            read the file.

    Example:
        ```python
        session, provider = open_session("birds/model.onnx", "cpu")
        ```
    """
    ort = _onnxruntime()
    available: list[str] = ort.get_available_providers()
    wanted = _wanted(provider, available, ort.get_all_providers())
    if wanted != _CPU:
        try:
            return _open(ort, path, wanted), wanted
        except (
            Exception
        ) as error:  # onnxruntime raises many kinds; the CPU's turn tells which side is at fault
            session = _open_on_cpu(ort, path)
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            warnings.warn(f"{wanted} cannot be used here, so this runs on the CPU ({reason})", stacklevel=3)
            return session, _CPU
    if provider in ("cuda", _CUDA):
        warnings.warn(
            "CUDA was asked for, but the installed onnxruntime has none, so this runs on the CPU; "
            "in a fresh environment: pip install 'stackgan-k3[gpu]'",
            stacklevel=3,
        )
    return _open_on_cpu(ort, path), _CPU


def _wanted(provider: str | None, available: list[str], known: list[str]) -> str:
    if provider is None or provider == "auto":
        return _CUDA if _CUDA in available else _CPU
    if not isinstance(provider, str):
        raise UserError(f"provider must be a name, not {type(provider).__name__}")
    name = _SHORT.get(provider.lower(), provider)
    if name in available:
        return name
    if name == _CUDA:
        return _CPU
    if name in known:
        raise UserError(f"the installed onnxruntime has no {name}; it has {', '.join(available)}")
    raise unknown("provider", provider, ["auto", *_SHORT, *available])


def _onnxruntime() -> ModuleType:
    try:
        import onnxruntime
    except ImportError as error:
        raise UserError(
            f"drawing needs onnxruntime, which cannot be imported ({error}); pip install 'stackgan-k3[cpu]' "
            "(or 'stackgan-k3[gpu]' for an NVIDIA GPU)"
        ) from None
    return onnxruntime


def _open_on_cpu(ort: ModuleType, path: str | os.PathLike[str]) -> Any:
    try:
        return _open(ort, path, _CPU)
    except Exception as error:  # as above: protobuf, graph and file errors share no base class
        raise UserError(
            f"onnxruntime cannot open {path}: {error}; copy or export the bundle again"
        ) from error


def _open(ort: ModuleType, path: str | os.PathLike[str], provider: str) -> Any:
    """Opens a session and proves that it runs on ``provider``, silently."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.use_deterministic_compute = True
    chosen: list[Any] = [(provider, _OPTIONS.get(provider, {}))]
    if provider != _CPU:
        chosen.append(_CPU)
    ort.set_default_logger_severity(4)  # its loader writes several lines about libraries it misses
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if provider == _CUDA and hasattr(ort, "preload_dlls"):
                ort.preload_dlls()
            session = ort.InferenceSession(
                os.fspath(path), sess_options=options, providers=chosen, enable_fallback=0
            )
            if provider != _CPU:
                _try(session)
    finally:
        ort.set_default_logger_severity(2)
    if session.get_providers()[0] != provider:
        raise RuntimeError("onnxruntime loaded without it; its libraries or the driver are missing")
    return session


def _try(session: Any) -> None:
    """Runs the session once on zeros: some GPUs fail only then."""
    import numpy as np

    kinds = {"tensor(int32)": np.int32, "tensor(float)": np.float32}
    if all(entry.type in kinds for entry in session.get_inputs()):
        session.run(
            None,
            {
                entry.name: np.zeros([n if isinstance(n, int) else 1 for n in entry.shape], kinds[entry.type])
                for entry in session.get_inputs()
            },
        )
