"""Which features of pictures a measurement compares, as one word of a command line or a setting."""

from typing import Literal, NamedTuple, get_args

from stackgan_k3.errors import UserError, unknown

Range = Literal["0..255", "0..1", "-1..1", "imagenet"]

RANGES: tuple[Range, ...] = get_args(Range)
"""What the input of an ONNX extractor is made of bytes: as they are, divided, centred, or normalized by
the mean and deviation of ImageNet's channels."""

_KINDS = ("probe", "inception", "onnx", "pixels")


class FeaturesChoice(NamedTuple):
    """An extractor of features.

    Args:
        kind: ``"probe"``, ``"inception"``, ``"onnx"`` or ``"pixels"``.
        path: Folder of the probe, file of the weights or of the graph; empty for what needs none.
        range: One of :data:`RANGES`, for an ONNX graph with a float input; empty where none was given.

    Example:
        >>> FeaturesChoice("pixels").path
        ''
    """

    kind: str
    path: str = ""
    range: str = ""


def parse_features(text: str) -> FeaturesChoice:
    """Reads which features are asked for.

    Args:
        text: ``probe=DIR``, ``inception``, ``inception=WEIGHTS``, ``onnx=FILE``, ``onnx=FILE@RANGE`` or
            ``pixels``.

    Raises:
        UserError: If it is none of them.

    Example:
        >>> parse_features("onnx=eye.onnx@-1..1")
        FeaturesChoice(kind='onnx', path='eye.onnx', range='-1..1')
    """
    kind, _, path = text.strip().partition("=")
    if kind not in _KINDS:
        raise unknown("kind of features", kind, _KINDS)
    scale = ""
    if kind == "onnx" and "@" in path.replace("\\", "/").rpartition("/")[2]:  # not in a folder's name
        path, _, scale = path.rpartition("@")
        if scale not in RANGES:
            raise unknown("range", scale, RANGES)
    if kind in ("probe", "onnx") and not path:
        raise UserError(
            f"features={kind} lacks its path; write {kind}={'DIR' if kind == 'probe' else 'FILE'}"
        )
    if kind == "pixels" and path:
        raise UserError(f"features=pixels takes no path, but {path} is given; leave it out")
    return FeaturesChoice(kind, path, scale)
