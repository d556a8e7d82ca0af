import json
import pickle
import shutil
from collections import Counter

import numpy as np
import pytest
from miniature_sets.fluent_emoji import draw, make

from stackgan_k3.data.fluent_emoji import FluentEmoji
from stackgan_k3.data.source import BadExample, Source
from stackgan_k3.data.sources import open_source
from stackgan_k3.errors import UserError


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "two packages"
    make(folder)
    return folder


def assets(root):
    return root / "lobehub-fluent-emoji-3d-1.1.0" / "package" / "assets"


def english(root):
    return root / "emojibase-data-17.0.0" / "package" / "en"


def by_name(source) -> dict:
    return {example.name: example for example in (source[index] for index in range(len(source)))}


def test_names_tags_and_classes(root) -> None:
    source = open_source("fluent-emoji", root=root)
    assert isinstance(source, Source)
    assert len(source) == 12 + 6
    found = by_name(source)
    assert len(found) == 18
    owl = found["assets/1f989.webp"]
    assert owl.captions == (
        "owl",
        "owl emoji",
        "a 3d picture of the owl emoji",
        "an emoji of animals & nature: owl",
        "owl: animal, bird, wise",
    )
    assert source.classes[owl.label] == "animal bird"
    assert source.classes[:3] == ("face smiling", "face concerned", "hand fingers open")
    assert "av symbol" not in source.classes  # its only emoji has no picture
    assert found["assets/1f603.webp"].captions[-1] == "grinning face with big eyes: awesome, happy, yay"
    assert len(found["assets/1f955.webp"].captions) == 4
    assert {example.split for example in found.values()} == {"train", "test"}
    again = by_name(pickle.loads(pickle.dumps(source)))
    assert all(np.array_equal(found[name].image, again[name].image) for name in found)
    with pytest.raises(IndexError):
        source[18]


def test_phrases(root) -> None:
    found = {name: example.captions[0] for name, example in by_name(FluentEmoji(root)).items()}
    assert found["assets/1f44b.webp"] == "waving hand"
    assert found["assets/1f44b-1f3fc.webp"] == "waving hand with medium-light skin tone"
    assert found["assets/0023-fe0f-20e3.webp"] == "keycap: #"
    assert found["assets/2639-fe0f.webp"] == "frowning face"
    assert found["assets/1f1e9-1f1ea.webp"] == "flag of Germany"
    assert found["assets/1f3f4-e0067_e0062_e0065_e006e_e0067.webp"] == "flag of England"


def test_all_tones_of_an_emoji_are_in_one_split(root) -> None:
    seen = set()
    for seed in range(30):
        found = by_name(FluentEmoji(root, seed=seed))
        splits = {example.split for name, example in found.items() if "1f44b" in name}
        assert len(splits) == 1
        seen |= splits
    assert seen == {"train", "test"}


def test_background(root) -> None:
    for background, corner in (
        (None, (255, 255, 255)),
        ("#0000ff", (0, 0, 255)),
        ("rgb(1, 2, 3)", (1, 2, 3)),
    ):
        options = {"background": background} if background else {}
        image = open_source("fluent-emoji", root=root, options=options)[0].image
        assert image.shape == (128, 128, 3)
        assert tuple(image[0, 0].tolist()) == corner
        assert tuple(image[64, 64].tolist()) == (30, 30, 30)
    with pytest.raises(UserError, match="background is 'bleu'; it must be a colour"):
        FluentEmoji(root, background="bleu")


@pytest.mark.parametrize("groups", ["animals-nature, food-drink", "3,4", "Animals & Nature,4"])
def test_groups(root, groups) -> None:
    source = open_source("fluent-emoji", root=root, options={"groups": groups})
    assert len(source) == 6
    assert source.classes == ("animal mammal", "animal bird", "food fruit", "food vegetable")


