"""The two npm packages of the Fluent emoji in miniature, unpacked as `npm pack` and `tar` leave them."""

import json
from pathlib import Path

from PIL import Image, ImageDraw

OPTIONS: dict[str, str] = {}

# (code, label, tags, group, subgroup, name of the picture's file)
EMOJI = [
    ("1F600", "grinning face", ["cheerful", "face", "happy"], 0, 0, "1f600"),
    ("1F603", "grinning face with big eyes", ["awesome", "eyes", "happy", "yay"], 0, 0, "1f603"),
    ("2639", "frowning face", ["sad"], 0, 9, "2639-fe0f"),
    ("1F436", "dog face", ["animal", "pet"], 3, 34, "1f436"),
    ("1F431", "cat face", ["animal", "pet"], 3, 34, "1f431"),
    ("1F989", "owl", ["animal", "bird", "wise"], 3, 35, "1f989"),
    ("1F34E", "red apple", ["diet", "fruit", "health"], 4, 42, "1f34e"),
    ("1F34B", "lemon", ["citrus", "sour"], 4, 42, "1f34b"),
    ("1F955", "carrot", [], 4, 43, "1f955"),
    ("0023-FE0F-20E3", "keycap: #", ["keycap"], 8, 94, "0023-fe0f-20e3"),
    ("1F1E9-1F1EA", "flag: Germany", ["DE"], 9, 98, "1f1e9-1f1ea"),
    ("1F3F4-E0067-E0062-E0065-E006E-E0067-E007F", "flag: England", ["gbeng"], 9, 99,
     "1f3f4-e0067_e0062_e0065_e006e_e0067"),
    ("1F6DC", "wireless", ["wifi"], 8, 88, None),  # newer than the pictures
]  # fmt: skip
TONES = ("light", "medium-light", "medium", "medium-dark", "dark")
GROUPS = {0: ("smileys-emotion", "smileys & emotion"), 1: ("people-body", "people & body"),
          3: ("animals-nature", "animals & nature"), 4: ("food-drink", "food & drink"),
          8: ("symbols", "symbols"), 9: ("flags", "flags")}  # fmt: skip
SUBGROUPS = {0: "face-smiling", 9: "face-concerned", 16: "hand-fingers-open", 34: "animal-mammal",
             35: "animal-bird", 42: "food-fruit", 43: "food-vegetable", 88: "av-symbol", 94: "keycap",
             98: "country-flag", 99: "subdivision-flag"}  # fmt: skip


def make(root: Path) -> None:
    assets = root / "lobehub-fluent-emoji-3d-1.1.0" / "package" / "assets"
    english = root / "emojibase-data-17.0.0" / "package" / "en"
    for folder in (assets, english):
        folder.mkdir(parents=True)
    data: list[dict] = [
        {"label": "regional indicator A", "hexcode": "1F1E6", "emoji": "", "text": "", "type": 1}
    ]
    for number, (code, label, tags, group, subgroup, file) in enumerate(EMOJI):
        data.append({**entry(code, label, group, subgroup), **({"tags": tags} if tags else {})})
        if file is not None:
            draw(assets / f"{file}.webp", number)
    wave = {**entry("1F44B", "waving hand", 1, 16), "tags": ["bye", "hand", "hello"], "skins": []}
    draw(assets / "1f44b.webp", 20)
    for tone, name in enumerate(TONES):
        wave["skins"].append(entry(f"1F44B-1F3F{'BCDEF'[tone]}", f"waving hand: {name} skin tone", 1, 16))
        draw(assets / f"1f44b-1f3f{'bcdef'[tone]}.webp", 21 + tone)
    (english / "data.json").write_text(json.dumps([*data, wave], ensure_ascii=False), encoding="utf-8")
    messages = {
        "groups": [{"key": key, "message": text, "order": order} for order, (key, text) in GROUPS.items()],
        "skinTones": [{"key": tone, "message": f"{tone} skin tone"} for tone in TONES],
        "subgroups": [{"key": key, "message": key, "order": order} for order, key in SUBGROUPS.items()],
    }
    (english / "messages.json").write_text(json.dumps(messages), encoding="utf-8")


def entry(code: str, label: str, group: int, subgroup: int) -> dict:
    return {"label": label, "hexcode": code, "emoji": "", "text": "", "type": 1, "order": 1,
            "group": group, "subgroup": subgroup, "version": 1}  # fmt: skip


def draw(path: Path, number: int) -> None:
    """A disc of its own colour on nothing."""
    picture = Image.new("RGBA", (128, 128))
    colour = (37 * number % 200 + 30, 91 * number % 200 + 30, 53 * number % 200 + 30, 255)
    ImageDraw.Draw(picture).ellipse((12, 12, 116, 116), fill=colour)
    picture.save(path, lossless=True)
