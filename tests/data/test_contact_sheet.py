from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from preparing import Hues

from stackgan_k3.data import contact_sheet as module
from stackgan_k3.data.contact_sheet import PICTURE, contact_sheet
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("prepared") / "set"
    prepare(Hues(200, {}), out, size=64, workers=1)
    return out


def places(path: Path, columns: int = 5, rows: int = 4) -> np.ndarray:
    """The grey of the middle of each picture."""
    with Image.open(path) as picture:
        sheet = np.asarray(picture).astype(int)
    tall = (sheet.shape[0] - 31) // rows
    return np.array(
        [
            [sheet[45 + row * tall + PICTURE // 2, 14 + column * (PICTURE + 14) + PICTURE // 2, 0]
             for column in range(columns)]
            for row in range(rows)
        ]
    )  # fmt: skip


def test_pictures_from_all_over_the_set(folder, tmp_path) -> None:
    path = contact_sheet(folder, tmp_path / "sheet.png")
    greys = places(path)
    train = [10 + int(r.name.removeprefix("hue-")) for r in Records(folder)]
    test = [10 + int(r.name.removeprefix("hue-")) for r in Records(folder, "test")]
    assert len(train) == 160
    expected = [train[(2 * k + 1) * 160 // 30] for k in range(15)]
    expected += [test[(2 * k + 1) * 40 // 10] for k in range(5)]
    assert np.abs(greys.ravel() - expected).max() <= 2


def test_the_same_set_gives_the_same_bytes(folder, tmp_path) -> None:
    first, second = (contact_sheet(folder, tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert first == second


def test_small_sets_make_small_sheets(tmp_path) -> None:
    prepare(Hues(3, {}), tmp_path / "set", size=28, workers=1)
    path = contact_sheet(tmp_path / "set")
    assert path == tmp_path / "set" / "contact-sheet.png"
    with Image.open(path) as sheet:
        assert PICTURE < sheet.height < 2 * PICTURE
    assert np.abs(places(path, 3, 1)[0] - [10, 11, 12]).max() == 0


def test_captions_are_written_whatever_they_hold(tmp_path) -> None:
    captions = ["étoile Жар 漢字 🐦", "W" * 100_000, "word " * 9000, "a\u0301 e\u0301"]
    wrong: dict[int, dict[str, object]] = {k: {"captions": (text,)} for k, text in enumerate(captions)}
    prepare(Hues(4, wrong), tmp_path / "set", size=64, workers=1)
    with Image.open(contact_sheet(tmp_path / "set", rows=1)) as picture:
        sheet = np.asarray(picture.convert("L"))
    below = sheet[45 + PICTURE + 20 :]
    for number in range(4):
        column = below[:, 14 + number * (PICTURE + 14) :][:, :PICTURE]
        assert (column < 100).any(), f"nothing is written for caption {number}"
    assert (below[:, 14 + 4 * (PICTURE + 14) - 14 : 14 + 4 * (PICTURE + 14)] == 255).all()


def test_lines_fit(monkeypatch) -> None:
    for text in ("a small red bird with a very long tail that sits on a branch " * 3, "W" * 99, "one"):
        lines = module._wrap(text, PICTURE, 13, 4)
        assert 1 <= len(lines) <= 4
        assert all(module._length(line, 13) <= PICTURE for line in lines)
        assert lines[-1].endswith("…") == (text != "one")
    monkeypatch.setattr(module, "_fonts", lambda size: ORIGINAL(size)[:1])
    assert [part for part, _ in module._parts("caf\u00e9 漢", 13)] == ["cafe ?"]


ORIGINAL = module._fonts
