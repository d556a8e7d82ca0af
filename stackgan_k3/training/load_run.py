"""A run directory, opened as a model."""

from pathlib import Path
from typing import Any

from stackgan_k3.training.recipes import recipe_of
from stackgan_k3.training.run import Run


def load_run(folder: str | Path) -> Any:
    """Opens a trained run as a model: it draws, and can be trained on.

    Args:
        folder: The run directory.

    Returns:
        The model of the last phase that was trained (a
        :class:`stackgan_k3.models.stackgan_stage.StackGANStage` for StackGAN), with the weights,
        the averaged weights and the optimizers of its newest checkpoint.

    Raises:
        UserError: If it is not a run, or no generator has been trained.

    Example:
        >>> load_run("no/such/run")
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: no/such/run is not a run: it has no config.json; give the folder that \
`stackgan-k3 train` or `train-probe` made
    """
    run = Run.open(folder)
    return recipe_of(run.config.system).load(run)
