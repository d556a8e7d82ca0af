import pickle
import tarfile
import zipfile

import numpy as np
import pytest
from image_folders import bad, good
from miniature_sets.image_folder import make, save

from stackgan_k3.data.image_folder import ImageFolder
from stackgan_k3.data.prepare import prepare
from stackgan_k3.errors import UserError


def archive_of(folder, path, top: str = "") -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in sorted(folder.rglob("*")):
                packed.write(file, top + file.relative_to(folder).as_posix())
    else:
        with tarfile.open(path, "w") as packed:
            packed.add(folder, top or ".")


@pytest.mark.parametrize("name", ["my set.zip", "my set.tar"])
@pytest.mark.parametrize("top", ["", "pictures/"])
def test_an_archive_is_the_same_as_its_folder(tmp_path, name, top) -> None:
    make(tmp_path / "set")
    save(tmp_path / "set" / "train" / "ünpaired.PNG")
    archive_of(tmp_path / "set", tmp_path / name, top)
    folder, archive = ImageFolder(tmp_path / "set"), ImageFolder(tmp_path / name)
    assert good(archive) == good(folder)
    assert bad(archive) == bad(folder) != {}
    again = pickle.loads(pickle.dumps(archive))
    for index in range(16):
        np.testing.assert_array_equal(again[index].image, folder[index].image)
        assert (again[index].split, again[index].label) == (folder[index].split, folder[index].label)
    before = sorted(tmp_path.iterdir())
    list(good(archive))
    assert sorted(tmp_path.iterdir()) == before  # nothing is unpacked beside it


@pytest.mark.parametrize("name", ["set.zip", "set.tar"])
def test_archives_of_text_files_and_of_classes(tmp_path, name) -> None:
    save(tmp_path / "a" / "x" / "1.png")
    save(tmp_path / "a" / "y" / "1.png")
    archive_of(tmp_path / "a", tmp_path / name)
    assert ImageFolder(tmp_path / name).classes == ("x", "y")
    (tmp_path / "a" / "x" / "1.txt").write_text("one x\n")
    (tmp_path / "a" / "y" / "1.txt").write_text("one y\n")
    archive_of(tmp_path / "a", tmp_path / name)
    assert good(ImageFolder(tmp_path / name)) == {"x/1.png": ("one x",), "y/1.png": ("one y",)}


def test_prepared_from_a_zip_by_two_processes(tmp_path) -> None:
    for n in range(40):
        save(tmp_path / "set" / f"c{n % 2}" / f"{n}.png", n=n)
    archive_of(tmp_path / "set", tmp_path / "set.zip")
    info = prepare("image-folder", tmp_path / "out", root=tmp_path / "set.zip", size=64, workers=2)
    assert info["classes"] == ["c0", "c1"]
    assert info["splits"]["train"]["records"] + info["splits"]["test"]["records"] == 40
    assert info["splits"]["test"]["records"] > 0


def test_compressed_tars_are_refused_with_what_to_do(tmp_path) -> None:
    make(tmp_path / "set")
    for mode, command in (("gz", "gzip -d"), ("bz2", "bzip2 -d"), ("xz", "xz -d")):
        with tarfile.open(tmp_path / f"set.tar.{mode}", f"w:{mode}") as packed:
            packed.add(tmp_path / "set", "set")
        with pytest.raises(UserError, match=command):
            ImageFolder(tmp_path / f"set.tar.{mode}")
