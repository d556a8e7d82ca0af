"""The export of a run, in a process whose backend is TensorFlow."""

import logging
import os
import time
import warnings
from dataclasses import replace
from pathlib import Path

from stackgan_k3.metrics.measures import read_evaluation
from stackgan_k3.training.recipes import recipe_of
from stackgan_k3.training.run import Run

from .about import About
from .float32 import float32_policy
from .write_bundle import check_target, write_bundle


def run_to_bundle(
    source: Path,
    bundle: Path,
    *,
    force: bool = False,
    small: bool = False,
    best: bool = False,
    evaluation: str | os.PathLike[str] | None = None,
) -> Path:
    """Opens a run and writes its bundle, telling on stdout what is done.

    Args:
        source: The run directory.
        bundle: The folder to write.
        force: Replace a bundle that is already there.
        small: As :func:`stackgan_k3.export.export_run`.
        best: As :func:`stackgan_k3.export.export_run`.
        evaluation: As :func:`stackgan_k3.export.export_run`.

    Returns:
        The bundle's path.

    Raises:
        UserError: As :func:`stackgan_k3.export.export_run`.
        RuntimeError: If the exported forms do not draw the same pictures.

    Example:
        ```python
        run_to_bundle(Path("runs/birds"), Path("bundles/birds"))
        ```
    """
    start = time.monotonic()
    check_target(bundle, force=force)  # before the networks are loaded
    numbers = {} if evaluation is None else read_evaluation(evaluation)
    run = Run.open(source, best=best)
    with float32_policy():
        pipeline = run.pipeline()
        make_extras = getattr(recipe_of(run.config.system), "extras", None)
        extras = {} if make_extras is None else make_extras(run)
    print(f"exporting {source} to {bundle}", flush=True)
    with warnings.catch_warnings():
        # NumPy 2 about how TensorFlow's variables become arrays: nothing a person could act on.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        write_bundle(
            pipeline,
            replace(About.of_run(run), evaluation=numbers),
            bundle,
            extras=extras,
            force=force,
            small=small,
            say=lambda line: print(f"  {line}", flush=True),
        )
    print(f"exported to {bundle} in {time.monotonic() - start:.0f} s", flush=True)
    return bundle
