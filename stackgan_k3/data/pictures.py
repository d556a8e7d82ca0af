"""Any picture file to RGB bytes, and back: opening safely, cropping, JPEG and PNG."""

import io
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from stackgan_k3.data.source import BadExample

MIN_SIDE = 16
"""Pictures with a shorter side than this many pixels are refused."""

MAX_PIXELS = 64_000_000
"""Pictures with more pixels than this are refused before they are decoded."""

MAX_BYTES = 256 * 1024 * 1024
"""Files larger than this are refused unread."""

# Pillow would hand an EPS file to Ghostscript, and knows many formats nobody photographs in.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM")


def open_picture(
    source: str | os.PathLike[str] | bytes,
    *,
    name: str | None = None,
    background: tuple[int, int, int] = (255, 255, 255),
) -> np.ndarray:
    """Opens a picture of almost any kind as RGB.

    Grey, palette, CMYK, 16-bit and bilevel pictures are converted; transparent
    ones are laid over a colour; of an animation the first frame is taken; the EXIF
    orientation is applied. Colour profiles are ignored.

    Args:
        source: The file, or its content. JPEG, PNG, GIF, WebP, BMP, TIFF or PPM.
        name: The name to use in errors; the path by default.
        background: What transparent pictures are laid over, RGB, 0 to 255; white by default.

    Returns:
        uint8 ``[height, width, 3]``, RGB, both sides at least ``MIN_SIDE``.

    Raises:
        BadExample: If there is no such file, it is not a picture, it is
            truncated or damaged, too small, or too large (``MAX_PIXELS``).

    Example:
        >>> grey = io.BytesIO()
        >>> Image.new("L", (20, 30), 128).save(grey, "PNG")
        >>> open_picture(grey.getvalue(), name="grey.png").shape
        (30, 20, 3)
    """
    if isinstance(source, bytes):
        name, content = name or "picture", source
    else:
        name = name or str(source)
        content = _read(Path(source), name)
    if not content:
        raise BadExample(name, "the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of bombs (checked below) and of odd metadata
            with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
                width, height = picture.size
                if min(width, height) < MIN_SIDE:
                    raise BadExample(name, f"{width}x{height} pixels; each side must have {MIN_SIDE} or more")
                if width * height > MAX_PIXELS:
                    raise BadExample(name, f"{width}x{height} pixels; at most {MAX_PIXELS:,} are opened")
                if picture.format == "TIFF" and picture.mode == "I":
                    raise BadExample(name, "32 bits a pixel, whose range is not known")
                picture.load()
                return np.asarray(_rgb(_upright(picture), name, background))
    except BadExample:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own limit, when the header says still more
        raise BadExample(name, f"far too many pixels, at most {MAX_PIXELS:,} are opened ({error})") from None
    except UnidentifiedImageError:
        raise BadExample(name, f"not a picture that can be read ({', '.join(_FORMATS)})") from None
    except Exception as error:  # a damaged file can make a decoder raise anything
        raise BadExample(name, f"the picture is damaged: {error or type(error).__name__}") from error


def square(image: np.ndarray, size: int) -> np.ndarray:
    """Crops the largest centred square and resizes it, antialiased (Lanczos).

    Args:
        image: uint8 ``[height, width, 3]``.
        size: Side of the result in pixels.

    Returns:
        uint8 ``[size, size, 3]``.

    Example:
        >>> square(np.zeros((30, 50, 3), np.uint8), 76).shape
        (76, 76, 3)
    """
    height, width = image.shape[:2]
    if height == width == size:
        return image
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    picture = Image.fromarray(np.ascontiguousarray(image[top : top + side, left : left + side]))
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))


def encode_jpeg(image: np.ndarray) -> bytes:
    """Encodes a picture as JPEG, quality 95, colour at full resolution (4:4:4).

    Args:
        image: uint8 ``[height, width, 3]``.

    Returns:
        The JPEG file's content.

    Example:
        >>> decode(encode_jpeg(np.full((8, 8, 3), 200, np.uint8)))[0, 0].tolist()
        [200, 200, 200]
    """
    content = io.BytesIO()
    Image.fromarray(image).save(content, "JPEG", quality=95, subsampling=0)
    return content.getvalue()


def encode_png(image: np.ndarray) -> bytes:
    """Encodes a picture as PNG, which loses nothing.

    Args:
        image: uint8 ``[height, width, 3]``.

    Returns:
        The PNG file's content.

    Example:
        >>> image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
        >>> bool((decode(encode_png(image)) == image).all())
        True
    """
    content = io.BytesIO()
    Image.fromarray(image).save(content, "PNG")
    return content.getvalue()


def decode(content: bytes) -> np.ndarray:
    """Decodes what ``encode_jpeg`` or ``encode_png`` wrote.

    Args:
        content: The file's content.

    Returns:
        uint8 ``[height, width, 3]``, RGB, read-only.

    Raises:
        OSError: If it is not a whole JPEG or PNG file.

    Example:
        >>> decode(encode_jpeg(np.zeros((8, 6, 3), np.uint8))).shape
        (8, 6, 3)
    """
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
        return np.asarray(picture)


def _read(path: Path, name: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadExample(name, f"the file has {size:,} bytes; at most {MAX_BYTES:,} are read")
        return path.read_bytes()
    except FileNotFoundError:
        raise BadExample(name, "there is no such file") from None
    except OSError as error:
        raise BadExample(name, f"the file cannot be read: {error.strerror}") from None


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # damaged EXIF says nothing about the pixels: take them as they lie
        return picture


def _rgb(picture: Image.Image, name: str, background: tuple[int, int, int]) -> Image.Image:
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow's own conversion clips at 255
        grey = np.asarray(picture).astype(np.int64)
        if grey.min() < 0 or grey.max() > 65535:
            raise BadExample(name, "more than 16 bits a channel")
        rgb = Image.fromarray(((grey + 128) // 257).astype(np.uint8)).convert("RGB")
        clear = picture.info.get("transparency")  # of such a PNG, the one grey that is not there
        if isinstance(clear, int):
            rgb.paste(background, mask=Image.fromarray(np.where(grey == clear, 255, 0).astype(np.uint8)))
        return rgb
    if picture.mode == "F":
        raise BadExample(name, "floating-point pixels, whose range is not known")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*background, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return picture.convert("RGB")
