"""A run directory: what was asked for, what it was trained on, and what came out."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import keras

from stackgan_k3.config import RunConfig
from stackgan_k3.config.flat import flatten
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing, replacing_folder
from stackgan_k3.training.checkpoints import checkpoint_of, load_variables, save_variables
from stackgan_k3.training.metric_rows import best_row, read_rows

Network = TypeVar("Network", bound=keras.Model)

BEST = "best_generator"
"""The name that a phase keeps its best generator under."""

_AGAIN = "copy it again from where the run was made, or begin a new run"


class Run:
    """Opens a run directory.

    ``config.json`` (the configuration), ``data.json`` (what the data set says of
    itself, its folder and the captions that samples are drawn for),
    ``metrics.jsonl`` (a line an epoch), ``machines.json``, ``events/`` (TensorBoard), ``samples/``, and a
    folder a phase with its checkpoints and its trained networks.

    Args:
        folder: The run directory.
        config: Its configuration, of the class that its system has.
        data_info: The content of ``data.json``.
        best: Whether the last generator that was trained is taken as its best epoch left it
            (``metrics.keep_best``), and not as the newest did.

    Example:
        >>> Run.open("no/such/run")
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: no/such/run is not a run: it has no config.json; give the folder that \
`stackgan-k3 train` or `train-probe` made
    """

    def __init__(
        self, folder: str | Path, config: Any, data_info: dict[str, Any], *, best: bool = False
    ) -> None:
        self.folder = Path(folder)
        self.config = config
        self.data_info = data_info
        self.best = best

    @classmethod
    def create(
        cls, folder: str | Path, config: RunConfig, records: Records, examples: Sequence[str]
    ) -> "Run":
        """Makes a new run directory.

        Args:
            folder: The directory; it must not exist, or be empty.
            config: The configuration.
            records: The training split.
            examples: Captions that samples are drawn for, at every epoch.

        Raises:
            UserError: If the folder holds anything.
        """
        folder = Path(folder)
        info = {
            **records.info,
            "folder": str(Path(records.folder).resolve()),
            "examples": list(examples),
        }
        try:
            with replacing_folder(folder) as beside:
                (beside / "config.json").write_text(config.to_json(), encoding="utf-8")
                text = json.dumps(info, indent=1, ensure_ascii=False)
                (beside / "data.json").write_text(text + "\n", encoding="utf-8")
        except (FileExistsError, NotADirectoryError) as error:
            if not (folder / "config.json").is_file():
                raise UserError(
                    f"{folder} cannot be a new run: it holds something else, or is no folder; choose another"
                ) from error
            raise UserError(
                f"{folder} exists already; continue that run with --resume, or choose another folder"
            ) from error
        return cls(folder, config, info)

    @classmethod
    def open(cls, folder: str | Path, *, best: bool = False) -> "Run":
        """Opens a run that exists.

        Raises:
            UserError: If it is not a run, its files are damaged, or its best generator is asked for and it
                kept none.
        """
        folder = Path(folder)
        if not (folder / "config.json").is_file():
            raise UserError(
                f"{folder} is not a run: it has no config.json; give the folder that `stackgan-k3 train` or "
                "`train-probe` made"
            )
        try:
            config = RunConfig.from_json((folder / "config.json").read_text(encoding="utf-8"))
        except ValueError as error:  # a UserError, or bytes that are no text
            raise UserError(
                f"{folder / 'config.json'} is damaged: {error}; undo the change, or begin a new run"
            ) from error
        try:
            info = json.loads((folder / "data.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"{folder / 'data.json'} is missing or damaged: {error}; {_AGAIN}") from error
        expected = {"shards": list, "examples": list, "folder": str}
        if not isinstance(info, dict) or not all(isinstance(info.get(k), v) for k, v in expected.items()):
            raise UserError(
                f"{folder / 'data.json'} is damaged: it must hold {', '.join(expected)}; {_AGAIN}"
            )
        run = cls(folder, config, info, best=best)
        if best and not run.has(run.last_drawing_phase, BEST):
            raise UserError(
                f"{folder} has kept no best generator; train it with --set metrics.every=5 --set "
                "metrics.features=probe=DIR --set metrics.keep_best=kid, or leave --best out"
            )
        return run

    def reconfigure(self, config: RunConfig) -> None:
        """Replaces the configuration of a run that goes on, to be written by :meth:`save_config`.

        Only what does not change the networks or the data's order may differ: the
        numbers of epochs, the worker processes and the precision, which is a machine's.

        Raises:
            UserError: If anything else differs, naming it.
        """
        if config.preset != self.config.preset:
            raise UserError(
                f"{self.folder} was made by the preset {self.config.preset}, not by {config.preset}; "
                "resume it with that, or choose another folder"
            )
        free = (*(f"{phase}.epochs" for phase in config.phases), "data.workers", "precision")
        differing = [key for key in _differences(self.config, config) if key not in free]
        if differing:
            raise UserError(
                f"{self.folder} was made with other settings of {', '.join(differing)}; resume it without "
                "changing them, or choose another folder"
            )
        self.config = config

    def save_config(self) -> None:
        """Writes the configuration, once nothing of what is asked for has been refused."""
        with replacing(self.folder / "config.json") as beside:
            beside.write_text(self.config.to_json(), encoding="utf-8")

    @property
    def examples(self) -> list[str]:
        """The captions (or classes) that samples are drawn for."""
        return list(self.data_info["examples"])

    @property
    def machines(self) -> list[str]:
        """The machines that it was trained on, in words; older runs, and damaged notes of it, know none."""
        try:
            known = json.loads((self.folder / "machines.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return []
        return [str(machine) for machine in known] if isinstance(known, list) else []

    def note_machine(self, description: str) -> None:
        """Adds a machine to those that it was trained on."""
        if description not in (known := self.machines):
            with replacing(self.folder / "machines.json") as beside:
                text = json.dumps([*known, description], indent=1, ensure_ascii=False)
                beside.write_text(text + "\n", encoding="utf-8")

    def phase(self, name: str) -> Path:
        """Returns the folder of a phase."""
        return self.folder / name

    # Trained networks, as the newest checkpoint of their phase left them.

    def trained(self, network: Network, phase: str, name: str) -> Network:
        """Gives a network the trained weights of its phase.

        Args:
            network: A network built by the run's configuration.
            phase: The phase that trained it.
            name: The name it was kept under, such as ``generator``.

        Raises:
            UserError: If the phase has not been trained.
        """
        if not self.has(phase, name):
            raise UserError(
                f"{self.folder} has no trained {name.replace('_', ' ')}; train its phase '{phase}' first"
            )
        best = self.best and name == "generator" and phase == self.last_drawing_phase
        load_variables(self._weights(phase, BEST if best else name), network.variables)
        return network

    def text_encoder(self) -> Any:
        """Builds the text encoder with its trained weights.

        Raises:
            UserError: If the phase ``text`` has not been trained.
        """
        from stackgan_k3.training.text_phase import text_encoder  # it stands on this file

        return text_encoder(self)

    def image_encoder(self) -> Any:
        """Builds the image encoder that was trained with the text encoder, with its weights.

        Raises:
            UserError: If there is none: the phase ``text`` has not been trained, or it trains none.
        """
        from stackgan_k3.training.text_phase import text_networks  # it stands on this file

        text = getattr(self.config, "text", None)
        if text is None or text.encoder != "char-cnn-rnn":
            raise UserError(
                f"{self.folder} trained no image encoder beside its text encoder; name a run with "
                "text.encoder=char-cnn-rnn"
            )
        return self.trained(text_networks(text)["image_encoder"], "text", "image_encoder")

    def telling_words(self) -> Any:
        """Opens the words that its networks learn to read off pictures, a ``TellingWords``.

        Raises:
            UserError: If there are none: neither the phase ``text`` nor a stage has been trained to read.
        """
        from stackgan_k3.training.telling import telling_words  # it stands on this file

        return telling_words(self)

    def pipeline(self) -> Any:
        """Builds the trained networks that draw, a :class:`stackgan_k3.models.pipeline.Pipeline`.

        Raises:
            UserError: If one of them has not been trained.
        """
        from stackgan_k3.training.recipes import recipe_of  # they stand on this file

        return recipe_of(self.config.system).pipeline(self)

    @property
    def drawable(self) -> bool:
        """Whether a generator has been trained."""
        return bool(self.last_drawing_phase)

    @property
    def last_drawing_phase(self) -> str:
        """The last phase that has left a trained generator; empty where none has."""
        return next((phase for phase in self.config.phases[::-1] if self.has(phase, "generator")), "")

    def has(self, phase: str, network: str) -> bool:
        """Says whether a phase has left a trained network."""
        return self._weights(phase, network).is_file()

    def keep(self, phase: str, network: str, model: keras.Model, checkpoint: str = "") -> None:
        """Writes a trained network's weights, with the name of the checkpoint that they come from."""
        save_variables(self._weights(phase, network), model.variables, checkpoint)

    def keeps(self, phase: str, network: str, checkpoint: str) -> bool:
        """Says whether the weights that were kept of a network come from a checkpoint, and can be read."""
        if not self.has(phase, network):
            return False
        try:
            return checkpoint_of(self._weights(phase, network)) == checkpoint
        except UserError:  # damaged: it is written again
            return False

    def _weights(self, phase: str, network: str) -> Path:
        return self.phase(phase) / f"{network}.safetensors"

    # Measurements.

    def metrics(self) -> list[dict[str, Any]]:
        """Reads ``metrics.jsonl``: a dict an epoch, in the order of training."""
        return read_rows(self.folder / "metrics.jsonl")

    def metrics_taken(self) -> list[dict[str, Any]]:
        """The rows up to the epoch whose generator is taken: all of them, unless the best is."""
        rows, phase = self.metrics(), self.last_drawing_phase
        best = best_row(rows, phase, self.config.metrics.keep_best) if self.best else None
        return [r for r in rows if best is None or r["phase"] != phase or r["epoch"] <= best["epoch"]]

    def record(self, row: dict[str, Any]) -> None:
        """Appends a row to ``metrics.jsonl``."""
        with open(self.folder / "metrics.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def forget_after(self, phase: str, epoch: int) -> None:
        """Removes the rows of epochs that a resumed phase is going to train again, and what was cut off."""
        path = self.folder / "metrics.jsonl"
        if not path.is_file():
            return
        kept = [row for row in self.metrics() if row["phase"] != phase or row["epoch"] <= epoch]
        text = "".join(json.dumps(row) + "\n" for row in kept)
        if text.encode() != path.read_bytes():
            with replacing(path) as beside:
                beside.write_text(text, encoding="utf-8")


def _differences(one: RunConfig, other: RunConfig) -> list[str]:
    a, b = flatten(one.model_dump(mode="json")), flatten(other.model_dump(mode="json"))
    return [key for key in a if a[key] != b[key]]
