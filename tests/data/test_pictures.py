import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from stackgan_k3.data import pictures
from stackgan_k3.data.pictures import decode, encode_jpeg, open_picture, square
from stackgan_k3.data.source import BadExample

RED = (200, 30, 40)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def close(image: np.ndarray, colour: tuple[int, int, int], tolerance: int = 4) -> bool:
    return bool((np.abs(image.astype(int) - colour) <= tolerance).all())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"])
def test_every_format_opens(kind: str) -> None:
    image = open_picture(saved(Image.new("RGB", (40, 20), RED), kind))
    assert image.shape == (20, 40, 3)
    assert image.dtype == np.uint8
    assert close(image, RED)


def test_grey_bilevel_and_palette_become_rgb() -> None:
    assert close(open_picture(saved(Image.new("L", (20, 20), 77), "JPEG")), (77, 77, 77))
    assert close(open_picture(saved(Image.new("1", (20, 20), 1), "PNG")), (255, 255, 255), 0)
    palette = Image.new("RGB", (20, 20), RED).convert("P", palette=Image.Palette.ADAPTIVE)
    assert palette.mode == "P"
    assert close(open_picture(saved(palette, "PNG")), RED)


def test_cmyk_becomes_rgb() -> None:
    image = open_picture(saved(Image.new("RGB", (20, 20), RED).convert("CMYK"), "JPEG", quality=95))
    assert close(image, RED, 12)


def test_transparency_is_laid_over_white() -> None:
    clear = Image.new("RGBA", (20, 20), (*RED, 0))
    clear.paste((*RED, 255), (0, 0, 10, 20))
    image = open_picture(saved(clear, "PNG"))
    assert close(image[:, :10], RED, 0)
    assert close(image[:, 10:], (255, 255, 255), 0)
    half = open_picture(saved(Image.new("LA", (20, 20), (0, 128)), "PNG"))
    assert close(half, (127, 127, 127), 1)


