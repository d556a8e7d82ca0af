"""What a data set is to the rest of the package: a sequence of captioned pictures."""

from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from stackgan_k3.errors import UserError


class BadExample(UserError):  # noqa: N818
    """One item of a source that cannot be used: damaged, tiny, or without captions.

    A preparation lists it as refused and goes on.

    Args:
        name: The item: the file's name within the source, such as ``"jpg/image_00001.jpg"``.
        reason: What is wrong with it, in a few words.

    Example:
        >>> str(BadExample("jpg/image_00001.jpg", "the file is empty"))
        'jpg/image_00001.jpg: the file is empty'
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)  # both as `args`, so that it travels between processes
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class Example:
    """One picture with its captions.

    Args:
        name: A name that is unique within the source.
        image: The picture, uint8 ``[height, width, 3]``, RGB, of any size.
        captions: At least one caption, none of them blank.
        label: Number of the class, an index into ``Source.classes``.
        split: ``"train"`` or ``"test"``.
        attributes: What is known to be true of the picture, such as
            ``{"wing": "black"}``; empty where nothing is known.
        embeddings: The captions' embeddings, float32 ``[captions, T]``, where the data
            set was published with them; T is the same in all of a source.

    Example:
        >>> image = np.zeros((64, 64, 3), np.uint8)
        >>> Example("bird-0", image, ("a black bird",), label=0, split="train").attributes
        {}
    """

    name: str
    image: np.ndarray
    captions: tuple[str, ...]
    label: int
    split: Literal["train", "test"]
    attributes: dict[str, str] = field(default_factory=dict)
    embeddings: np.ndarray | None = None


@runtime_checkable
class Source(Protocol):
    """A data set: a sequence of examples with random access.

    A source is plain to pickle and cheap to open: worker processes receive it
    pickled and ask for any example, in any order. ``source[i]`` is the same
    example whenever and wherever it is asked for.

    Example:
        >>> class Greys:
        ...     name = title = "greys"
        ...     licence = "CC0-1.0"
        ...     homepage = ""
        ...     classes = ("grey",)
        ...     def __len__(self):
        ...         return 256
        ...     def __getitem__(self, index):
        ...         image = np.full((64, 64, 3), index, np.uint8)
        ...         return Example(f"grey-{index}", image, (f"grey number {index}",), 0, "train")
        >>> isinstance(Greys(), Source)
        True
    """

    # Read-only here, so that a class attribute, an instance attribute or a property will do.
    @property
    def name(self) -> str:
        """The name that ``open_source`` knows it by, such as ``"synthetic-birds"``."""
        ...

    @property
    def title(self) -> str:
        """The name for people."""
        ...

    @property
    def licence(self) -> str:
        """The licence of the pictures and captions, as a short sentence."""
        ...

    @property
    def homepage(self) -> str:
        """Where the data set comes from; empty if nowhere."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; ``Example.label`` is an index into them."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Example:
        """Returns example ``index``, 0 to ``len(self) - 1``.

        Raises:
            BadExample: If this item is damaged or has no caption; others may be fine.
            IndexError: If there is no such item.
        """
        ...
