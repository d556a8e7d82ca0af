"""Microsoft's Fluent emoji, with captions made of their names and tags."""

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import ImageColor

from stackgan_k3.data.inside import inside
from stackgan_k3.data.pictures import open_picture
from stackgan_k3.data.portions import in_test_split, limited
from stackgan_k3.data.source import BadExample, Example
from stackgan_k3.errors import UserError, unknown

PICTURES = "@lobehub/fluent-emoji-3d"
"""The package with the pictures, in ``assets/``."""

NAMES = "emojibase-data"
"""The package with the names, tags and groups, in ``en/``."""

_MAX_BYTES = 64 * 1024 * 1024


class _Emoji(NamedTuple):
    file: str  # within `assets`; empty if there is no picture
    phrase: str
    tags: tuple[str, ...]
    group: int
    subgroup: int
    base: str  # the code of the emoji without skin tones


class FluentEmoji:
    """Three-dimensional emoji, 256 px, with captions made of their names and tags.

    ``root`` holds two packages of npm, unpacked: ``@lobehub/fluent-emoji-3d`` (the
    pictures) and ``emojibase-data`` (what they show), each in a folder named like it,
    with or without its scope, version and the folder ``package`` that ``npm pack``
    puts into its archives, or below ``node_modules``.

    Skin tones are examples of their own, and their captions name the tone. Emoji without a
    picture are left out; pictures without a name are bad examples. The classes are the
    subgroups of Unicode's list, such as ``animal bird``. A tenth of the emoji is the test
    split, by the SHA-256 of ``"<seed>/<code>"``, an emoji together with all its tones.

    Args:
        root: The folder.
        seed: Chooses the emoji of the test split.
        limit: Take only this many, evenly of the classes and of each split its share.
        groups: Only these groups, by number (0 to 9), key (``animals-nature``) or name
            (``animals & nature``), separated by commas; all if None.
        background: The colour that the transparent pictures are laid over, as CSS
            names colours: ``white``, ``#eef``, ``rgb(20, 30, 40)``.

    Raises:
        UserError: If a package is missing or damaged, or a group or colour is unknown.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> root = Path(tempfile.mkdtemp())
        >>> pictures, names = root / "fluent-emoji-3d" / "assets", root / "emojibase-data" / "en"
        >>> for folder in (pictures, names):
        ...     folder.mkdir(parents=True)
        >>> Image.new("RGBA", (64, 64)).save(pictures / "1f989.webp")
        >>> owl = {"hexcode": "1F989", "label": "owl", "tags": ["wise"], "group": 3, "subgroup": 35}
        >>> _ = (names / "data.json").write_text(json.dumps([owl]))
        >>> titles = {
        ...     "groups": [{"order": 3, "key": "animals-nature", "message": "animals & nature"}],
        ...     "subgroups": [{"order": 35, "key": "animal-bird", "message": "birds"}],
        ... }
        >>> _ = (names / "messages.json").write_text(json.dumps(titles))
        >>> FluentEmoji(root)[0].captions[-1]
        'owl: wise'
    """

    name = "fluent-emoji"
    title = "Fluent emoji (3D)"
    licence = "MIT"
    homepage = "https://github.com/lobehub/fluent-emoji"

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        seed: int = 0,
        limit: int | None = None,
        groups: str | None = None,
        background: str = "white",
    ) -> None:
        try:
            self._background = ImageColor.getrgb(background)[:3]
        except ValueError:
            raise UserError(
                f"background is '{background}'; it must be a colour, such as white or #eef"
            ) from None
        self.root = Path(root)
        self._assets = _package(self.root, PICTURES, "assets")
        english = _package(self.root, NAMES, "en")
        self._groups, subgroups = _titles(english / "messages.json")
        emoji = _emoji(english / "data.json", _files(self._assets))
        if groups is not None:
            wanted = _wanted(groups, self._groups)
            emoji = [one for one in emoji if one.group in wanted]
        found = sorted({(one.group, one.subgroup) for one in emoji})
        if strange := {group for group, _ in found} - set(self._groups):
            raise UserError(f"{english / 'messages.json'} does not name group {min(strange)}; "
                            f"both files must be of one version of {NAMES}")  # fmt: skip
        if not found:
            raise UserError(f"{self._assets} holds none of the emoji that {english / 'data.json'} names")
        self.classes = tuple(subgroups.get(number, f"subgroup {number}") for _, number in found)
        place = {subgroup: label for label, subgroup in enumerate(found)}
        labels = np.array([place[one.group, one.subgroup] for one in emoji])
        test = in_test_split((one.base for one in emoji), seed)
        chosen = limited(labels, test, limit)
        self._emoji, self._labels, self._test = [emoji[i] for i in chosen], labels[chosen], test[chosen]
        self._nameless: list[str] = []
        if limit is None and groups is None:
            self._nameless = sorted(set(_files(self._assets).values()) - {one.file for one in emoji})

    def __len__(self) -> int:
        return len(self._emoji) + len(self._nameless)

    def __getitem__(self, index: int) -> Example:
        """Returns example ``index``; see ``Source``.

        Raises:
            BadExample: If the picture is damaged, or has no name.
        """
        if index >= len(self._emoji):
            raise BadExample(
                f"assets/{self._nameless[index - len(self._emoji)]}", f"{NAMES} has no name for it"
            )
        one, name = self._emoji[index], f"assets/{self._emoji[index].file}"
        image = open_picture(inside(self._assets.parent, name), name=name, background=self._background)
        captions = _captions(one, self._groups[one.group][1])
        return Example(
            name, image, captions, int(self._labels[index]), "test" if self._test[index] else "train"
        )


