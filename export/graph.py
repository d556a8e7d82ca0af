"""A caption and a seed as TensorFlow operations: the rules of ``stackgan_k3.bundle``, in a graph."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from stackgan_k3.bundle.alphabet import MAX_CHARACTERS, TABLE

_PHILOX = 1  # tf.random.Algorithm.PHILOX: Philox4x32-10


def characters_of(text: Any) -> Any:
    """Does in a graph what ``bundle.alphabet.encode`` does.

    Bytes that are not UTF-8 count as U+FFFD, as in Python's
    ``bytes.decode("utf-8", "replace")``, and so as "no symbol".

    Args:
        text: String tensor ``[batch]``.

    Returns:
        int32 ``[batch, 201]``.

    Example:
        >>> characters_of(tf.constant(["A red bird"]))[0, :3].numpy().tolist()
        [1, 70, 18]
    """
    table = np.zeros(max(map(ord, TABLE)) + 1, np.int32)
    for symbol, number in TABLE.items():
        table[ord(symbol)] = number
    valid = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
    normal = tf.strings.strip(tf.strings.regex_replace(valid, "[\\t\\n\\v\\f\\r ]+", " "))
    codes = tf.strings.unicode_decode(normal, "UTF-8").to_tensor(shape=[None, MAX_CHARACTERS])
    # Place 0 of the table is 0, "no symbol", like everything beyond its end.
    return tf.gather(tf.constant(table), tf.where(codes < len(table), codes, 0))


def noise_of(seed: Any, count: int) -> Any:
    """Does in a graph what ``bundle.noise.normal(seed, 0, count)`` does, for each row.

    Args:
        seed: int64 ``[batch]``; a negative seed is taken modulo 2**64.
        count: Values a row.

    Returns:
        float32 ``[batch, count]``, N(0, 1).

    Example:
        >>> noise_of(tf.constant([7], tf.int64), 3).shape.as_list()
        [1, 3]
    """
    blocks = math.ceil(count / 4)

    def words(key: Any) -> Any:
        return tf.raw_ops.StatelessRandomUniformFullIntV2(
            shape=[4 * blocks],
            key=key[tf.newaxis],
            counter=tf.zeros([2], tf.uint64),
            alg=_PHILOX,
            dtype=tf.uint32,
        )

    keys = tf.bitcast(seed, tf.uint64)
    bits = tf.map_fn(words, keys, fn_output_signature=tf.TensorSpec([4 * blocks], tf.uint32))
    uniform = (tf.cast(bits, tf.float64) + 0.5) / 2.0**32
    radius = tf.sqrt(-2.0 * tf.math.log(uniform[:, 0::2]))
    angle = 2.0 * math.pi * uniform[:, 1::2]
    pairs = tf.stack([radius * tf.cos(angle), radius * tf.sin(angle)], axis=-1)
    return tf.cast(tf.reshape(pairs, [-1, 4 * blocks])[:, :count], tf.float32)
