"""Words in captions: the layer that finds them by arithmetic against plain Python that splits strings."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.bundle.words import check_known, words_of
from stackgan_k3.errors import UserError
from stackgan_k3.text.word_vectors import WordVectors

KNOWN = ["red", "bird", "s", "cafe", "a" * 32, "b2", "x"]
CAPTIONS = [
    "A red, RED bird!",
    "r\u00e9d caf\u00e9-bird's \u9ce5 b2 2b b",
    "a" * 32 + " " + "a" * 33 + " red",
    "",
    "nothing here",
    "red " * 100,
    "x" * 200 + " red",
    "x",
]


def encoder(seed=0, words=KNOWN, size=5):
    model = WordVectors(words, size)
    vectors = np.random.default_rng(seed).normal(size=(len(words), size)).astype("float32")
    model.set_vectors(vectors)
    return model, dict(zip(words, vectors, strict=True))


def averaged(caption, vectors, size=5):
    known = [vectors[word] for word in words_of(caption) if word in vectors]
    return np.mean(known, axis=0) if known else np.zeros(size)


def embedded(model, captions):
    return keras.ops.convert_to_numpy(model(encode(captions), training=False))


def test_the_average_is_that_of_the_words_that_python_finds():
    model, vectors = encoder()
    right = np.stack([averaged(caption, vectors) for caption in CAPTIONS])
    assert right.any(axis=1).tolist() == [True, True, True, False, False, True, False, True]
    np.testing.assert_allclose(embedded(model, CAPTIONS), right, atol=1e-6)


def test_thousands_of_words_are_told_apart():
    rng = np.random.default_rng(1)
    letters = np.array(list("abcdeflmnort012"))
    words = sorted({"".join(rng.choice(letters, rng.integers(1, 8))) for _ in range(6000)})
    model, vectors = encoder(2, words)
    captions = [" ".join(rng.choice(words, 30)) for _ in range(40)]
    right = np.stack([averaged(caption, vectors) for caption in captions])
    np.testing.assert_allclose(embedded(model, captions), right, atol=1e-6)
    # What is no word of these is not taken for one, though it is made of their letters.
    others = ["".join(rng.choice(letters, 6)) for _ in range(300)]
    others = [word for word in others if word not in vectors]
    np.testing.assert_array_equal(embedded(model, others), 0.0)


def test_calibrated_embeddings_have_mean_0_and_unit_size():
    model, _ = encoder(3)
    captions = ["red bird", "red red bird", "x bird", "cafe", "b2 x red", "unknown"]
    before = embedded(model, captions)
    model.calibrate(encode(captions))
    after = embedded(model, captions)
    np.testing.assert_allclose(after[:5].mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(np.square(after[:5]).mean(), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(after[5], 0.0)  # the mean caption
    ratio = (before[0] - before[1]) / (after[0] - after[1])
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-4)  # one number for all
    with pytest.raises(UserError, match="do not differ"):
        model.calibrate(encode(["red", "red"]))


def test_it_saves_and_loads_as_one_file(tmp_path):
    model, _ = encoder(4)
    model.save(tmp_path / "words.keras")
    again = keras.saving.load_model(tmp_path / "words.keras")
    np.testing.assert_array_equal(embedded(again, CAPTIONS), embedded(model, CAPTIONS))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no words"),
        (["red", "red"], "cannot be told apart"),
        (["Red"], "'Red' is no word"),
        (["two words"], "is no word"),
        (["a" * 33], "is no word"),
    ],
)
def test_a_vocabulary_that_cannot_be(words, message):
    with pytest.raises(UserError, match=message):
        WordVectors(words, 3)


def test_vectors_of_another_shape_are_refused():
    with pytest.raises(UserError, match=r"shape \[2, 5\]; it must be \[7, 5\]"):
        encoder()[0].set_vectors(np.zeros((2, 5)))


def test_a_caption_without_a_known_word_is_refused_with_its_words():
    check_known(["a red bird", "birds"], set())  # an encoder of characters
    check_known(["the RED one"], {"red"})
    with pytest.raises(UserError, match="known: ein, roter; words that are: bird, red"):
        check_known(["a red", "ein roter"], {"red", "bird"})
    with pytest.raises(UserError, match="it has none"):
        check_known(["!!!"], {"red"})


def test_the_rule_needs_no_keras():
    code = "import sys, json, stackgan_k3.bundle.words; print(json.dumps([*sys.modules]))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert "keras" not in loaded and "stackgan_k3.bundle.words" in loaded
