"""Pictures in a row as one file: a strip, or a GIF that goes there and back."""

import os
from pathlib import Path

from PIL import Image

from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing
from stackgan_k3.inference.drawing import Drawing, check_folder

_STILL = (".png", ".jpg", ".jpeg")


def walk_path(path: str | os.PathLike[str]) -> Path:
    """Checks, before anything is drawn, that a walk can be saved under a name.

    Args:
        path: See `save_walk`.

    Raises:
        UserError: As `save_walk`.

    Example:
        >>> walk_path("walk.mp4")
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: walk.mp4: save as .png or .jpg (a strip), or .gif (it moves)
    """
    target = Path(path)
    if target.suffix.lower() not in (*_STILL, ".gif"):
        raise UserError(f"{path}: save as .png or .jpg (a strip), or .gif (it moves)")
    if target.is_dir():
        raise UserError(f"{path} is a folder; give the name of a file")
    check_folder(target.parent)
    return target


def save_walk(
    drawing: Drawing, path: str | os.PathLike[str], *, previews: bool = False, milliseconds: int = 120
) -> Path:
    """Writes pictures that follow each other, as those of ``interpolate``, as one file.

    Args:
        drawing: The pictures, in order.
        path: ``.png`` or ``.jpg`` for a strip, all in one row; ``.gif`` for one picture after
            the other, there and back again, endlessly.
        previews: Write the sketches instead.
        milliseconds: How long a GIF shows each picture; GIFs count in steps of 10.

    Returns:
        The file written.

    Raises:
        UserError: If the suffix is another, the folder does not exist, or ``milliseconds`` is
            less than 20, which browsers show slower than that.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> pictures = np.zeros((3, 8, 8, 3), np.uint8)
        >>> walk = Drawing(pictures, pictures, ("a bird",) * 3, (5,) * 3, "CPUExecutionProvider")
        >>> with Image.open(save_walk(walk, tempfile.mkdtemp() + "/walk.png")) as strip:
        ...     strip.size
        (32, 8)
    """
    target = walk_path(path)
    if target.suffix.lower() in _STILL:
        return drawing.save(target, columns=len(drawing), previews=previews)[0]
    if milliseconds < 20:
        raise UserError(f"milliseconds is {milliseconds}; a GIF shows each picture for at least 20")
    pictures = drawing.previews if previews else drawing.images
    # A GIF has 256 colours; each picture chooses its own.
    frames = [Image.fromarray(picture).quantize(256) for picture in pictures]
    loop = frames + frames[-2:0:-1]
    with replacing(target) as beside:
        loop[0].save(
            beside, format="GIF", save_all=True, append_images=loop[1:], duration=milliseconds, loop=0
        )
    return target
