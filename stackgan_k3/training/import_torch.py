"""Generators of the published PyTorch StackGAN, as a run that draws and exports.

The names are those of https://github.com/hanzhanggit/StackGAN-Pytorch (``netG_epoch_*.pth``).
"""

import json
import math
import os
from collections.abc import Iterator, Mapping
from operator import attrgetter
from pathlib import Path

import keras
import numpy as np

from stackgan_k3.config.stackgan import StackGANConfig
from stackgan_k3.engine.torch_file import load_state
from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing_folder
from stackgan_k3.training.recipes.stackgan import build_stage1_generator, build_stage2_generator
from stackgan_k3.training.run import Run

HOMEPAGE = "https://github.com/hanzhanggit/StackGAN-Pytorch"
"""Where the published networks are defined."""

IMPORTED = "import-torch"
"""What an imported run's ``data.json`` gives as the source of its data."""

_INSIDE = "STAGE1_G."  # the prefix of Stage-I within a file of Stage-II
Tensors = dict[str, np.ndarray]


def import_torch(
    config: StackGANConfig,
    folder: str | os.PathLike[str],
    stage1: str | os.PathLike[str],
    stage2: str | os.PathLike[str] | None = None,
) -> Run:
    """Makes a run of one or two files of the published PyTorch code.

    The files hold generators and no text encoder, so the run is asked by embeddings:
    ``text.encoder`` becomes ``"published"``. It draws and exports; it cannot be trained on,
    since the files hold no discriminator and no optimizer.

    Args:
        config: The configuration whose networks the files hold, such as the preset ``stackgan-coco``.
        folder: The run directory to write; it must not exist, or be empty.
        stage1: State dict of ``STAGE1_G``.
        stage2: State dict of ``STAGE2_G``, if there is one. It holds its Stage-I too, whose weights
            must be those of ``stage1``; the running statistics of that one's batch norms are taken.

    Returns:
        The run.

    Raises:
        UserError: If a file cannot be read or is not such a state dict (every tensor that is
            missing, unexpected, of a wrong shape or not finite is listed), the Stage-I inside
            ``stage2`` is not that of ``stage1``, or the folder is taken.

    Example:
        ```python
        run = import_torch(load_preset("stackgan-coco"), "runs/coco", "netG_epoch_120.pth")
        pictures = run.pipeline().generate(embeddings, seed=7)
        ```
    """
    config = _asked_by_embeddings(config)
    tensors = load_state(stage1)
    networks = {"stage1": build_stage1_generator(config)}
    _take(networks["stage1"], tensors, stage1_rules(config), Path(stage1))
    if stage2 is not None:
        second = load_state(stage2)
        inside = _taken_out(second)
        _check_inside(inside, tensors, Path(stage1), Path(stage2))
        if inside:  # its batch norms' statistics are those that Stage-II was trained on
            _take(networks["stage1"], inside, stage1_rules(config), Path(stage2))
        networks["stage2"] = build_stage2_generator(config)
        _take(networks["stage2"], second, stage2_rules(config), Path(stage2))
    files = [os.path.basename(path) for path in (stage1, stage2) if path is not None]
    return _write(config, Path(folder), networks, files)


def stage1_rules(config: StackGANConfig) -> Iterator[tuple[str, str]]:
    """Yields, weight by weight, the name in the published ``STAGE1_G`` and its kind.

    The order is that of the Keras network's variables, those of the conditioning first.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> list(stage1_rules(load_preset("stackgan-coco")))[:3]
        [('ca_net.fc.weight', 'dense'), ('ca_net.fc.bias', 'vector'), ('fc.0.weight', 'first dense')]
    """
    yield from _conditioning()
    yield "fc.0.weight", "first dense"
    yield from _norm("fc.1", "first norm")
    for number in range(1, 5):  # 8, 16, 32, 64 px
        yield from _upsampling(number)
    yield "img.0.weight", "convolution"


