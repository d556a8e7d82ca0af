"""Trains one phase of a run from wherever it stands."""

import time
from collections.abc import Sequence
from typing import Any

import keras

from stackgan_k3.config.drawing import DrawingConfig
from stackgan_k3.data.adding_loader import AddingLoader
from stackgan_k3.data.loader import Loader
from stackgan_k3.training.callbacks.keeper import Keeper
from stackgan_k3.training.callbacks.measurer import Measurer
from stackgan_k3.training.callbacks.progress import Progress
from stackgan_k3.training.callbacks.recorder import Recorder
from stackgan_k3.training.callbacks.reporter import Reporter
from stackgan_k3.training.callbacks.sampler import Sampler
from stackgan_k3.training.checkpoints import Checkpoints, Position
from stackgan_k3.training.diversity import real_diversity
from stackgan_k3.training.run import Run


def train_phase(
    run: Run,
    name: str,
    model: keras.Model,
    loader: Loader | AddingLoader,
    epochs: int,
    *,
    products: dict[str, keras.Model],
    callbacks: Sequence[keras.callbacks.Callback] = (),
    deadline: float | None = None,
) -> bool:
    """Fits a model until a number of epochs is reached or the time is up.

    Batches are a function of (seed, step) and the newest checkpoint holds all
    other state, so a phase that was stopped goes on as if it had not been.

    Args:
        run: The run.
        name: Name of the phase; its folder keeps the checkpoints.
        model: A compiled model.
        loader: Its batches.
        epochs: Number of epochs in all.
        products: Networks to keep beside the checkpoints, by name.
        callbacks: Further callbacks, run before the epoch is recorded and the checkpoint saved. What
            they add to an epoch's logs is recorded with it.
        deadline: See :class:`Keeper`.

    Returns:
        Whether the phase is finished.

    Example:
        See :func:`stackgan_k3.training.recipes.stackgan.train_stage1`, which builds what this takes.
    """
    steps = loader.steps_per_epoch
    checkpoints = Checkpoints(run.phase(name) / "checkpoints")
    start = checkpoints.restore(model, steps)
    run.forget_after(name, start.epoch)

    measurer = _measurer(run, name) if "generator" in products else None

    def keep_products(position: Position) -> None:
        for product, network in products.items():
            run.keep(name, product, network)
        if measurer is not None:
            measurer.keep(position, products["generator"])

    if start.step == 0 and measurer is not None:
        measurer.keep(start, products["generator"])
    if start.epoch >= epochs:
        keep_products(start)  # a crash may have come between the checkpoint and these
        return True
    keeper = Keeper(
        checkpoints, steps, start=start, deadline=deadline, saved=lambda: keep_products(keeper.position)
    )
    watchers: list[Any] = [
        Progress(name, epochs, steps, start.step),
        *callbacks,
        *([measurer] if measurer is not None else []),
        Recorder(run, name, loader.batch_size),
        keeper,
        Reporter(run),
    ]
    _measure_by_real_pictures(callbacks, model, loader)

    def fit(until: int, steps_left: int) -> None:
        first = keeper.position
        model.fit(
            loader.dataset(first.total(steps)),
            initial_epoch=first.epoch,
            epochs=until,
            steps_per_epoch=steps_left,
            callbacks=watchers,
            shuffle=False,  # the loader shuffles
            verbose=0,
        )

    if start.step:  # an epoch taken up in its middle is shorter than the others
        fit(start.epoch + 1, steps - start.step)
    if not keeper.stopped and keeper.position.epoch < epochs:
        fit(epochs, steps)
    return keeper.position.epoch >= epochs


def _measurer(run: Run, phase: str) -> Measurer | None:
    if not isinstance(run.config, DrawingConfig) or not run.config.metrics.every:
        return None
    from stackgan_k3.training.phase_metrics import PhaseMetrics, held_out_records  # they stand on this file

    return Measurer(run, phase, PhaseMetrics(run, held_out_records(run.data_info["folder"])))


def _measure_by_real_pictures(
    callbacks: Sequence[keras.callbacks.Callback], model: keras.Model, loader: Any
) -> None:
    samplers = [callback for callback in callbacks if isinstance(callback, Sampler)]
    if samplers:
        pipeline = getattr(model, "pipeline", None)
        by_class = pipeline is not None and pipeline.condition == "label"
        real = real_diversity(loader, by_class=by_class)
        for sampler in samplers:
            sampler.real_diversity = real


def time_is_up(deadline: float | None) -> bool:
    """Says whether a deadline (of ``time.monotonic``) has passed.

    Example:
        >>> time_is_up(time.monotonic() + 60), time_is_up(time.monotonic() - 1), time_is_up(None)
        (False, True, False)
    """
    return deadline is not None and time.monotonic() >= deadline
