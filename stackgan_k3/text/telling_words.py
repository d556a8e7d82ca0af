"""The words of captions that tell something of their picture, and those that stand in any caption."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.bundle.words import words_among
from stackgan_k3.text.word_pairs import said_in

MOST = 4096
"""How many words and pairs are kept at most: those that are said most often."""

_LIFT = 1.5
_LEAST = 2 / 3000  # in so many of the captions at least


class TellingWords:
    """Words, and pairs of words near each other, that the captions of one picture agree on.

    A caption is its picture's by some of its words and could be any picture's by the others: of ten
    captions of a red bird, most say *red* and some *this*. A word tells when two captions of one picture
    both say it more often than two captions of different pictures would: ``P(both say it) / P(one says
    it)²``, the lift of association rules (Brin et al., 1997), is 1 for *this* and at least 1.5 for what
    is kept.

    Args:
        names: The words, and pairs with a space between.

    Example:
        >>> pictures = [["a red bird", "the bird is red"], ["a blue bird", "the bird is blue"]]
        >>> words = TellingWords.found(pictures)
        >>> words.names
        ('blue', 'red')
        >>> words.said(["it is red, not bluish", "nothing of the kind"]).tolist()
        [[0.0, 1.0], [0.0, 0.0]]
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._numbers = {name: number for number, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def found(cls, pictures: Iterable[Sequence[str]]) -> "TellingWords":
        """Finds the telling words of a data set.

        Args:
            pictures: The captions of each picture.

        Returns:
            Its telling words in alphabetical order; where no picture has two captions, which could agree,
            all words that are said often enough.
        """
        said: Counter[str] = Counter()
        twice: Counter[str] = Counter()
        captions = pairs = 0
        for lines in pictures:
            here = Counter(name for words in _said(lines) for name in words)
            captions += len(lines)
            pairs += len(lines) * (len(lines) - 1)
            said.update(here)
            twice.update({name: count * (count - 1) for name, count in here.items() if count > 1})
        often = [name for name, count in said.items() if count >= max(_LEAST * captions, 2)]
        if pairs:
            often = [n for n in often if twice[n] / pairs >= _LIFT * (said[n] / captions) ** 2]
        return cls(sorted(sorted(often, key=lambda name: (-said[name], name))[:MOST]))

    def said(self, captions: Sequence[str]) -> np.ndarray:
        """Says which of the words each caption says: float32 ``[N, len(self)]``, zeros and ones."""
        marks = np.zeros((len(captions), len(self)), np.float32)
        for row, words in zip(marks, _said(captions), strict=True):
            row[[self._numbers[name] for name in words if name in self._numbers]] = 1.0
        return marks


def _said(captions: Sequence[str]) -> list[set[str]]:
    return [set(said_in(words_among(numbers))) for numbers in encode(list(captions))]
