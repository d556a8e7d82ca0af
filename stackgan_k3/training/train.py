"""Trains a preset on a prepared data set: every phase in order, each resumable."""

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from stackgan_k3.config import RunConfig
from stackgan_k3.config.parts import TextConfig
from stackgan_k3.config.probe import ProbeConfig
from stackgan_k3.data.record import stored_sizes
from stackgan_k3.data.records import Records
from stackgan_k3.data.targets import Targets
from stackgan_k3.engine.devices import suited_precision
from stackgan_k3.errors import UserError, unknown
from stackgan_k3.files import alone
from stackgan_k3.training.checkpoints import Checkpoints
from stackgan_k3.training.machine import describe_machine
from stackgan_k3.training.phase import time_is_up
from stackgan_k3.training.phase_metrics import check_metrics
from stackgan_k3.training.recipes import recipe_of
from stackgan_k3.training.run import Run
from stackgan_k3.training.setting_up import settled
from stackgan_k3.training.text_phase import check_published

PRODUCTS = {"text": "text encoder", "stage1": "Stage-I generator"}  # of phases that others stand on


def train(
    config: RunConfig,
    data: str | Path,
    folder: str | Path,
    *,
    phases: Sequence[str] | None = None,
    max_minutes: float | None = None,
    resume: bool = False,
) -> Run:
    """Trains a run, or goes on with one.

    Args:
        config: What to train.
        data: A prepared data set.
        folder: The run directory; new, unless ``resume``.
        phases: Which of ``config.phases`` to train; all of them by default.
        max_minutes: Stop, with a checkpoint, after so many minutes.
        resume: Go on with the run in ``folder``. If there is none yet, it is begun.

    Returns:
        The run.

    Raises:
        UserError: If the run exists and ``resume`` is False, was made with other
            settings or other data, another process is training it, a phase lacks the one
            before it, or a later phase was trained on what it has left so far. (Where all phases are
            asked for, such a phase is left as it is, and said so.)

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> from stackgan_k3.data.prepare import prepare
        >>> info = prepare("synthetic-birds", "birds", size=128, limit=8, workers=1)
        >>> config = load_preset("stackgan-tiny", {"text.width": 4, "text.epochs": 1, "text.batch_size": 2})
        >>> run = train(config, "birds", "run", phases=["text"])  # without phases: all of them
        >>> [(row["phase"], row["epoch"]) for row in run.metrics()]
        [('text', 1)]
    """
    started = time.monotonic()
    if max_minutes is not None and not max_minutes > 0:
        raise UserError(f"max_minutes is {max_minutes}; it must be more than 0")
    phases = config.phases if phases is None else phases
    for name in phases:
        if name not in config.phases:
            raise unknown("phase", name, config.phases)
    deadline = None if max_minutes is None else started + 60 * max_minutes
    records = Records(data, "train")
    begun = not (resume and (Path(folder) / "config.json").is_file())
    if begun:
        _check_sizes(config, records, phases)
        _check_order(config, Path(folder), phases)
        _check_embeddings(config, records)
        check_metrics(config, records.folder)
        if isinstance(config, ProbeConfig):
            Targets(
                records, config.probe.attributes
            )  # what cannot be read is refused before a folder is made
        Run.create(folder, config, records, _examples(config, records))
    with alone(Path(folder) / ".lock", f"another process is training {folder}; wait for it, or stop it"):
        try:
            run, left = _reopen(config, records, Path(folder), phases)
            run.note_machine(f"{describe_machine()}, {precision_of(run.config)}")
            for name in config.phases:
                if name not in phases or name in left:
                    continue
                if time_is_up(deadline):
                    break
                finished = recipe_of(config.system).TRAINERS[name](run, records, deadline)
                if not finished:
                    break
        except UserError:
            if begun:
                _remove_empty(Path(folder))
            raise
    return run


def _remove_empty(folder: Path) -> None:
    """Removes a run that was refused before it began, so that it can be begun with what was told."""
    if {path.name for path in folder.iterdir()} <= {"config.json", "data.json", "machines.json", ".lock"}:
        shutil.rmtree(folder, ignore_errors=True)  # Windows keeps the lock that is held


