import pytest

from stackgan_k3.data.inside import inside
from stackgan_k3.data.source import BadExample


def test_names_and_links_within_the_folder(tmp_path) -> None:
    root = tmp_path / "set"
    (root / "a").mkdir(parents=True)
    (root / "b").symlink_to(root / "a", target_is_directory=True)
    (root / "loop").symlink_to(root / "loop")
    (tmp_path / "elsewhere").symlink_to(root, target_is_directory=True)
    for folder in (root, tmp_path / "elsewhere"):
        assert inside(folder, "b/../a/one.jpg") == root / "a" / "one.jpg"
        assert inside(folder, "b/one.jpg") == root / "a" / "one.jpg"
        assert inside(folder, "loop") == root / "loop"  # no file, which who reads it will say


def test_what_lies_outside_is_refused(tmp_path) -> None:
    root = tmp_path / "set"
    root.mkdir()
    (tmp_path / "settled").mkdir()
    (root / "link").symlink_to(tmp_path / "settled", target_is_directory=True)
    (root / "double").symlink_to(root / "link" / "one.jpg")
    for name, told in (
        ("../settled/one.jpg", "it lies outside"),
        ("/etc/hostname", "it lies outside"),
        ("link/one.jpg", r"it is a link to .*settled/one\.jpg, which lies outside"),
        ("double", r"it is a link to .*settled/one\.jpg, which lies outside"),
        ("a\0b", "not the name of a file"),
    ):
        with pytest.raises(BadExample, match=told):
            inside(root, name)
