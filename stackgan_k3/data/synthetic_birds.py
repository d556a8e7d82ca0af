"""Birds that the package draws itself: the data set that is always there."""

import operator

import numpy as np

from stackgan_k3.data.birds.attributes import CLASSES, class_number, is_test, sample
from stackgan_k3.data.birds.drawing import draw
from stackgan_k3.data.birds.grammar import captions
from stackgan_k3.data.source import Example
from stackgan_k3.errors import UserError

MAX_SIZE = 4096
"""The largest picture that is drawn, in pixels."""


class SyntheticBirds:
    """Drawn birds with ten true captions each and everything that is true of them.

    Example *i* is a pure function of the seed, *i* and the size, drawn from
    counter-based generators (Philox) keyed by (seed, *i*): the same bird at 76 as
    at 304 pixels, and the same whatever the length.

    The class of a picture is the combination of the colours of its body, wings and
    belly: 1,331 classes, named like ``"red body, black wings, white belly"``. Two
    birds of one class may differ in all else, so a caption of one is often, but not
    always, true of the other. The split is by class: the pictures of a tenth of the
    combinations, chosen by a hash and the same for every seed, are the test split
    (about one picture in ten), so its captions name combinations that were never
    seen in training.

    ``attributes`` has the keys and values of ``birds.attributes.VOCABULARY``.

    Args:
        length: Number of examples, at least 1.
        size: Width and height of the pictures in pixels, 16 to ``MAX_SIZE``.
        seed: 0 to 2**63 - 1; each seed gives other birds.

    Raises:
        UserError: If an argument is out of range.

    Example:
        >>> example = SyntheticBirds(3, size=64)[0]
        >>> example.image.shape, len(example.captions), "wing" in example.attributes
        ((64, 64, 3), 10, True)
    """

    name = "synthetic-birds"
    title = "Synthetic birds"
    licence = "CC0-1.0: drawn by this package, free for any use"
    homepage = ""
    classes = CLASSES

    def __init__(self, length: int = 10_000, *, size: int = 256, seed: int = 0) -> None:
        if length < 1:
            raise UserError(f"length is {length}; it must be at least 1")
        if not 16 <= size <= MAX_SIZE:
            raise UserError(f"size is {size}; it must be from 16 to {MAX_SIZE} pixels")
        if not 0 <= seed < 2**63:
            raise UserError(f"seed is {seed}; it must be from 0 to 2**63 - 1")
        self.length = length
        self.size = size
        self.seed = seed

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Example:
        """Draws example ``index``, 0 to ``len(self) - 1``.

        Raises:
            IndexError: If there is no such example.
        """
        number = operator.index(index)
        if not 0 <= number < self.length:
            raise IndexError(f"there is no bird {number}; there are {self.length}")
        # A stream each, so that a change of the words leaves the pictures as they were.
        traits, shapes, words = (self._generator(number, stream) for stream in range(3))
        bird = sample(traits)
        return Example(
            name=f"bird-{self.seed}-{number:07d}",
            image=draw(bird, shapes).render(self.size),
            captions=captions(bird, words),
            label=class_number(bird),
            split="test" if is_test(bird) else "train",
            attributes=bird,
        )

    def _generator(self, number: int, stream: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=[self.seed, stream], counter=[0, 0, number, 0]))
