"""Files of word vectors, written here byte by byte."""

import gzip
import struct

import numpy as np
import pytest

from stackgan_k3.errors import UserError
from stackgan_k3.text.vector_file import read_vectors

VECTORS = {"the": [1, 2, 3], "Red": [4, 5, 6], "red": [0.5, -1, 2], "wing-bar": [9, 9, 9], "bird": [7, 8, 0]}
USABLE = {word: VECTORS[word] for word in ("the", "red", "bird")}


def lines(header, vectors=VECTORS):
    rows = [f"{word} {' '.join(map(str, numbers))}\n" for word, numbers in vectors.items()]
    return (f"{len(vectors)} 3\n" * header + "".join(rows)).encode()


def binary(vectors=VECTORS, newline=b"\n", promised=None):
    rows = [word.encode() + b" " + struct.pack("<3f", *row) + newline for word, row in vectors.items()]
    return f"{promised or len(vectors)} 3\n".encode() + b"".join(rows)


def read(tmp_path, content, wanted=(), most=100):
    path = tmp_path / "vectors"
    path.write_bytes(content)
    return read_vectors(path, set(wanted), most)


@pytest.mark.parametrize(
    "content",
    [lines(True), lines(False), binary(), binary(newline=b""), gzip.compress(binary()),
     lines(False).replace(b"\n", b"\r\n")],
    ids=["word2vec text", "glove", "word2vec binary", "without newlines", "gzipped", "carriage returns"],
)  # fmt: skip
def test_every_format_gives_the_same(tmp_path, content):
    words, vectors = read(tmp_path, content)
    assert vectors.dtype == np.float32
    assert dict(zip(words, vectors.tolist(), strict=True)) == USABLE  # "red" as it is spelt, no hyphens


def test_the_words_of_the_captions_are_kept_and_the_first_besides(tmp_path):
    words, vectors = read(tmp_path, lines(False), wanted={"bird", "blue"}, most=1)
    assert words == ["the", "bird"]
    assert vectors.tolist() == [[1, 2, 3], [7, 8, 0]]


def test_words_that_are_no_text_or_hold_spaces_are_passed_over(tmp_path):
    odd = b"\xff\xfe 1 2 3\n. . . 1 2 3\n" + "r\u00f6t 1 1 1\n".encode()
    assert read(tmp_path, lines(False) + odd)[0] == [*USABLE, "rot"]
    strange = {"\u9ce5": [1, 1, 1], **VECTORS}
    assert read(tmp_path, binary(strange))[0] == list(USABLE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "neither a Word2Vec nor a GloVe file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(200)), "neither a Word2Vec nor a GloVe file"),
        (b"the quick brown fox\n", "neither a Word2Vec nor a GloVe file"),
        (b"5 99999999999\n", "1 to 8,192 numbers"),
        (b"0 3\n", "at least one vector"),
        (lines(True).replace(b"5 3", b"6 3"), "promises 6 vectors and ends after 5"),
        (lines(True).replace(b"5 3", b"4 3"), "more than the 4 vectors that it promises"),
        (lines(False) + b"wing 1 2", "vector 6: it has 2 numbers, and the file began with 3"),
        (lines(False) + b"wing 1 2 x\n", "vector 6: it holds something else than numbers"),
        (lines(False) + b"wing 1 2 nan\n", "vector 6: it holds numbers that are not finite"),
        (binary(promised=6), "promises 6 vectors and ends after 5"),
        (binary(promised=4), "more than the 4 vectors"),
        (binary()[:-8], "ends within vector 5 of 5"),
        (b"9 3\n" + b"\x00" * 9000, "no word ends here"),
        (gzip.compress(lines(True), mtime=0)[:-20], "cut off or damaged"),
        (b"\x1f\x8bnonsense", "cut off or damaged"),
        (b"... 1 2\n", "no word of letters and digits"),
    ],
    # Not of the bytes: a compressed file holds the time, and every worker must name its tests alike.
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_files_that_are_refused(tmp_path, content, message):
    with pytest.raises(UserError, match=message) as refused:
        read(tmp_path, content)
    assert str(tmp_path / "vectors") in str(refused.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"there is no file .*none; text.vectors names"):
        read_vectors(tmp_path / "none", set(), 1)
