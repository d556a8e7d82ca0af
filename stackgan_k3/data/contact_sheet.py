"""A page of a prepared set: pictures with a caption under each."""

import os
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from stackgan_k3 import files
from stackgan_k3.data.record import Record
from stackgan_k3.data.records import Records, read_info
from stackgan_k3.data.shards import SPLITS
from stackgan_k3.data.whole import whole

PICTURE = 192
"""Side of a picture on the sheet, in pixels."""

_GAP, _LINES, _LINE, _TEXT, _SMALL = 14, 4, 17, 13, 11
_INK, _GREY, _PAPER, _FRAME = (25, 25, 25), (110, 110, 110), (255, 255, 255), (225, 225, 225)

# Pillow's own font comes first; it has little more than ASCII, and these are where many systems have more.
_FALLBACKS = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial Unicode.ttf", "Arial.ttf",
    "NotoSansCJK-Regular.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc", "WenQuanYi Zen Hei.ttf",
)  # fmt: skip

Font = ImageFont.FreeTypeFont


def contact_sheet(
    folder: str | os.PathLike[str],
    path: str | os.PathLike[str] | None = None,
    *,
    columns: int = 5,
    rows: int = 4,
) -> Path:
    """Draws pictures from all over a prepared set with a caption, the split and the class of each.

    Most pictures are of the training split, the last row of the test split. They are
    taken at equal distances in the order of the set, the first caption of the first,
    the second of the second and so on: the same set always gives the same sheet (on
    machines with the same fonts, where captions are not plain ASCII).

    Args:
        folder: The folder that ``prepare`` wrote.
        path: The PNG file to write; ``contact-sheet.png`` in the folder if not given.
        columns: Pictures side by side, 1 to 100.
        rows: Rows of pictures, 1 to 100; fewer if the set has not enough.

    Returns:
        The file's path.

    Raises:
        UserError: If a number is out of range, the folder holds no finished set, or a record is damaged.
        OSError: If the file cannot be written.

    Example:
        >>> import tempfile
        >>> from stackgan_k3.data.prepare import prepare
        >>> folder = tempfile.mkdtemp()
        >>> _ = prepare("synthetic-birds", folder, size=64, limit=12, workers=1)
        >>> contact_sheet(folder, columns=2, rows=2).name
        'contact-sheet.png'
    """
    columns, rows = whole("columns", columns, 1, 100), whole("rows", rows, 1, 100)
    info = read_info(folder)
    chosen = _choose(folder, info["splits"], columns, rows)
    captions = [
        _wrap(record.captions[number % len(record.captions)], PICTURE, _TEXT, _LINES)
        for number, (_, record) in enumerate(chosen)
    ]
    # A row is as tall as its longest caption asks for.
    starts = range(0, len(chosen), columns)
    tall = [PICTURE + (1 + max(map(len, captions[k : k + columns]))) * _LINE + 2 * _GAP for k in starts]
    cell, top = PICTURE + _GAP, 2 * _GAP + _LINE
    sheet = Image.new("RGB", (columns * cell + _GAP, top + sum(tall) - _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    counts = " + ".join(f"{info['splits'][split]['records']:,} {split}" for split in SPLITS)
    classes = "1 class" if len(info["classes"]) == 1 else f"{len(info['classes']):,} classes"
    heading = f"{info['title']}: {counts}, {classes}, {info['size']} px"
    _write(pen, _fit(heading, sheet.width - 2 * _GAP, _TEXT), _GAP, _GAP + _TEXT, _TEXT, _INK)
    for number, (split, record) in enumerate(chosen):
        left, upper = _GAP + number % columns * cell, top + sum(tall[: number // columns])
        sheet.paste(_picture(record, info["size"]), (left, upper))
        pen.rectangle((left - 1, upper - 1, left + PICTURE, upper + PICTURE), outline=_FRAME)
        base = upper + PICTURE + _LINE
        named = _fit(f"{split}: {info['classes'][record.label]}", PICTURE, _SMALL)
        _write(pen, named, left, base, _SMALL, _GREY)
        for line, text in enumerate(captions[number], start=1):
            _write(pen, text, left, base + line * _LINE, _TEXT, _INK)
    target = Path(folder) / "contact-sheet.png" if path is None else Path(path)
    with files.replacing(target) as beside:
        sheet.save(beside, "PNG")
    return target


def _choose(
    folder: str | os.PathLike[str], splits: dict[str, dict[str, int]], columns: int, rows: int
) -> list[tuple[str, Record]]:
    held = {split: splits[split]["records"] for split in SPLITS}
    places = columns * rows
    # A row for the test split, unless the training split leaves more room.
    test = min(held["test"], max(columns if rows > 1 else 0, places - held["train"]))
    chosen: list[tuple[str, Record]] = []
    for split, count in (("train", min(held["train"], places - test)), ("test", test)):
        if count:
            records = Records(folder, split)
            # The middle of each of `count` equal parts.
            chosen += [(split, records[(2 * k + 1) * len(records) // (2 * count)]) for k in range(count)]
    return chosen


def _picture(record: Record, size: int) -> Image.Image:
    picture = Image.fromarray(record.picture(size))
    # Tiny pictures are shown as the pixels that they are.
    how = Image.Resampling.NEAREST if size == 28 else Image.Resampling.LANCZOS
    return picture.resize((PICTURE, PICTURE), how)


def _wrap(text: str, width: int, size: int, lines: int) -> list[str]:
    """Breaks a text into at most ``lines`` lines, within a word where the word alone is too wide."""
    words = text[: lines * width].split()  # no letter is narrower than a pixel
    found: list[str] = []
    while words and len(found) < lines:
        line = words.pop(0)
        while words and _length(f"{line} {words[0]}", size) <= width:
            line = f"{line} {words.pop(0)}"
        if _length(line, size) > width:
            cut = max(1, _that_fit(line, width, size))
            words.insert(0, line[cut:])
            line = line[:cut]
        found.append(line)
    if words and found:
        found[-1] = _fit(f"{found[-1]} {' '.join(words)}", width, size)
    return found


def _fit(text: str, width: int, size: int) -> str:
    """Shortens a text to one line, with an ellipsis if something is left out."""
    if len(text) <= width and _length(text, size) <= width:
        return text
    return text[: _that_fit(text[:width], width - _length("…", size), size)].rstrip() + "…"


def _that_fit(text: str, width: float, size: int) -> int:
    """How many of the first characters are no wider than ``width``."""
    return bisect_right(range(1, len(text) + 1), width, key=lambda count: _length(text[:count], size))


def _length(text: str, size: int) -> float:
    return sum(font.getlength(part) for part, font in _parts(text, size))


def _write(
    pen: ImageDraw.ImageDraw, text: str, left: float, base: int, size: int, colour: tuple[int, int, int]
) -> None:
    for part, font in _parts(text, size):
        pen.text((left, base), part, colour, font, anchor="ls")
        left += font.getlength(part)


def _parts(text: str, size: int) -> list[tuple[str, Font]]:
    """A text in pieces, each with a font that has its characters: one for all if there is one."""
    fonts = _fonts(size)
    text = unicodedata.normalize("NFC", text)
    for font in fonts:
        if all(_has(font, character) for character in text):
            return [(text, font)]
    parts: list[tuple[str, Font]] = []
    for character in text:
        shown, font = _shown(character, fonts)
        if parts and parts[-1][1] is font:
            parts[-1] = (parts[-1][0] + shown, font)
        else:
            parts.append((shown, font))
    return parts


def _shown(character: str, fonts: tuple[Font, ...]) -> tuple[str, Font]:
    plain = unicodedata.normalize("NFKD", character)[0]  # é as e, rather than not at all
    for shown in (character, plain):
        for font in fonts:
            if _has(font, shown):
                return shown, font
    return "?", fonts[0]


@lru_cache(maxsize=8)
def _fonts(size: int) -> tuple[Font, ...]:
    own = ImageFont.load_default(size)
    if not isinstance(own, ImageFont.FreeTypeFont):
        raise OSError("Pillow was built without FreeType, so it cannot write captions")
    found = [own]
    for name in _FALLBACKS:
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:  # this system has it not
            continue
    return tuple(found)


@lru_cache(maxsize=100_000)
def _has(font: Font, character: str) -> bool:
    # A font draws all that it lacks alike, as U+FFFF, which no font has.
    if character.isspace():
        return True
    mask, missing = font.getmask(character), font.getmask("\uffff")
    return mask.size != missing.size or bytes(mask) != bytes(missing)
