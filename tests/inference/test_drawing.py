import numpy as np
import pytest
from PIL import Image

from stackgan_k3.errors import UserError
from stackgan_k3.inference import Drawing
from stackgan_k3.inference.drawing import check_sheet


def draw(captions=1, each=1):
    count = captions * each
    random = np.random.default_rng(0)
    return Drawing(
        images=random.integers(0, 255, (count, 16, 16, 3), np.uint8),
        previews=random.integers(0, 255, (count, 8, 8, 3), np.uint8),
        captions=tuple(f"caption {c}" for c in range(captions) for _ in range(each)),
        seeds=tuple(range(each)) * captions,
        provider="CPUExecutionProvider",
    )


def test_one_picture_is_its_own_grid():
    drawing = draw()
    assert (drawing.grid() == drawing.images[0]).all()
    assert (drawing.grid(5, previews=True) == drawing.previews[0]).all()


def test_grid_positions_and_white_rest():
    drawing = draw(each=5)
    sheet = drawing.grid(3)
    assert sheet.shape == (2 * 16 + 4, 3 * 16 + 8, 3)
    assert (sheet[20:, 20:36] == drawing.images[4]).all()
    assert (sheet[20:, 40:] == 255).all()
    assert (sheet[16:20] == 255).all()


@pytest.mark.parametrize(
    ("captions", "each", "columns", "rows"),
    [(1, 4, 2, 2), (3, 2, 2, 3), (2, 5, 5, 2), (4, 1, 2, 2), (1, 5, 3, 2)],
)
def test_columns_by_default(captions, each, columns, rows):
    assert draw(captions, each).grid().shape == (rows * 20 - 4, columns * 20 - 4, 3)


def test_columns_out_of_range():
    with pytest.raises(UserError, match="columns is 0"):
        draw().grid(0)


def test_save_a_grid(tmp_path):
    drawing = draw(each=4)
    assert drawing.save(tmp_path / "grid.PNG") == [tmp_path / "grid.PNG"]
    assert (np.asarray(Image.open(tmp_path / "grid.PNG")) == drawing.grid()).all()
    drawing.save(tmp_path / "grid.jpg")
    with Image.open(tmp_path / "grid.jpg") as picture:
        assert picture.format == "JPEG"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grid.PNG", "grid.jpg"]


def test_save_a_folder(tmp_path):
    drawing = draw(captions=2, each=2)
    files = drawing.save(f"{tmp_path}/new/")
    assert [file.name for file in files] == [
        "0000-seed-0.png", "0001-seed-1.png", "0002-seed-0.png", "0003-seed-1.png"
    ]  # fmt: skip
    assert (np.asarray(Image.open(files[2])) == drawing.images[2]).all()
    sketches = drawing.save(tmp_path / "new", previews=True)
    assert (np.asarray(Image.open(sketches[3])) == drawing.previews[3]).all()
    assert len(list((tmp_path / "new").iterdir())) == 8


@pytest.mark.parametrize(
    ("name", "message"), [("a.gif", "as .png or .jpg"), ("a", "end its name"), ("no/a.png", "does not exist")]
)
def test_names_that_cannot_be_saved(tmp_path, name, message):
    with pytest.raises(UserError, match=message):
        draw().save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_jpeg_has_a_largest_size(tmp_path):
    drawing = draw(each=2)
    side = drawing.images.shape[1]
    fits = (65_500 + 4) // (side + 4)
    check_sheet(tmp_path / "a.jpg", fits, fits, side, columns=fits)
    check_sheet(tmp_path / "a.png", fits + 1, 1, side, columns=fits + 1)
    check_sheet(tmp_path, fits + 1, 1, side, columns=fits + 1)  # a file each
    with pytest.raises(UserError, match="at most 65500 a side"):
        check_sheet(tmp_path / "a.jpg", fits + 1, 1, side, columns=fits + 1)
    drawing.save(tmp_path / "few.jpg", columns=99_999)  # a row has no more than all pictures
    (tmp_path / "few.jpg").unlink()
    wide = np.zeros((1, 2, 65_501, 3), np.uint8)
    with pytest.raises(UserError, match="at most 65500 a side"):
        Drawing(wide, wide, ("a bird",), (0,), "CPUExecutionProvider").save(tmp_path / "a.jpg")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_in(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(UserError, match="nothing can be written in the folder"):
        draw().save(tmp_path / "a.png")


def test_a_file_where_a_folder_should_be(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(UserError, match="is a file"):
        draw().save(f"{tmp_path}/taken/")