def precision_of(config: RunConfig) -> str:
    """Names the precision that is trained in on this machine, and warns where it is a slow one.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> precision_of(load_preset("dcgan-digits"))
        'float32'
    """
    if config.precision == "mixed_bfloat16" and suited_precision() == "float32":
        print(
            "precision: this machine is not known to multiply bfloat16 itself, and mixed_bfloat16 may then "
            "take ten times as long as float32; if so, stop this and go on with --resume "
            "--set precision=float32 (the weights are float32 either way)",
            file=sys.stderr,
        )
    by_phase = {name: settled(config.precision, config.picture_size(name)) for name in config.phases}
    most = by_phase[config.phases[0]]
    others = [f"{name} in {policy}" for name, policy in by_phase.items() if policy != most]
    return f"{most} ({', '.join(others)})" if others else most


def _is_stood_on(run: Run, phase: str, phases: Sequence[str]) -> bool:
    """Says whether an unfinished phase must stay as it is, since a later one was trained on what it left."""
    known = run.config.phases
    later = [name for name in known[known.index(phase) + 1 :] if run.has(name, "generator")]
    position = Checkpoints(run.phase(phase) / "checkpoints").position()
    if not later or position.epoch >= getattr(run.config, phase).epochs:
        return False
    if set(phases) == set(known):
        print(f"{phase}: left as it is, because {later[0]} was trained on it", file=sys.stderr)
        return True
    raise UserError(
        f"{later[0]} of {run.folder} was trained on what '{phase}' left; training '{phase}' further would "
        f"part them. Go on with --phase {later[-1]}, or begin a new run"
    )


def _reopen(
    config: RunConfig, records: Records, folder: Path, phases: Sequence[str]
) -> tuple[Run, list[str]]:
    """Opens a run to go on with; returns it, and which of the phases are left as they are."""
    run = Run.open(folder)
    if run.data_info["shards"] != records.info["shards"]:
        raise UserError(
            f"{folder} was trained on {run.data_info['folder']}, whose content is not that of "
            f"{records.folder}; pass that data set, or choose another folder"
        )
    run.data_info["folder"] = str(Path(records.folder).resolve())  # it may have been moved since
    before = run.config
    run.reconfigure(config)
    _check_sizes(run.config, records, phases)
    left = [name for name in config.phases if name in phases and _is_stood_on(run, name, phases)]
    # What is not trained further keeps its number of epochs.
    run.config = run.config.changed({f"{name}.epochs": before.part(name).epochs for name in left})
    run.save_config()
    return run, left


def _examples(config: RunConfig, records: Records) -> list[str]:
    """Takes them from pictures that are not trained on, where there are any."""
    try:
        held_out = Records(records.folder, "test")
    except UserError:
        held_out = records
    chosen: list[str] = recipe_of(config.system).examples(held_out if len(held_out) else records)
    return chosen


def _check_order(config: RunConfig, folder: Path, phases: Sequence[str]) -> None:
    # Known before a new run is made, so that no folder is left behind.
    if (folder / "config.json").exists():
        return
    for number, phase in enumerate(config.phases):
        for before in config.phases[:number]:
            if phase in phases and before not in phases and not _is_published(config, before):
                raise UserError(
                    f"{folder} has no trained {PRODUCTS[before]}; train its phase '{before}' first"
                )


def _check_embeddings(config: RunConfig, records: Records) -> None:
    text = getattr(config, "text", None)
    if isinstance(text, TextConfig):
        check_published(records, text)


def _is_published(config: RunConfig, phase: str) -> bool:
    """Says whether a phase leaves nothing, since its embeddings came with the data set."""
    return getattr(config.part(phase), "encoder", None) == "published"


def _check_sizes(config: RunConfig, records: Records, phases: Sequence[str]) -> None:
    for phase in phases:
        if getattr(config.part(phase), "encoder", "char-cnn-rnn") != "char-cnn-rnn":
            continue  # of a text encoder from elsewhere no batch is made
        size, batch_size = config.picture_size(phase), config.part(phase).batch_size
        held = stored_sizes(records.size)
        if size not in held:
            instead = ""
            if phase == "stage2" and records.size in (128, 256):
                instead = f", set stage2.image_size={records.size}, or train --phase text and stage1 only"
            raise UserError(
                f"the phase '{phase}' of {config.preset} trains on pictures of {size} px, but "
                f"{records.folder} holds pictures for {' and '.join(map(str, held))} px; "
                f"prepare it with --size {size}{instead}"
            )
        if batch_size > len(records):
            raise UserError(
                f"{phase}.batch_size is {batch_size:,}, but the train split of {records.folder} has "
                f"{len(records):,} records; set it to at most that, or prepare more pictures"
            )
