"""Data sets of Hugging Face's ``datasets``: saved on disk, or named on the hub."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from stackgan_k3.data.caption_file import clean_captions
from stackgan_k3.data.inside import inside
from stackgan_k3.data.pictures import open_picture
from stackgan_k3.data.portions import in_test_split, limited
from stackgan_k3.data.source import BadExample, Example
from stackgan_k3.errors import UserError, unknown

CAPTION_COLUMNS = ("text", "caption", "captions")
"""The columns that are taken for the captions where none is named, the first that is there."""

TEST_SPLITS = ("test", "validation", "valid", "val", "dev", "eval")
"""Splits that become the test split; all others become the training split."""

_HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?(:[\w.-]+)?", re.ASCII)


class HuggingFace:
    """A data set of the library ``datasets``, with a column of pictures and one of captions.

    ``root`` is a folder that ``save_to_disk`` wrote (a ``Dataset`` or a ``DatasetDict``) or,
    if there is no such folder, a name on the hub such as ``"user/set"`` or
    ``"user/set:configuration"``, which ``datasets`` downloads to its own cache. The tables
    stay on disk; a row is read when it is asked for. The library is the extra ``huggingface``.

    Pictures are the bytes in the column (decoded as every other source's are), or files
    within the saved folder, or in the library's cache for sets of the hub. A
    column of class labels, if there is one alone or one called ``label``, gives the classes.
    Splits called ``test``, ``validation``, ``valid``, ``val``, ``dev`` or ``eval`` become
    the test split; if that leaves a split empty, a tenth of the rows is the test split, by
    the SHA-256 of ``"<seed>/<split>/<row>"``.

    Args:
        root: The folder, or a name on the hub.
        seed: Chooses the test split where the set has none.
        limit: Take only this many rows, evenly of the classes and of each split its share.
        image_column: The column of the pictures; the only one of that kind by default.
        caption_column: The column of the captions, strings or lists of strings; by default
            the first of ``text``, ``caption`` and ``captions`` that is there.

    Raises:
        UserError: If the set or a column is missing or damaged, or ``datasets`` is not installed.

    Example:
        >>> import tempfile
        >>> import datasets, PIL.Image
        >>> datasets.disable_progress_bars()
        >>> pictures = [PIL.Image.new("RGB", (64, 64))] * 2
        >>> data = datasets.Dataset.from_dict({"photo": pictures, "text": ["a black square", "night"]})
        >>> folder = tempfile.mkdtemp()
        >>> data.save_to_disk(folder)
        >>> HuggingFace(folder)[1].captions
        ('night',)
    """

    name = "huggingface"

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        seed: int = 0,
        limit: int | None = None,
        image_column: str | None = None,
        caption_column: str | None = None,
    ) -> None:
        splits, self._folders = _load(root)
        first = next(iter(splits.values()))
        for split, data in splits.items():
            if data.features != first.features:
                raise UserError(f"the splits of {root} differ in their columns ('{split}' from the first)")
        self.title = Path(root).name
        self.licence = first.info.license or "as its authors say"
        self.homepage = first.info.homepage or ""
        self._image = _image_column(first.features, image_column, root)
        self._caption = _caption_column(first.features, caption_column, root)
        self._label = _label_column(first.features)
        self.classes = tuple(first.features[self._label].names) if self._label else ("picture",)
        self._splits = list(splits)
        self._data = [_narrow(data, self._image, self._caption, self._label) for data in splits.values()]
        self._starts = np.cumsum([0, *map(len, self._data)])
        if not self._starts[-1]:
            raise UserError(f"{root} has no rows")
        self._rows, self._test = self._choose(seed, limit)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Example:
        """Returns example ``index``; see ``Source``.

        Raises:
            BadExample: If the row is damaged, or lacks its picture, caption or class.
        """
        number, row = self._place(int(self._rows[index]))
        name = f"{self._splits[number]}/{row}"
        try:
            values = self._data[number][row]
        except Exception as error:  # a damaged table can make its reader raise anything
            raise BadExample(name, f"the row is damaged: {error or type(error).__name__}") from error
        captions = values[self._caption]
        captions = captions if isinstance(captions, list) else [captions]
        captions = clean_captions(caption for caption in captions if caption is not None)
        if not captions:
            raise BadExample(name, f"its column '{self._caption}' is empty")
        label = values[self._label] if self._label else 0
        if label is None or not 0 <= label < len(self.classes):
            raise BadExample(name, f"its column '{self._label}' is {label}, which is no class")
        image = open_picture(self._picture(values[self._image], name), name=name)
        return Example(name, image, captions, label, "test" if self._test[index] else "train")

    def _picture(self, value: Any, name: str) -> bytes | Path:
        content = value.get("bytes") if isinstance(value, dict) else value
        if content is not None:
            return bytes(content)
        path = value.get("path") if isinstance(value, dict) else None
        if path is None:
            raise BadExample(name, f"its column '{self._image}' is empty")
        for folder in self._folders:
            try:
                return inside(folder, path)
            except BadExample:
                continue
        raise BadExample(
            name, f"its picture is a file elsewhere, {path}; save_to_disk can put it into the set"
        )

    def _choose(self, seed: int, limit: int | None) -> tuple[np.ndarray, np.ndarray]:
        count = int(self._starts[-1])
        test = np.repeat([split.lower() in TEST_SPLITS for split in self._splits], np.diff(self._starts))
        if test.all() or not test.any():
            places = map(self._place, range(count))
            test = in_test_split((f"{self._splits[number]}/{row}" for number, row in places), seed)
        labels = np.zeros(count, np.int64)
        if self._label and limit is not None:
            values = (value for data in self._data for value in data[self._label])
            labels = np.fromiter((-1 if value is None else value for value in values), np.int64)
        rows = limited(labels, test, limit)
        return rows, test[rows]

    def _place(self, number: int) -> tuple[int, int]:
        part = int(np.searchsorted(self._starts, number, "right")) - 1
        return part, number - int(self._starts[part])


def _load(root: str | os.PathLike[str]) -> tuple[dict[str, Any], list[str]]:
    """Returns the splits by name, and the folders that their pictures may lie in."""
    try:
        import datasets
    except ModuleNotFoundError:
        raise UserError("the source huggingface needs the library datasets: "
                        "pip install 'stackgan-k3[huggingface]'") from None  # fmt: skip
    if Path(root).is_dir():
        if not any((Path(root) / name).is_file() for name in ("dataset_dict.json", "state.json")):
            raise UserError(f"{root} was not written by save_to_disk: it holds neither dataset_dict.json nor "
                            "state.json; for other folders of pictures there is image-folder")  # fmt: skip
        try:
            data, folders = datasets.load_from_disk(os.fspath(root)), [os.path.realpath(root)]
        except Exception as error:  # damaged files can make their readers raise anything
            raise UserError(
                f"{root} cannot be opened by datasets: {error or type(error).__name__}"
            ) from error
    else:
        name = os.fspath(root)
        if not _HUB_NAME.fullmatch(name):
            raise UserError(
                f"there is no folder {name}, and it cannot be a name on the hub, such as user/set"
            )
        try:
            data = datasets.load_dataset(*name.split(":"))
        except Exception as error:  # of the network, of the hub, of the set's own files
            raise UserError(
                f"there is no folder {name}, and from the hub it could not be loaded: {error}"
            ) from error
        from huggingface_hub.constants import HF_HUB_CACHE

        folders = [str(datasets.config.HF_DATASETS_CACHE), HF_HUB_CACHE]
    splits = dict(data) if isinstance(data, dict) else {"data": data}
    if not splits:
        raise UserError(f"{root} has no splits")
    return splits, folders


def _narrow(data: Any, image: str, caption: str, label: str | None) -> Any:
    """The three columns of a table, its pictures left as bytes or paths."""
    from datasets import Image

    data = data.with_format(None).select_columns([column for column in (image, caption, label) if column])
    if isinstance(data.features[image], Image):
        data = data.cast_column(image, Image(decode=False))
    return data


def _image_column(features: Any, name: str | None, root: object) -> str:
    from datasets import Image

    found = [column for column, feature in features.items() if isinstance(feature, Image)]
    if name is None:
        if len(found) == 1:
            return found[0]
        how = f"more than one column of pictures ({', '.join(found)})" if found else "no column of pictures"
        raise UserError(f"{root} has {how}; name the one to take with --image-column. "
                        f"Columns: {', '.join(features)}")  # fmt: skip
    if name not in features:
        raise unknown("image column", name, features)
    if name not in found and getattr(features[name], "dtype", "") not in ("binary", "large_binary"):
        raise UserError(f"the column '{name}' of {root} holds no pictures but {features[name]}")
    return name


def _caption_column(features: Any, name: str | None, root: object) -> str:
    if name is None:
        name = next((column for column in CAPTION_COLUMNS if column in features), None)
        if name is None:
            known = ", ".join(CAPTION_COLUMNS)
            raise UserError(f"{root} has no column of captions ({known}); name one with --caption-column. "
                            f"Columns: {', '.join(features)}")  # fmt: skip
    if name not in features:
        raise unknown("caption column", name, features)
    feature = features[name]
    feature = getattr(feature, "feature", feature)  # of a list
    if getattr(feature, "dtype", "") not in ("string", "large_string", "string_view"):
        raise UserError(f"the column '{name}' of {root} holds no captions but {features[name]}")
    return name


def _label_column(features: Any) -> str | None:
    from datasets import ClassLabel

    found = [column for column, feature in features.items() if isinstance(feature, ClassLabel)]
    return found[0] if len(found) == 1 else "label" if "label" in found else None
