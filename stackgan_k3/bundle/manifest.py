"""What ``bundle.json`` says about a bundle, and whether the folder still agrees with it."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import UnionType
from typing import Any

from stackgan_k3 import __version__
from stackgan_k3.bundle import alphabet, noise
from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing, sha256

FILE_NAME = "bundle.json"
FORMAT_VERSION = 2
"""Version of the bundles that this package writes. It also reads version 1, whose bundles take captions."""

CONDITIONS = ("characters", "embedding", "label", "none")
_AGAIN = "copy or export the bundle again"


@dataclass(frozen=True)
class Manifest:
    """The content of a bundle's ``bundle.json``.

    Args:
        name: Name of the model, for people.
        system: The system it was trained as, for example ``"stackgan"``.
        image_size: Side of a picture, in pixels.
        preview_size: Side of a Stage-I sketch, in pixels.
        noise_parts: Name and length of each part of the noise vector, in order.
        condition: What a picture is asked for by: ``"characters"`` (a caption), ``"embedding"``
            (one made elsewhere), ``"label"`` (a class) or ``"none"``.
        classes: Names of the classes, for ``"label"``.
        embedding: Name of the text encoder, for example ``"char-cnn-rnn"``; empty without one.
        embedding_size: Length of a caption's embedding; 0 without.
        words: The words that the text encoder knows; empty where it reads characters.
        data: The training data: strings under ``name``, ``licence`` and ``homepage``.
        licence: Licence of the weights.
        metrics: Name and value of what was measured (numbers or strings).
        examples: Captions that work with this model.
        package_version: Version of stackgan-k3 that wrote the bundle.
        files: For every other file, its path relative to the bundle (with ``/``):
            ``{"sha256": 64 hexadecimal digits, "bytes": its size}``. `write` fills it.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "model.onnx").write_bytes(b"...")
        >>> manifest = Manifest("birds", "stackgan", image_size=256, preview_size=64,
        ...     noise_parts=(("noise", 100),), embedding="char-cnn-rnn", embedding_size=1024)
        >>> sorted(manifest.write(folder).files)
        ['model.onnx']
        >>> Manifest.read(folder).verify(folder)
    """

    name: str
    system: str
    image_size: int
    preview_size: int
    noise_parts: tuple[tuple[str, int], ...]
    condition: str = "characters"
    classes: tuple[str, ...] = ()
    embedding: str = ""
    embedding_size: int = 0
    words: tuple[str, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    metrics: Mapping[str, float | str] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    package_version: str = __version__
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def noise_size(self) -> int:
        """Length of the noise vector of one picture."""
        return sum(size for _, size in self.noise_parts)

    @property
    def inputs(self) -> dict[str, dict[str, Any]]:
        """Name, dtype and shape of the inputs of ``model.onnx``."""
        asked: dict[str, dict[str, dict[str, Any]]] = {
            "characters": {"characters": {"dtype": "int32", "shape": ["batch", alphabet.MAX_CHARACTERS]}},
            "embedding": {"embedding": {"dtype": "float32", "shape": ["batch", self.embedding_size]}},
            "label": {"label": {"dtype": "int32", "shape": ["batch"]}},
            "none": {},
        }
        noise_entry = {"dtype": "float32", "shape": ["batch", self.noise_size]}
        return {**asked[self.condition], "noise": noise_entry}

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        """Name, dtype and shape of the outputs of ``model.onnx``."""
        sizes = {"image": self.image_size, "preview": self.preview_size}
        return {name: {"dtype": "uint8", "shape": ["batch", s, s, 3]} for name, s in sizes.items()}

    @classmethod
    def read(cls, folder: str | os.PathLike[str]) -> "Manifest":
        """Reads ``bundle.json``; says nothing yet about the other files.

        Args:
            folder: The bundle.

        Raises:
            UserError: If the folder is not a bundle, or its ``bundle.json`` is broken,
                of a newer format, or asks for an alphabet or noise this version lacks.

        Example:
            >>> Manifest.read("no-such-folder")
            Traceback (most recent call last):
            ...
            stackgan_k3.errors.UserError: there is no folder no-such-folder; give the path of a bundle
        """
        path = Path(folder) / FILE_NAME
        if not path.parent.is_dir():
            raise UserError(f"there is no folder {folder}; give the path of a bundle")
        if not path.is_file():
            raise UserError(
                f"{folder} is not a bundle: it has no {FILE_NAME}; "
                "make one with 'stackgan-k3 export RUN BUNDLE'"
            )
        try:
            said = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise UserError(f"{path} cannot be read ({error}); {_AGAIN}") from None
        return _parse(said, path)

    def write(self, folder: str | os.PathLike[str]) -> "Manifest":
        """Hashes every file of a folder and writes its ``bundle.json``.

        The same files and arguments give the same bytes.

        Args:
            folder: The finished bundle but for ``bundle.json`` (an older one is replaced).

        Returns:
            This manifest with ``files`` filled in.

        Example:
            See `Manifest`.
        """
        root = Path(folder)
        files = {
            name: {"sha256": sha256(root / name), "bytes": (root / name).stat().st_size}
            for name in _list(root)
        }
        manifest = replace(self, files=files)
        text = (
            json.dumps(manifest._said(), indent=1, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"
        )
        _parse(json.loads(text), root / FILE_NAME)  # never write what `read` would refuse
        with replacing(root / FILE_NAME) as beside:
            beside.write_text(text, "utf-8")
        return manifest

    def verify(self, folder: str | os.PathLike[str]) -> None:
        """Checks that a folder holds exactly the files listed, byte for byte.

        Args:
            folder: The bundle.

        Raises:
            UserError: Naming the first file that is missing, changed or not listed.

        Example:
            See `Manifest`.
        """
        root = Path(folder)
        found = set(_list(root))
        for name, entry in sorted(self.files.items()):
            if name not in found:
                raise UserError(f"the bundle {folder} lacks the file {name}; {_AGAIN}")
            path = root / name
            try:
                same = path.stat().st_size == entry["bytes"] and sha256(path) == entry["sha256"]
            except OSError as error:
                raise UserError(f"{path} cannot be read ({error.strerror}); {_AGAIN}") from None
            if not same:
                raise UserError(
                    f"{path} is not the file the bundle was made with "
                    f"(size or SHA-256 differs from {FILE_NAME}); {_AGAIN}"
                )
        if extra := sorted(found - set(self.files)):
            raise UserError(
                f"the bundle {folder} holds {extra[0]}, which {FILE_NAME} does not list; remove it"
            )

    def _said(self) -> dict[str, Any]:
        words = {"words": " ".join(self.words)} if self.words else {}
        return {
            "format_version": FORMAT_VERSION,
            "package_version": self.package_version,
            "name": self.name,
            "system": self.system,
            "image_size": self.image_size,
            "preview_size": self.preview_size,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "noise": {
                "stream": noise.STREAM,
                "size": self.noise_size,
                "parts": [list(part) for part in self.noise_parts],
            },
            "condition": {"kind": self.condition, "classes": list(self.classes)},
            "alphabet": {"max_characters": alphabet.MAX_CHARACTERS, "table": alphabet.TABLE},
            "embedding": {"name": self.embedding, "size": self.embedding_size, **words},
            "data": dict(self.data),
            "licence": self.licence,
            "metrics": dict(self.metrics),
            "examples": list(self.examples),
            "files": {name: dict(entry) for name, entry in self.files.items()},
        }


def _list(root: Path) -> list[str]:
    """Every file under a folder but its ``bundle.json``, as sorted relative paths with ``/``."""
    names = []
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        names += [(Path(folder) / name).relative_to(root).as_posix() for name in (*files, *links)]
    return sorted(name for name in names if name != FILE_NAME)


def _parse(said: Any, path: Path) -> Manifest:
    def wrong(what: str) -> UserError:
        return UserError(f"{path}: {what}; {_AGAIN}")

    def take(source: Any, key: str, kind: type | UnionType) -> Any:
        *parents, last = key.split(".")
        for parent in parents:
            source = source.get(parent) if isinstance(source, dict) else None
        value = source.get(last) if isinstance(source, dict) else None
        if not isinstance(value, kind) or isinstance(value, bool):
            raise wrong(f"'{key}' is missing or of a wrong type")
        return value

    def size(key: str) -> int:
        value: int = take(said, key, int)
        if value < 1:
            raise wrong(f"'{key}' is {value}; it must be at least 1")
        return value

    if take(said, "format_version", int) not in range(1, FORMAT_VERSION + 1):
        raise UserError(
            f"{path} has format version {said['format_version']} and this stackgan-k3 ({__version__}) reads "
            f"versions 1 to {FORMAT_VERSION}; install the version that made it or a newer one "
            "(pip install --upgrade stackgan-k3)"
        )
    parts = take(said, "noise.parts", list)
    for part in parts:
        if not (
            isinstance(part, list) and len(part) == 2 and isinstance(part[0], str) and type(part[1]) is int
        ):
            raise wrong("'noise.parts' must be pairs of a name and a length")
        if part[1] < 1:
            raise wrong(f"'noise.parts' gives {part[0]} the length {part[1]}; it must be at least 1")
    data, metrics, examples = (
        take(said, "data", dict),
        take(said, "metrics", dict),
        take(said, "examples", list),
    )
    if not all(isinstance(value, str) for value in (*data.values(), *examples)):
        raise wrong("'data' and 'examples' must hold strings")
    if not all(isinstance(value, int | float | str) for value in metrics.values()):
        raise wrong("'metrics' must hold numbers or strings")
    condition, classes = "characters", []
    if said["format_version"] > 1:
        condition, classes = take(said, "condition.kind", str), take(said, "condition.classes", list)
        if condition not in CONDITIONS:
            raise wrong(f"'condition.kind' is '{condition}', not one of {', '.join(CONDITIONS)}")
        if not all(isinstance(name, str) for name in classes) or (condition == "label" and not classes):
            raise wrong("'condition.classes' must hold the names of the classes")
    embedded = condition in ("characters", "embedding")
    words = take(said, "embedding.words", str).split() if "words" in take(said, "embedding", dict) else []
    files = take(said, "files", dict)
    for name, entry in files.items():
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in name or str(pure) != name:
            raise wrong(f"the file name '{name}' leads out of the bundle or is not plain")
        if not (isinstance(entry, dict) and type(entry.get("bytes")) is int):
            raise wrong(f"the entry of the file '{name}' has no size in 'bytes'")
        if not re.fullmatch("[0-9a-f]{64}", str(entry.get("sha256"))):
            raise wrong(f"the entry of the file '{name}' has no SHA-256")
    manifest = Manifest(
        name=take(said, "name", str),
        system=take(said, "system", str),
        image_size=size("image_size"),
        preview_size=size("preview_size"),
        noise_parts=tuple((name, length) for name, length in parts),
        embedding=take(said, "embedding.name", str),
        embedding_size=size("embedding.size") if embedded else 0,
        words=tuple(words),
        condition=condition,
        classes=tuple(classes),
        data=data,
        licence=take(said, "licence", str),
        metrics=metrics,
        examples=tuple(examples),
        package_version=take(said, "package_version", str),
        files=files,
    )
    if take(said, "inputs", dict) != manifest.inputs or take(said, "outputs", dict) != manifest.outputs:
        raise wrong("'inputs' or 'outputs' do not fit the sizes given elsewhere in it")
    if size("noise.size") != manifest.noise_size:
        raise wrong(f"'noise.size' is {said['noise']['size']}, but its parts make {manifest.noise_size}")
    table, length = take(said, "alphabet.table", dict), size("alphabet.max_characters")
    if (table, length) != (alphabet.TABLE, alphabet.MAX_CHARACTERS):
        raise UserError(
            f"{path} uses an alphabet that stackgan-k3 {__version__} does not know; install a newer one"
        )
    if take(said, "noise.stream", str) != noise.STREAM:
        raise UserError(
            f"{path} uses the noise stream '{said['noise']['stream']}', and stackgan-k3 {__version__} "
            f"knows only '{noise.STREAM}'; install a newer one"
        )
    return manifest
