"""One prepared example: a msgpack map with its pictures as JPEG, tiny ones as PNG."""

from dataclasses import dataclass, field

import msgpack
import numpy as np

from stackgan_k3.data.pictures import decode, encode_jpeg, encode_png, square
from stackgan_k3.data.source import Example
from stackgan_k3.errors import UserError

FORMAT_VERSION = 1
"""Version of the prepared data sets that this package writes, and the newest that it reads."""

SIZES = (28, 64, 128, 256)
"""Sizes in pixels that a data set can be prepared at."""


def margin_size(size: int) -> int:
    """Returns the side at which a picture is stored so that ``size`` pixels can be cropped at random.

    The ratio is 76 / 64, that of the published StackGAN code. At 28 px there is no
    margin: a digit that is cropped or moved is another digit.

    Args:
        size: Side of the crops in pixels.

    Returns:
        Side of the stored picture in pixels.

    Example:
        >>> [margin_size(size) for size in (28, 64, 128, 256)]
        [28, 76, 152, 304]
    """
    return size if size == 28 else round(size * 76 / 64)


def stored_sizes(size: int) -> tuple[int, ...]:
    """Returns the crop sizes that a set prepared at ``size`` holds pictures for: 64 and its own.

    At 28 px only its own.

    Example:
        >>> stored_sizes(28), stored_sizes(64), stored_sizes(256)
        ((28,), (64,), (64, 256))
    """
    return (size,) if size <= 64 else (64, size)


@dataclass(frozen=True)
class Record:
    """One example of a prepared set.

    Args:
        index: Number of the record in its split, counted from 0.
        name: The name the source gave it.
        captions: At least one caption.
        label: Number of the class, an index into ``records.info["classes"]``.
        attributes: What is known to be true of the picture; often empty.
        encoded: The stored pictures, by the size that they are cropped to: JPEG, at 28 px PNG.
        embeddings: The captions' embeddings, float32 ``[captions, T]``, read-only, where the
            data set was published with them. Not compared by ``==``.

    Example:
        >>> example = Example("grey", np.full((300, 200, 3), 90, np.uint8), ("a grey square",), 0, "train")
        >>> record = Record.unpack(0, Record.pack(example, 64))
        >>> record.captions, record.picture(64).shape
        (('a grey square',), (76, 76, 3))
    """

    index: int
    name: str
    captions: tuple[str, ...]
    label: int
    attributes: dict[str, str]
    encoded: dict[int, bytes]
    embeddings: np.ndarray | None = field(default=None, compare=False)

    def picture(self, size: int) -> np.ndarray:
        """Decodes the picture that crops of ``size`` pixels are taken from.

        Args:
            size: The size the set was prepared at or, if that is larger, 64.

        Returns:
            uint8 ``[margin_size(size), margin_size(size), 3]``, RGB, read-only.

        Raises:
            UserError: If the set holds no picture for that size, or it is damaged.
        """
        if size not in self.encoded:
            held = " and ".join(str(held) for held in sorted(self.encoded))
            raise UserError(f"this set holds pictures for {held} px, not for {size}; "
                            f"prepare it again with --size {size}")  # fmt: skip
        try:
            return decode(self.encoded[size])
        except OSError as error:
            raise UserError(
                f"the picture of record {self.index} ({self.name}) is damaged ({error}); "
                "prepare the set again"
            ) from error

    @staticmethod
    def pack(example: Example, size: int) -> bytes:
        """Returns the bytes of a record: the example, its picture cropped and at each stored size.

        Args:
            example: The example, its image of any size.
            size: The size to prepare for, one of ``SIZES``.

        Returns:
            A msgpack map with ``name``, ``captions``, ``label``, ``attributes``,
            ``jpegs`` (size as a string to the bytes of a JPEG file, at 28 px of a PNG
            file) and, where there are any, ``embeddings`` (little-endian float32, one
            caption after the other).
        """
        encoded = {}
        for each in stored_sizes(size):
            picture = square(example.image, margin_size(each))
            encoded[str(each)] = encode_png(picture) if each == 28 else encode_jpeg(picture)
        entry = {
            "name": example.name,
            "captions": list(example.captions),
            "label": int(example.label),
            "attributes": dict(sorted(example.attributes.items())),
            "jpegs": encoded,
        }
        if example.embeddings is not None:
            entry["embeddings"] = np.ascontiguousarray(example.embeddings, "<f4").tobytes()
        packed: bytes = msgpack.packb(entry)
        return packed

    @staticmethod
    def unpack(index: int, content: bytes) -> "Record":
        """Returns the record that ``pack`` wrote.

        Args:
            index: The record's number in its split.
            content: The bytes.

        Returns:
            The record; its pictures are decoded when asked for.

        Raises:
            ValueError, KeyError or TypeError: If they are not what ``pack`` writes.
        """
        entry = msgpack.unpackb(content)
        embeddings = entry.get("embeddings")
        if embeddings is not None:
            embeddings = np.frombuffer(embeddings, "<f4").reshape(len(entry["captions"]), -1)
        return Record(
            index,
            entry["name"],
            tuple(entry["captions"]),
            entry["label"],
            entry["attributes"],
            {int(size): picture for size, picture in entry["jpegs"].items()},
            embeddings,
        )
