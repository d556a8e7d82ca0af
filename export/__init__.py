"""A run → a bundle: SavedModel, ONNX, model card and samples.

In a checkout this is ``python -m export RUN BUNDLE``; once installed,
``stackgan-k3 export RUN BUNDLE``.
"""

import os
import subprocess
import sys
from pathlib import Path

from stackgan_k3.choose import is_installed
from stackgan_k3.errors import UserError

NEEDED = ("keras", "tensorflow", "onnx", "tf2onnx", "onnxruntime")
_EXIT_USER_ERROR = 2
_PREFIX = "export: error: "


def export_run(
    run: str | os.PathLike[str] | None = None,
    bundle: str | os.PathLike[str] | None = None,
    *,
    force: bool = False,
    small: bool = False,
    best: bool = False,
    evaluation: str | os.PathLike[str] | None = None,
) -> Path:
    """Writes the networks of a run as a bundle.

    Whatever backend trained the run, it is exported with TensorFlow: where this
    process uses another (or none yet), the work is done in a process of its own.
    The bundle is checked before it gets its name.

    Args:
        run: The run directory; the newest under ``runs/`` where it is not given.
        bundle: The folder to write; ``bundle`` in the run directory where it is not given.
        force: Replace a bundle that is already there.
        small: Leave out the SavedModel and other networks, and store the weights of
            ``model.onnx`` in 16 bits: a quarter of the bytes, for a package or a page.
        best: Take the best generator that the run kept (``metrics.keep_best``) instead of the newest.
        evaluation: What ``stackgan-k3 evaluate --json`` wrote of this model, for the model card.

    Returns:
        The bundle's path.

    Raises:
        UserError: If there is no such run or evaluation, the bundle exists, or a package is missing.
        RuntimeError: If the exported forms do not draw the same pictures.

    Example:
        ```python
        export_run("runs/birds", "bundles/birds")
        ```
    """
    source = newest_run() if run is None else Path(run)
    target = source / "bundle" if bundle is None else Path(bundle)
    missing = [name for name in NEEDED if not is_installed(name)]
    if missing:
        extras = "cpu,export" if "onnxruntime" in missing else "export"
        raise UserError(
            f"not installed, and needed for export: {', '.join(missing)}; pip install 'stackgan-k3[{extras}]'"
        )
    if _backend() == "tensorflow":
        from .run_to_bundle import run_to_bundle

        return run_to_bundle(source, target, force=force, small=small, best=best, evaluation=evaluation)
    switches = {"--force": force, "--small": small, "--best": best}
    flags = [name for name, wanted in switches.items() if wanted]
    measured = [] if evaluation is None else ["--evaluation", os.fspath(evaluation)]
    _in_own_process([str(source), str(target), *flags, *measured])
    return target


def newest_run(root: str | os.PathLike[str] = "runs") -> Path:
    """Finds the run directory that was written to last.

    Args:
        root: The folder of runs.

    Raises:
        UserError: If there is none.

    Example:
        >>> newest_run("no-such-folder")
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: there is no run under no-such-folder; train one, or give the path of one
    """
    found = [path for path in Path(root).glob("*/config.json") if path.is_file()]
    if not found:
        raise UserError(f"there is no run under {root}; train one, or give the path of one")

    def written(config: Path) -> tuple[int, str]:
        metrics = config.with_name("metrics.jsonl")
        return (metrics if metrics.exists() else config).stat().st_mtime_ns, config.parent.name

    return max(found, key=written).parent


def _backend() -> str:
    """The backend of this process, without importing Keras."""
    keras = sys.modules.get("keras")
    return os.environ.get("KERAS_BACKEND", "") if keras is None else str(keras.backend.backend())


def _in_own_process(words: list[str]) -> None:
    environment = {"TF_ENABLE_ONEDNN_OPTS": "1", **os.environ}  # trained with, so checked with
    environment |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    # Pictures of a check need no GPU, and another process may be training on it.
    environment["CUDA_VISIBLE_DEVICES"] = "-1"
    # `-m` must find this package under the name that it has here.
    root = Path(__file__).resolve().parent.parent
    if __name__ == "export":
        paths = [str(root), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    words = [sys.executable, "-m", __name__, *words]
    # In a session of its own, so that Ctrl-C reaches this process alone, which passes it on and waits until
    # what is half written is gone. (`subprocess.run` would kill after a quarter of a second.)
    child = subprocess.Popen(
        words, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        _, said = child.communicate()
    except BaseException:
        child.terminate()
        child.communicate()
        raise
    if child.returncode == 0:
        return
    told = said.strip().splitlines() or ["no message"]
    if child.returncode == _EXIT_USER_ERROR and any(line.startswith(_PREFIX) for line in told):
        start = next(number for number, line in enumerate(told) if line.startswith(_PREFIX))
        raise UserError("\n".join(told[start:]).removeprefix(_PREFIX))
    raise RuntimeError(f"exporting ended with code {child.returncode}:\n" + "\n".join(told[-30:]))