@pytest.mark.parametrize("groups", ["animal-nature", "3,animal-nature", "12", ""])
def test_unknown_groups(root, groups) -> None:
    with pytest.raises(UserError, match=r"unknown group .*Known: animals-nature, flags"):
        FluentEmoji(root, groups=groups)
    with pytest.raises(UserError, match="did you mean 'animals-nature'"):
        FluentEmoji(root, groups="animal-nature")


def test_a_limit_is_spread_over_classes_and_splits(root) -> None:
    source = FluentEmoji(root, limit=9)
    found = by_name(source).values()
    assert len(found) == 9
    assert {example.split for example in found} == {"train", "test"}
    assert max(Counter(example.label for example in found).values()) <= 2


@pytest.mark.parametrize("layout", ["node_modules", "bare", "scope", "package"])
def test_where_the_packages_may_lie(root, tmp_path, layout) -> None:
    other = tmp_path / "other"
    pictures, names = {
        "node_modules": ("node_modules/@lobehub/fluent-emoji-3d", "node_modules/emojibase-data"),
        "bare": ("fluent-emoji-3d", "emojibase-data"),
        "scope": ("@lobehub/fluent-emoji-3d", "emojibase-data"),
        "package": ("package", "package"),
    }[layout]
    shutil.copytree(assets(root), other / pictures / "assets")
    shutil.copytree(english(root), other / names / "en")
    assert len(FluentEmoji(other)) == 18


def test_a_picture_without_a_name_and_a_damaged_one(root) -> None:
    draw(assets(root) / "1fae8.webp", 3)
    (assets(root) / "1f989.webp").write_bytes(b"RIFF")
    source = FluentEmoji(root)
    assert len(source) == 19
    with pytest.raises(BadExample, match=r"assets/1fae8\.webp: emojibase-data has no name for it"):
        source[18]
    bad = []
    for index in range(18):
        try:
            source[index]
        except BadExample as error:
            bad.append(error.name)
    assert bad == ["assets/1f989.webp"]


def test_links(root, tmp_path) -> None:
    inner, outer = assets(root) / "1f989.webp", assets(root) / "1f34b.webp"
    inner.rename(assets(root) / "owl of mine.png")
    inner.symlink_to("owl of mine.png")
    outer.rename(tmp_path / "secret.webp")
    outer.symlink_to(tmp_path / "secret.webp")
    source = FluentEmoji(root)
    reasons = []
    for index in range(len(source)):
        try:
            source[index]
        except BadExample as error:
            reasons.append(str(error))
    assert len(reasons) == 1
    assert reasons[0].startswith("assets/1f34b.webp: it is a link to")


def test_missing_and_damaged_packages(root, tmp_path) -> None:
    with pytest.raises(UserError, match=r"no folder .*nowhere; fluent-emoji expects"):
        FluentEmoji(tmp_path / "nowhere")
    messages = english(root) / "messages.json"
    whole = messages.read_text()
    messages.write_text(whole.replace('"order": 3,', '"order": 77,').replace('"order": 3}', '"order": 77}'))
    with pytest.raises(UserError, match=r"messages\.json does not name group 3"):
        FluentEmoji(root)
    messages.write_text(whole[:50])
    with pytest.raises(UserError, match=r"messages\.json is damaged"):
        FluentEmoji(root)
    messages.write_text("[]")
    with pytest.raises(UserError, match=r"is not the messages\.json of emojibase-data"):
        FluentEmoji(root)
    messages.write_text(whole)
    data = english(root) / "data.json"
    data.write_text(json.dumps([{"label": "owl"}]))
    with pytest.raises(UserError, match=r"is not the data\.json of emojibase-data: KeyError\('hexcode'\)"):
        FluentEmoji(root)
    data.write_text("[]")
    with pytest.raises(UserError, match="holds none of the emoji"):
        FluentEmoji(root)
    data.unlink()
    with pytest.raises(UserError, match=r"data\.json cannot be read: No such file"):
        FluentEmoji(root)
    shutil.rmtree(assets(root))
    with pytest.raises(UserError, match=r"does not hold the package @lobehub/fluent-emoji-3d .*npm pack"):
        FluentEmoji(root)