def test_transparent_palette_and_key_colour_are_laid_over_white() -> None:
    palette = Image.new("P", (20, 20), 1)
    palette.putpalette([0, 0, 0, *RED])
    palette.paste(0, (0, 0, 10, 20))
    image = open_picture(saved(palette, "PNG", transparency=0))
    assert close(image[:, :10], (255, 255, 255), 0)
    assert close(image[:, 10:], RED, 0)
    keyed = open_picture(saved(Image.new("RGB", (20, 20), RED), "PNG", transparency=RED))
    assert close(keyed, (255, 255, 255), 0)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 32 * 32).reshape(32, 32).astype(np.uint16)
    image = open_picture(saved(Image.fromarray(ramp), "PNG"))
    assert image.min() == 0
    assert image.max() == 255
    assert abs(int(image[16, 0, 0]) - int(ramp[16, 0]) // 257) <= 1
    assert abs(float(image.mean()) - 127.5) < 1


def test_the_key_grey_of_sixteen_bits_is_laid_over_white() -> None:
    grey = np.full((20, 20), 7, np.uint16)
    grey[10:] = 40_000
    image = open_picture(saved(Image.fromarray(grey), "PNG", transparency=7))
    assert close(image[:10], (255, 255, 255), 0) and close(image[10:], (156, 156, 156), 1)


def test_thirty_two_bits_are_refused() -> None:
    with pytest.raises(BadExample, match="32 bits a pixel, whose range is not known"):
        open_picture(saved(Image.fromarray(np.full((20, 20), 138, np.int32)), "TIFF"))


def test_floating_point_is_refused() -> None:
    with pytest.raises(BadExample, match="floating-point"):
        open_picture(saved(Image.new("F", (20, 20), 0.5), "TIFF"))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation(kind: str) -> None:
    frames = [Image.new("RGB", (24, 20), colour) for colour in (RED, (0, 0, 255), (0, 255, 0))]
    content = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    image = open_picture(content)
    assert image.shape == (20, 24, 3)
    assert close(image, RED, 8)


def test_exif_orientation_is_applied() -> None:
    picture = Image.new("RGB", (40, 20), RED)
    picture.paste((0, 0, 255), (0, 0, 20, 20))  # the left half
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying: turn it clockwise
    image = open_picture(saved(picture, "JPEG", exif=exif, quality=95))
    assert image.shape == (40, 20, 3)
    assert close(image[:15], (0, 0, 255), 12)
    assert close(image[25:], RED, 12)


def test_damaged_exif_does_not_matter() -> None:
    content = saved(Image.new("RGB", (40, 20), RED), "JPEG")
    segment = b"Exif\0\0" + b"II*\0" + struct.pack("<I", 8) + b"\xff" * 40
    content = content[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + content[2:]
    assert open_picture(content).shape == (20, 40, 3)


def test_bad_files_are_named_with_the_reason(tmp_path) -> None:
    whole = saved(Image.effect_noise((200, 200), 60).convert("RGB"), "JPEG")
    cases = {
        "empty.jpg": (b"", "empty"),
        "text.jpg": (b"this is not a picture at all", "not a picture"),
        "cut.jpg": (whole[: len(whole) // 2], "truncated|damaged"),
        "cut.png": (saved(Image.effect_noise((200, 200), 60), "PNG")[:900], "damaged"),
        "thin.png": (saved(Image.new("RGB", (300, 15)), "PNG"), "300x15 pixels"),
        "script.eps": (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n%%EndComments\n",
            "not a picture",
        ),
    }
    for name, (content, reason) in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BadExample, match=reason) as caught:
            open_picture(path)
        assert caught.value.name == str(path)
    with pytest.raises(BadExample, match="no such file"):
        open_picture(tmp_path / "missing.jpg")
    with pytest.raises(BadExample, match="cannot be read"):
        open_picture(tmp_path)


def test_every_cut_of_a_file_is_refused_or_whole() -> None:
    whole = saved(Image.effect_noise((64, 64), 60).convert("RGB"), "PNG")
    for length in range(0, len(whole) - 20, 97):
        with pytest.raises(BadExample):
            open_picture(whole[:length])
    assert open_picture(whole).shape == (64, 64, 3)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def jpeg_of(width: int, height: int) -> bytes:
    content = bytearray(saved(Image.new("RGB", (20, 20), RED), "JPEG"))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def gif_of(width: int, height: int) -> bytes:
    content = bytearray(saved(Image.new("P", (20, 20)), "GIF"))
    content[6:10] = struct.pack("<HH", width, height)
    return bytes(content)


def bmp_of(width: int, height: int) -> bytes:
    content = bytearray(saved(Image.new("RGB", (20, 20), RED), "BMP"))
    content[18:26] = struct.pack("<ii", width, height)
    return bytes(content)


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (10_000, 6_401)])
@pytest.mark.parametrize("kind", [png_of, jpeg_of, gif_of, bmp_of])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(kind, width, height, monkeypatch) -> None:
    def decode(self: ImageFile.ImageFile) -> None:
        raise MemoryError("memory for the pixels was asked for")

    monkeypatch.setattr(ImageFile.ImageFile, "load_prepare", decode)
    with pytest.raises(BadExample, match="memory for the pixels was asked for"):
        open_picture(kind(20, 20))  # what the replaced function would do
    with pytest.raises(BadExample, match=r"^bomb: .*pixels.* at most 64,000,000 are opened"):
        open_picture(kind(width, height), name="bomb")


def test_text_that_unpacks_to_much_is_refused() -> None:
    content = saved(Image.new("RGB", (20, 20), RED), "PNG")
    packed = chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(60_000_000), 1))
    place = content.index(b"IDAT") - 4
    with pytest.raises(BadExample, match=r"damaged: .*too large"):
        open_picture(content[:place] + packed + content[place:])


def test_large_pictures_and_files_are_refused(monkeypatch, tmp_path) -> None:
    content = saved(Image.new("RGB", (100, 50)), "PNG")
    monkeypatch.setattr(pictures, "MAX_PIXELS", 4_999)
    with pytest.raises(BadExample, match="100x50 pixels; at most 4,999"):
        open_picture(content)
    (tmp_path / "big.png").write_bytes(content)
    monkeypatch.setattr(pictures, "MAX_BYTES", len(content) - 1)
    with pytest.raises(BadExample, match="bytes"):
        open_picture(tmp_path / "big.png")


def test_square_takes_the_centre() -> None:
    image = np.zeros((100, 300, 3), np.uint8)
    image[:, 100:200] = 255
    assert (square(image, 50) == 255).all()
    assert (square(image.transpose(1, 0, 2), 50) == 255).all()
    assert square(image, 304).shape == (304, 304, 3)


def test_square_antialiases() -> None:
    stripes = np.zeros((128, 128, 3), np.uint8)
    stripes[:, ::2] = 255
    assert abs(square(stripes, 16).astype(int) - 127).max() < 16  # the nearest pixels alone would be 0 or 255


def test_jpeg_keeps_colours_at_full_resolution() -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    image[:, ::2] = (255, 0, 0)
    image[:, 1::2] = (0, 0, 255)
    back = decode(encode_jpeg(image)).astype(int)
    assert np.abs(back - image).mean() < 12  # with halved colour it is above 60
    with pytest.raises(OSError, match="truncated"):
        decode(encode_jpeg(image)[:-200])
