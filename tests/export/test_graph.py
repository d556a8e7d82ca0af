import numpy as np
import pytest
import tensorflow as tf
from stackgan_k3.export.graph import characters_of, noise_of

from stackgan_k3.bundle import alphabet, noise

ODD = {
    "plain": "a small red bird",
    "empty": "",
    "white space": " \t\r\n\v\f ",
    "inner white space": "  a \n\t red\u00a0 \u2009bird\r\n",
    "separators that Python strips": "\x1c\x1d\x1e\x1f\x85a\x85\u2028b\u2029\u3000",
    "capitals and accents": "Ünïcödé ÉTÉ Łódź Straße œuvre Ǻ",
    "typography": "“the bird’s” — ‘wing’ … 2″ − 3",
    "double minus": "a-b-c",
    "another script": "красная птица 赤い鳥 طائر",
    "beyond the table": "a\U0001f426b\U0010ffffc\u2213",
    "nul and control": "a\x00b\x01c\x7f",
    "byte order mark": "\ufeffa bird",
    "combining marks": "e\u0301 n\u0303",
    "zero width": "a\u200bb\u200d",
    "just 201": "x" * 201,
    "too long": "y" * 202,
    "far too long": "z é" * 4000,
    "long white space first": " " * 500 + "a bird",
    "all symbols": alphabet.ALPHABET,
}


@pytest.mark.parametrize("caption", ODD.values(), ids=ODD.keys())
def test_the_graph_reads_a_caption_as_the_alphabet_does(caption):
    got = characters_of(tf.constant([caption.encode()])).numpy()
    assert got.dtype == np.int32
    np.testing.assert_array_equal(got, alphabet.encode([caption]))


def test_a_batch_of_odd_captions_at_once():
    captions = list(ODD.values())
    np.testing.assert_array_equal(characters_of(tf.constant(captions)), alphabet.encode(captions))


def test_every_code_point_of_the_table_is_read():
    captions = [f"({symbol})" for symbol in alphabet.TABLE]
    np.testing.assert_array_equal(characters_of(tf.constant(captions)), alphabet.encode(captions))


@pytest.mark.parametrize(
    "data",
    [
        b"a red \xff bird",
        b"\xe2\x82 abc",
        b"\xed\xa0\x80x",
        b"\xc0\xafx",
        b"\xf8\x88\x80\x80\x80x",
        b"a\xe2\x82",
        b"\x80",
    ],
)
def test_bytes_that_are_not_utf8_are_read_as_python_replaces_them(data):
    np.testing.assert_array_equal(
        characters_of(tf.constant([data])), alphabet.encode([data.decode("utf-8", "replace")])
    )


@pytest.mark.parametrize("count", [1, 4, 7, 228])
def test_the_graph_makes_the_noise_of_a_seed(count):
    seeds = [0, 1, 7, 2**32 - 1, 2**32, 123_456_789_012, noise.MAX_SEED]
    got = noise_of(tf.constant(seeds, tf.int64), count).numpy()
    right = np.stack([noise.normal(seed, 0, count) for seed in seeds])
    assert got.dtype == np.float32
    assert got.shape == right.shape
    # Sines and logarithms of two libraries, in double precision, rounded to single.
    np.testing.assert_allclose(got, right, rtol=2e-7, atol=1e-12)


def test_no_seeds_make_no_noise():
    assert noise_of(tf.zeros([0], tf.int64), 5).shape == (0, 5)
