"""Errors for people."""

import pytest

from stackgan_k3.errors import UserError, unknown


def test_a_user_error_is_a_value_error():
    with pytest.raises(ValueError, match="batch_size is 0"):
        raise UserError("batch_size is 0; it must be at least 1")


@pytest.mark.parametrize(
    ("given", "nearest"),
    [("stackgan-tinny", "stackgan-tiny"), ("stackgan_coco", "stackgan-coco")],
)
def test_the_nearest_name_is_offered(given, nearest):
    message = str(unknown("preset", given, ["stackgan-tiny", "stackgan-coco"]))
    assert message.startswith(f"unknown preset '{given}'; did you mean '{nearest}'?")


def test_nothing_is_offered_where_nothing_is_near():
    message = str(unknown("source", "zzzzzz", ["synthetic-birds", "oxford-flowers"]))
    assert message == "unknown source 'zzzzzz'. Known: oxford-flowers, synthetic-birds"
