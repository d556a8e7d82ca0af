"""A phase's checkpoints: everything the next step depends on, in one safe file."""

import json
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from stackgan_k3 import engine
from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing, replacing_folder

_REMEDY = (
    "copy it again from where the run was made, or remove it (of a damaged checkpoint, its folder) and go on "
    "with --resume --phase NAME, which writes a network again and takes the checkpoint before a damaged one"
)


class Position(NamedTuple):
    """How far a phase has come: whole epochs, and steps into the next one.

    Example:
        >>> Position(2, 10).total(steps_per_epoch=100)
        210
    """

    epoch: int = 0
    step: int = 0

    def total(self, steps_per_epoch: int) -> int:
        """Returns the number of steps made."""
        return self.epoch * steps_per_epoch + self.step


class Checkpoints:
    """Saves and restores a model with its optimizers, atomically, on any backend.

    A checkpoint is a folder ``00000123`` (the number of steps made) with
    ``variables.safetensors`` and ``position.json``. Networks that the phase does
    not train (listed by the model's ``frozen``) are not in it.

    Args:
        folder: Where the checkpoints are kept.
        keep: How many of the newest stay.

    Example:
        >>> import tempfile
        >>> checkpoints = Checkpoints(tempfile.mkdtemp())
        >>> checkpoints.latest() is None
        True
    """

    def __init__(self, folder: str | Path, keep: int = 2) -> None:
        self.folder = Path(folder)
        self.keep = keep

    def latest(self) -> Path | None:
        """Returns the newest checkpoint's folder, or None where there is none."""
        every = self._every()
        return every[-1] if every else None

    def save(self, model: keras.Model, position: Position, steps_per_epoch: int) -> Path:
        """Writes a checkpoint and removes those that are too old.

        Args:
            model: A compiled model, its optimizer built.
            position: How far the phase has come.
            steps_per_epoch: Steps in an epoch.

        Returns:
            The checkpoint's folder.

        Raises:
            UserError: If a variable is not finite: the checkpoints before it stay the newest.
        """
        engine.sync(model)
        _refuse_nan(model, position, self.latest())
        target = self.folder / f"{position.total(steps_per_epoch):08d}"
        if not target.exists():
            with replacing_folder(target) as beside:
                save_variables(beside / "variables.safetensors", state_of(model))
                record = {**position._asdict(), "steps_per_epoch": steps_per_epoch}
                (beside / "position.json").write_text(json.dumps(record), encoding="utf-8")
        for old in self._every()[: -self.keep]:
            shutil.rmtree(old)
        return target

    def position(self) -> Position:
        """Returns how far the newest checkpoint had come; the very beginning where there is none."""
        latest = self.latest()
        return Position() if latest is None else _read_position(latest)[0]

    def steps_per_epoch(self) -> int:
        """Returns the steps an epoch had when the newest checkpoint was saved.

        Raises:
            UserError: If there is no checkpoint, or it is damaged.
        """
        latest = self.latest()
        if latest is None:
            raise UserError(f"{self.folder} holds no checkpoint")
        return _read_position(latest)[1]

    def restore(self, model: keras.Model, steps_per_epoch: int | None = None) -> Position:
        """Loads the newest checkpoint into a compiled model.

        Args:
            model: The model, built as it was when it was saved.
            steps_per_epoch: Steps in an epoch; where given, it must be what it was.

        Returns:
            How far the phase had come; the very beginning where there is no checkpoint.

        Raises:
            UserError: If the checkpoint does not fit the model or the data.
        """
        for leftover in self.folder.glob(".*.part"):  # of a process that was killed while it saved
            shutil.rmtree(leftover, ignore_errors=True)
        latest = self.latest()
        if latest is None:
            return Position()
        position, then = _read_position(latest)
        if steps_per_epoch is not None and then != steps_per_epoch:
            raise UserError(
                f"{latest} was made with {then} steps an epoch, now there are {steps_per_epoch}: the data "
                "or the batch size has changed; begin a new run"
            )
        load_variables(latest / "variables.safetensors", state_of(model))
        return position

    def _every(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if re.fullmatch(r"\d{8,}", path.name))


def _read_position(checkpoint: Path) -> tuple[Position, int]:
    path = checkpoint / "position.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return Position(int(record["epoch"]), int(record["step"])), int(record["steps_per_epoch"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is damaged ({error}); remove {checkpoint} to go on from the one before"
        ) from error


def state_of(model: keras.Model) -> list[keras.Variable]:
    """Lists the variables a checkpoint holds: all but metrics and frozen networks."""
    left_out = {id(v) for network in getattr(model, "frozen", ()) for v in network.variables}
    left_out |= {id(v) for v in model.metrics_variables}
    mine = [v for v in model.variables if id(v) not in left_out]
    return [*mine, *(model.optimizer.variables if model.optimizer is not None else ())]


def _refuse_nan(model: keras.Model, position: Position, latest: Path | None) -> None:
    # The losses show a bad update one step late, which would be too late at the end of an epoch.
    bad = [v.path for v in state_of(model) if not np.isfinite(keras.ops.convert_to_numpy(v)).all()]
    if bad:
        raise UserError(
            f"{bad[0]} (of {len(bad)} such variables) stopped being a finite number at epoch "
            f"{position.epoch + (position.step > 0)}; the last good checkpoint is {latest or 'none yet'}. "
            "Lower the learning rates or train in float32, and start again from there with --resume or "
            "in a new run"
        )


def save_variables(path: Path, variables: list[keras.Variable], of: str = "") -> None:
    """Writes variables as safetensors, named by their number and path.

    Args:
        path: The file.
        variables: The variables.
        of: Name of the checkpoint that they belong to; see :func:`checkpoint_of`.

    Raises:
        OSError: If the file cannot be written, for example on a full disk.
    """
    tensors = {}
    for number, variable in enumerate(variables):
        value = keras.ops.convert_to_numpy(variable)
        tensors[f"{number:05d}:{variable.path}"] = np.array(value, order="C")
    with replacing(path) as beside:
        try:
            save_file(tensors, beside, {"checkpoint": of})
        except SafetensorError as error:  # its name for whatever the system says
            raise OSError(f"{path} cannot be written: {error}") from error


def checkpoint_of(path: Path) -> str:
    """Returns the name that :func:`save_variables` was given, or an empty one.

    Raises:
        UserError: If the file is damaged.
    """
    try:
        with safe_open(path, "numpy") as file:
            return str((file.metadata() or {}).get("checkpoint", ""))
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read: {error}; {_REMEDY}") from error


def load_variables(path: Path, variables: list[keras.Variable]) -> None:
    """Reads what :func:`save_variables` wrote, in the same order.

    Raises:
        UserError: If the file is damaged or holds other variables.
    """
    try:
        tensors: dict[str, Any] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read: {error}; {_REMEDY}") from error
    ordered = [tensors[name] for name in sorted(tensors)]
    held, wanted = [tuple(t.shape) for t in ordered], [tuple(v.shape) for v in variables]
    if held != wanted:
        unlike = next(((a, b) for a, b in zip(held, wanted, strict=False) if a != b), None)
        detail = f"one has shape {unlike[0]}, not {unlike[1]}" if unlike else f"the model has {len(wanted)}"
        raise UserError(
            f"{path} holds {len(held)} variables that do not fit this model ({detail}): "
            "it was made with another configuration; put config.json back as it was"
        )
    for variable, value in zip(variables, ordered, strict=True):
        variable.assign(value)
