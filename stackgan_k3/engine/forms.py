"""The forms an upsampling convolution can take, and a way to ask for one."""

from collections.abc import Iterator
from contextlib import contextmanager

from stackgan_k3.errors import unknown

UPSAMPLING_FORMS = ("plain", "phases", "transposed")

_asked: list[str] = []


@contextmanager
def using_upsampling_form(form: str) -> Iterator[None]:
    """Asks for one form of the upsampling convolution while a graph is built.

    All three compute the same function. ``plain`` repeats pixels and convolves
    3 × 3; ``transposed`` is one 4 × 4 transposed convolution with stride 2;
    ``phases`` is four 2 × 2 convolutions, interleaved. The last two need 2.25
    times fewer multiplications.

    Args:
        form: ``"plain"``, ``"phases"`` or ``"transposed"``.

    Raises:
        UserError: If ``form`` is none of the three.

    Example:
        >>> with using_upsampling_form("plain"):
        ...     asked_form()
        'plain'
    """
    if form not in UPSAMPLING_FORMS:
        raise unknown("upsampling form", form, UPSAMPLING_FORMS)
    _asked.append(form)
    try:
        yield
    finally:
        _asked.pop()


def asked_form() -> str | None:
    """Returns the form asked for by the innermost :func:`using_upsampling_form`, if any."""
    return _asked[-1] if _asked else None