def stage2_rules(config: StackGANConfig) -> Iterator[tuple[str, str]]:
    """Yields the same of ``STAGE2_G`` without its Stage-I.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> len(list(stage2_rules(load_preset("stackgan-coco"))))
        59
    """
    yield from _conditioning()
    yield "encoder.0.weight", "convolution"
    for place in (2, 5):
        yield f"encoder.{place}.weight", "convolution"
        yield from _norm(f"encoder.{place + 1}")
    yield "hr_joint.0.weight", "joint"
    yield from _norm("hr_joint.1")
    for block in range(config.stage2.residual_blocks):
        for place in (0, 3):
            yield f"residual.{block}.block.{place}.weight", "convolution"
            yield from _norm(f"residual.{block}.block.{place + 1}")
    for number in range(1, int(math.log2(config.stage2.image_size // 16)) + 1):  # 32, 64, 128 (, 256) px
        yield from _upsampling(number)
    yield "img.0.weight", "convolution"


def _conditioning() -> Iterator[tuple[str, str]]:
    yield "ca_net.fc.weight", "dense"
    yield "ca_net.fc.bias", "vector"


def _upsampling(number: int) -> Iterator[tuple[str, str]]:
    yield f"upsample{number}.1.weight", "convolution"
    yield from _norm(f"upsample{number}.2")


def _norm(name: str, kind: str = "vector") -> Iterator[tuple[str, str]]:
    # PyTorch's momentum 0.1 is Keras's 0.9, and ε is 1e-5 in both: the networks here have the published ones.
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{part}", kind


def _turned(value: np.ndarray, kind: str) -> np.ndarray:
    """Lays a PyTorch tensor out as Keras does: channels last, inputs before outputs."""
    if kind == "dense":
        return value.T
    if kind == "convolution":
        return value.transpose(2, 3, 1, 0)
    if kind == "joint":  # PyTorch: features, then condition; here the condition comes first
        features = len(value)
        return np.roll(value, -features, axis=1).transpose(2, 3, 1, 0)
    if kind.startswith("first"):  # 4 × 4 positions of each channel there; channels of each position here
        channels = len(value) // 16
        value = value.reshape(channels, 16, -1).swapaxes(0, 1).reshape(len(value), -1)
        return value.T if kind == "first dense" else value[:, 0]
    return value


def _shape_there(shape: tuple[int, ...], kind: str) -> tuple[int, ...]:
    """The shape that the PyTorch tensor of a Keras variable has."""
    if kind in ("convolution", "joint"):
        height, width, channels, filters = shape
        return filters, channels, height, width
    return shape[::-1]


def _take(network: keras.Model, tensors: Tensors, rules: Iterator[tuple[str, str]], path: Path) -> None:
    """Gives a network the weights of a file, or tells everything that does not fit."""
    ordered = sorted(network.variables, key=lambda variable: "conditioning" not in variable.path)
    problems, left = [], dict(tensors)
    for variable, (name, kind) in zip(ordered, rules, strict=True):
        shape = _shape_there(tuple(variable.shape), kind)
        value = left.pop(name, None)
        if value is None:
            problems.append(f"missing: {name} {list(shape)}")
        elif value.shape != shape:
            problems.append(f"wrong shape: {name} is {list(value.shape)} and should be {list(shape)}")
        elif not np.isfinite(value).all():
            problems.append(f"not finite: {name}")
        else:
            variable.assign(_turned(value, kind))
    problems += [f"unexpected: {name} {list(value.shape)}" for name, value in left.items()]
    if problems:
        raise UserError(
            f"{path} does not hold the {type(network).__name__} of this configuration; choose the preset it "
            "was trained as, or change widths and sizes with --set"
            + "".join(f"\n  {line}" for line in problems)
        )


def _taken_out(second: Tensors) -> Tensors:
    """Takes Stage-I out of the tensors of Stage-II."""
    names = [name for name in second if name.startswith(_INSIDE)]
    # Each part may have been wrapped in DataParallel by itself.
    return {name.removeprefix(_INSIDE).removeprefix("module."): second.pop(name) for name in names}


def _check_inside(inside: Tensors, first: Tensors, path1: Path, path2: Path) -> None:
    """Compares the Stage-I within a file of Stage-II with the file of Stage-I."""
    problems = [f"only in {path1.name}: {name}" for name in first if inside and name not in inside]
    for name, value in inside.items():
        if name not in first:
            problems.append(f"only in {path2.name}: {_INSIDE}{name}")
        elif value.shape != first[name].shape:
            problems.append(f"other shape: {name} {list(first[name].shape)} and {list(value.shape)}")
        elif _is_weight(name) and not np.array_equal(value, first[name]):
            problems.append(f"other values: {name}")
    if problems:
        raise UserError(
            f"{path2} was trained on another Stage-I than {path1}; give the file that it was trained on"
            + "".join(f"\n  {line}" for line in problems)
        )


def _is_weight(name: str) -> bool:
    # While Stage-II is trained, the statistics of its fixed Stage-I's batch norms go on moving.
    return not name.endswith(("running_mean", "running_var"))


def _asked_by_embeddings(config: StackGANConfig) -> StackGANConfig:
    published = {
        "noise": "normal",
        "conditioning": "augmentation",
        "normalization": "batch",
        "upsampling": "nearest",
        "attention": False,
        "stage2.kind": "stackgan",
        "stage2.sketch_skip": False,
        "stage2.feature_skip": False,
    }
    for name, value in published.items():
        given = attrgetter(name)(config)
        if given != value:
            raise UserError(f"{name} is {given}, but the published networks have {name}={value}")
    changed = config.changed({"text.encoder": "published"})
    if not isinstance(changed, StackGANConfig):
        raise UserError(f"{config.preset} is no StackGAN")
    return changed


def _write(
    config: StackGANConfig, folder: Path, networks: Mapping[str, keras.Model], files: list[str]
) -> Run:
    origin = f"weights imported from {' and '.join(files)}"
    said = f"{config.description} Nothing was trained here: {origin}."
    config = config.model_copy(update={"description": said.strip()})
    info = {
        "source": IMPORTED,
        "title": f"not recorded ({origin})",
        "licence": "",
        "homepage": HOMEPAGE,
        "folder": f"unknown data ({origin})",
        "classes": [],
        "shards": [],
        "examples": [],
    }
    try:
        with replacing_folder(folder) as beside:
            (beside / "config.json").write_text(config.to_json(), encoding="utf-8")
            (beside / "data.json").write_text(json.dumps(info, indent=1) + "\n", encoding="utf-8")
            run = Run(beside, config, info)
            for phase, network in networks.items():
                run.keep(phase, "generator", network)
    except (FileExistsError, NotADirectoryError) as error:
        raise UserError(f"{folder} exists already; choose another folder for the run") from error
    return Run.open(folder)
