import numpy as np
import pytest

from stackgan_k3.data.whole import MAX_SEED, one_of, whole
from stackgan_k3.errors import UserError


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_numbers_become_pythons_own(value) -> None:
    assert type(whole("limit", value, 1)) is int
    assert type(one_of("size", value, (3, 4))) is int


@pytest.mark.parametrize("value", ["3", 3.0, 3.5, True, None, [3], np.float64(3)])
def test_what_is_no_whole_number_is_named(value) -> None:
    with pytest.raises(UserError, match=r"limit is .*; it must be a whole number, from 1 to 1,000$"):
        whole("limit", value, 1, 1000)
    with pytest.raises(UserError, match=r"size is .*; it must be one of 3, 4$"):
        one_of("size", value, (3, 4))


def test_ranges() -> None:
    assert whole("seed", MAX_SEED, 0, MAX_SEED) == 2**63 - 1
    with pytest.raises(UserError, match=r"^seed is 9223372036854775808; it must be from 0 to 2\*\*63 - 1$"):
        whole("seed", 2**63, 0, MAX_SEED)
    with pytest.raises(UserError, match=r"^workers is 0; it must be at least 1$"):
        whole("workers", 0, 1)
    with pytest.raises(UserError, match=r"^size is 5; it must be one of 3, 4$"):
        one_of("size", 5, (3, 4))