def _captions(one: _Emoji, group: str) -> tuple[str, ...]:
    phrase, words = one.phrase, set(re.findall(r"\w+", one.phrase.lower()))
    tags = [tag for tag in one.tags if not words & set(re.findall(r"\w+", tag.lower()))]
    captions = [
        phrase,
        f"{phrase} emoji",
        f"a 3d picture of the {phrase} emoji",
        f"an emoji of {group}: {phrase}",
    ]
    captions += [
        f"{phrase}: {', '.join(tags[start : start + 3])}" for start in range(0, min(len(tags), 6), 3)
    ]
    return tuple(captions)


def _package(root: Path, package: str, folder: str) -> Path:
    """The folder within an unpacked package, wherever below the root npm or a person put it."""
    if not root.is_dir():
        raise UserError(f"there is no folder {root}; fluent-emoji expects the unpacked npm packages "
                        f"{PICTURES} and {NAMES} in it")  # fmt: skip
    bare = package.rpartition("/")[2]
    places = [
        root / "node_modules" / package,
        root / package,
        root / bare,
        *sorted(root.glob(f"*{bare}*")),
        root,
    ]
    for place in places:
        for found in (place / folder, place / "package" / folder):
            if found.is_dir():
                return found
    raise UserError(f"{root} does not hold the package {package} with its folder {folder}; "
                    f"get it with `npm pack {package}` and unpack the archive")  # fmt: skip


def _files(assets: Path) -> dict[str, str]:
    """The pictures by their emoji's code."""
    names = (path.name for path in assets.iterdir() if path.suffix.lower() == ".webp")
    return {_code(name.rpartition(".")[0]): name for name in sorted(names) if not name.startswith(".")}


def _code(text: str) -> str:
    # Code points in one spelling: "0023-fe0f-20e3" is "23-20e3". FE0F only asks for colour, and
    # E007F ends a flag's letters.
    parts = (part.lstrip("0") for part in re.split("[-_]", text.lower()))
    return "-".join(part for part in parts if part not in ("fe0f", "e007f"))


def _json(path: Path) -> Any:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UserError(f"{path} has more than {_MAX_BYTES:,} bytes; it is not read")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}; it is part of the package {NAMES}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged: {error}") from None


def _titles(path: Path) -> tuple[dict[int, tuple[str, str]], dict[int, str]]:
    """The groups' keys and names, and the subgroups' names, by number."""
    content = _json(path)
    try:
        groups = {
            int(entry["order"]): (str(entry["key"]), str(entry["message"])) for entry in content["groups"]
        }
        subgroups = {
            int(entry["order"]): str(entry["key"]).replace("-", " ") for entry in content["subgroups"]
        }
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is not the messages.json of {NAMES}: {error!r}") from None
    return groups, subgroups


def _emoji(path: Path, files: dict[str, str]) -> list[_Emoji]:
    """The emoji that have a picture and a group, each followed by its skin tones."""
    content = _json(path)
    found = []
    try:
        for base in content:
            tags = tuple(str(tag) for tag in base.get("tags", ()))
            code = _code(base["hexcode"])
            for one in (base, *base.get("skins", ())):
                file = files.get(_code(one["hexcode"]))
                if file is not None and "group" in one:
                    phrase = _phrase(str(one["label"]), is_person=one["group"] == 1)
                    found.append(_Emoji(file, phrase, tags, int(one["group"]), int(one["subgroup"]), code))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is not the data.json of {NAMES}: {error!r}") from None
    return found


def _phrase(label: str, is_person: bool) -> str:
    # "flag: Chad", "man: blond hair", "waving hand: light skin tone", but "keycap: 5" and "family: man, boy"
    if label.startswith("flag: "):
        return f"flag of {label.removeprefix('flag: ')}"
    if is_person and not label.startswith("family"):
        return label.replace(": ", " with ", 1)
    return label


def _wanted(text: str, groups: dict[int, tuple[str, str]]) -> set[int]:
    numbers = {str(number): number for number in groups}
    numbers |= {name.casefold(): number for number, names in groups.items() for name in names}
    wanted = set()
    for name in text.split(","):
        number = numbers.get(name.strip().casefold())
        if number is None:
            raise unknown("group", name.strip(), [key for key, _ in groups.values()])
        wanted.add(number)
    return wanted
