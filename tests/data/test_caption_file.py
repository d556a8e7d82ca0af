import pytest

from stackgan_k3.data.caption_file import MAX_CAPTIONS_BYTES, clean_captions, decode_text, read_captions
from stackgan_k3.data.source import BadExample


@pytest.mark.parametrize(
    ("content", "captions"),
    [
        (b"one\ntwo\n", ("one", "two")),
        (b"one\r\ntwo\rthree", ("one", "two", "three")),
        (b"\xef\xbb\xbfa  red\tflower \n\n \n", ("a red flower",)),
        ("a red\u2028bird\n\x0can\x85owl\n".encode(), ("a red bird", "an owl")),
        ("cafe\u0301".encode(), ("café",)),
        (b"d\x92\xe9t\xe9", ("d’été",)),
    ],
)
def test_any_text_gives_its_lines(tmp_path, content, captions) -> None:
    path = tmp_path / "bird one.txt"
    path.write_bytes(content)
    assert read_captions(path, "bird one.txt") == captions


def test_what_is_no_caption_is_refused(tmp_path) -> None:
    path = tmp_path / "bird.txt"
    for content, reason in (
        (b"", "holds no captions"),
        (b" \r\n\t", "holds no captions"),
        (b"a\0b", "not text"),
        (b"a" * (MAX_CAPTIONS_BYTES + 1), "more than 1,048,576 bytes"),
    ):
        path.write_bytes(content)
        with pytest.raises(BadExample, match=f"of a bird: .*{reason}"):
            read_captions(path, "of a bird")
    path.unlink()
    with pytest.raises(BadExample, match="cannot be read: No such file"):
        read_captions(path, "of a bird")


def test_pieces() -> None:
    assert clean_captions(["", " a\nb\u00a0c "]) == ("a b c",)
    assert decode_text(b"\x81") == "\ufffd"
