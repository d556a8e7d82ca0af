import numpy as np
import pytest

from stackgan_k3.bundle import alphabet
from stackgan_k3.errors import UserError


def test_the_seventy_symbols_and_their_numbers():
    assert len(alphabet.ALPHABET) == 70
    assert [alphabet.TABLE[c] for c in "az09,} "] == [1, 26, 27, 36, 38, 69, 70]
    assert alphabet.TABLE["-"] == 60  # the second of its two places, not 37
    assert set(alphabet.TABLE.values()) == set(range(1, 71)) - {37}


def test_a_caption_by_hand():
    row = alphabet.encode(["A  red\tBird!\n"])
    assert row.shape == (1, 201)
    assert row.dtype == np.int32
    assert row[0, :11].tolist() == [1, 70, 18, 5, 4, 70, 2, 9, 18, 4, 41]
    assert not row[0, 11:].any()


def test_letters_with_marks_and_typography_are_read_as_the_nearest_symbol():
    fancy = "\u201cCaf\u00e9\u201d \u2013 na\u00efve\u2026 it\u2019s\u00a0\u0141\u00f3d\u017a"
    plain = '"cafe" - naive. it\'s lodz'
    assert (alphabet.encode([fancy]) == alphabet.encode([plain])).all()


def test_letters_with_marks_have_the_number_of_their_base():
    for letters, base in (
        ("ÀÁÂÃÄÅàáâãäåĀăąǍǻȁ", "a"),
        ("ÇçĆĉċČ", "c"),
        ("ñŃņň", "n"),
        ("øØœŌő", "o"),
        ("Žžź", "z"),
    ):
        for letter in letters:
            assert alphabet.TABLE[letter] == alphabet.TABLE[base], letter
    assert "Ǆ" not in alphabet.TABLE  # two letters in one


@pytest.mark.parametrize("character", ["\u9e1f", "\u043f", "\U0001f426", "\x00", "\ufffd", chr(0xD800)])
def test_other_characters_keep_their_place_as_no_symbol(character):
    assert alphabet.encode([f"a{character}b"])[0, :4].tolist() == [1, 0, 2, 0]


def test_only_ascii_white_space_collapses():
    assert alphabet.normalise("\v a \f\r\n b\x1cc\u2003 ") == "a b\x1cc\u2003"


def test_the_first_201_characters_are_read():
    row = alphabet.encode(["ab" * 150])
    assert row[0].tolist() == ([1, 2] * 101)[:201]
    assert (alphabet.encode(["ab" * 100 + "ax"]) == alphabet.encode(["ab" * 100 + "ay"])).all()


def test_encode_wants_a_sequence():
    assert alphabet.encode([]).shape == (0, 201)
    with pytest.raises(UserError, match="not one string"):
        alphabet.encode("a bird")


@pytest.mark.parametrize("caption", ["", "  \n\t"])
def test_an_empty_caption_is_refused(caption):
    with pytest.raises(UserError, match="empty"):
        alphabet.check(caption)


@pytest.mark.parametrize("caption", ["\u9e1f\u9e1f", "\u00a0\u043f \u043f", "\u9e1f" * 201 + " bird"])
def test_a_caption_with_nothing_to_read_is_refused(caption):
    with pytest.raises(UserError, match="no character that is read"):
        alphabet.check(caption)


def test_a_caption_too_long_is_refused_with_both_lengths():
    alphabet.check("x" * 1000)
    with pytest.raises(UserError, match=r"10,000 characters; at most 1,000"):
        alphabet.check("x" * 10_000)


def test_a_caption_must_be_a_string():
    with pytest.raises(UserError, match="not bytes"):
        alphabet.check(b"a bird")
