"""The noise of a picture: a stream that any language can repeat from a seed.

Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
SC 2011, then the Box-Muller transform in double precision.
"""

import operator

import numpy as np

from stackgan_k3.errors import UserError

STREAM = "philox4x32-10/box-muller"
"""The name under which ``bundle.json`` refers to this stream."""

MAX_SEED = 2**63 - 1
"""The largest seed (the SavedModel takes it as a signed 64-bit integer)."""

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def check_seed(seed: int) -> int:
    """Returns a seed as a plain int.

    Args:
        seed: Any integer type.

    Raises:
        UserError: If it is not an integer from 0 to 2**63 - 1.

    Example:
        >>> check_seed(7)
        7
    """
    try:
        if isinstance(seed, bool):
            raise TypeError
        number = operator.index(seed)
    except TypeError:
        raise UserError(f"a seed must be an integer, not {type(seed).__name__}") from None
    if not 0 <= number <= MAX_SEED:
        raise UserError(f"seed {number} is out of range; seeds go from 0 to 2**63 - 1 ({MAX_SEED})")
    return number


def philox4x32_10(counters: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """Applies the ten rounds of Philox4x32 to many counters at once.

    Args:
        counters: uint32 ``[n, 4]``, each row one 128-bit counter, low word first.
        key: The two 32-bit words of the key, low word first.

    Returns:
        uint32 ``[n, 4]``.

    Example:
        >>> [hex(word) for word in philox4x32_10(np.zeros((1, 4), np.uint32), (0, 0))[0]]
        ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = counters.astype(np.uint64).T
    for turn in range(10):
        k0, k1 = (np.uint64((word + turn * step) & 0xFFFFFFFF) for word, step in zip(key, _WEYL, strict=True))
        first, second = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (second >> _HALF) ^ c1 ^ k0, second & _LOW, (first >> _HALF) ^ c3 ^ k1, first & _LOW
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


def philox4x32(key: int, blocks: int) -> np.ndarray:
    """Returns the first blocks of the stream of a key: block *b* has *b* as its counter.

    Args:
        key: 0 to 2**64 - 1; its low 32 bits are the first word of the key.
        blocks: How many blocks of four words.

    Returns:
        uint32 ``[blocks, 4]``.

    Example:
        >>> philox4x32(0, 2).shape
        (2, 4)
    """
    numbers = np.arange(blocks, dtype=np.uint64)
    counters = np.zeros((blocks, 4), np.uint32)
    counters[:, 0] = numbers & _LOW
    counters[:, 1] = numbers >> _HALF
    return philox4x32_10(counters, (key & 0xFFFFFFFF, key >> 32))


def normal(seed: int, index: int, count: int) -> np.ndarray:
    """Draws the noise of one picture.

    Each block of four words, as ``u = (word + 0.5) / 2**32``, gives four values:
    ``r cos a, r sin a`` with ``r = sqrt(-2 ln u0)``, ``a = 2 pi u1``, and the same of
    ``u2, u3``; all in double precision, rounded once to float32.

    Args:
        seed: Seed of the request, 0 to 2**63 - 1.
        index: Number of the picture in the request, from 0.
        count: How many values.

    Returns:
        float32 ``[count]``, N(0, 1). The first values do not depend on ``count``.

    Raises:
        UserError: If the seed is out of range, or ``index`` or ``count`` negative.

    Example:
        >>> bool((normal(5, 2, 8) == normal(7, 0, 8)).all())
        True
    """
    if index < 0 or count < 0:
        raise UserError(f"index and count must not be negative; got {index} and {count}")
    key = (check_seed(seed) + index) % 2**64
    uniform = (philox4x32(key, -(-count // 4)).astype(np.float64) + 0.5) / 2.0**32
    radius = np.sqrt(-2.0 * np.log(uniform[:, 0::2]))
    angle = 2.0 * np.pi * uniform[:, 1::2]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return pairs.astype(np.float32).reshape(-1)[:count]
