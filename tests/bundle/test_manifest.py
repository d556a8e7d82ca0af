import json
import os

import pytest
from bundles import build_bundle, build_manifest

from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.errors import UserError


@pytest.fixture
def bundle(tmp_path):
    return build_bundle(tmp_path / "bundle")


def change(bundle, **entries):
    said = json.loads((bundle / "bundle.json").read_text())
    for key, value in entries.items():
        *parents, last = key.split("__")
        place = said
        for parent in parents:
            place = place[parent]
        place[last] = value
    (bundle / "bundle.json").write_text(json.dumps(said))


def test_round_trip(bundle):
    manifest = Manifest.read(bundle)
    assert sorted(manifest.files) == ["README.md", "model.onnx", "samples/note.txt"]
    assert manifest.noise_size == 14
    assert manifest.inputs["noise"] == {"dtype": "float32", "shape": ["batch", 14]}
    assert manifest.outputs["image"] == {"dtype": "uint8", "shape": ["batch", 128, 128, 3]}
    assert Manifest.read(bundle) == build_manifest().write(bundle)
    manifest.verify(bundle)


def test_the_same_files_give_the_same_bytes(bundle, tmp_path):
    again = build_bundle(tmp_path / "again")
    assert (again / "bundle.json").read_bytes() == (bundle / "bundle.json").read_bytes()
    os.utime(bundle / "README.md", (1, 1))
    before = (bundle / "bundle.json").read_bytes()
    Manifest.read(bundle).write(bundle)
    assert (bundle / "bundle.json").read_bytes() == before


@pytest.mark.parametrize("name", ["README.md", "model.onnx", "samples/note.txt"])
def test_a_changed_byte_is_found_and_named(bundle, name):
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name} is not the file"):
        Manifest.read(bundle).verify(bundle)


def test_a_file_cut_short(bundle):
    os.truncate(bundle / "model.onnx", 10)
    with pytest.raises(UserError, match=r"model.onnx is not the file"):
        Manifest.read(bundle).verify(bundle)


def test_a_missing_file(bundle):
    (bundle / "samples" / "note.txt").unlink()
    with pytest.raises(UserError, match=r"lacks the file samples/note.txt"):
        Manifest.read(bundle).verify(bundle)


def test_an_extra_file(bundle):
    (bundle / "samples" / "more.py").write_text("")
    with pytest.raises(UserError, match=r"holds samples/more.py.*remove it"):
        Manifest.read(bundle).verify(bundle)


def test_a_folder_linked_in_is_an_extra(bundle, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (bundle / "linked").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="holds linked"):
        Manifest.read(bundle).verify(bundle)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", "a\\b", "c:evil", "./a", ""])
def test_paths_that_leave_the_bundle(bundle, name):
    change(bundle, files={name: {"bytes": 0, "sha256": "0" * 64}})
    with pytest.raises(UserError, match="leads out of the bundle"):
        Manifest.read(bundle)


def test_a_newer_format(bundle):
    change(bundle, format_version=3)
    with pytest.raises(UserError, match=r"format version 3.*pip install --upgrade"):
        Manifest.read(bundle)


@pytest.mark.parametrize("text", ["", "{", "\xff", "[" * 100_000, "[]", "null", "{}"])
def test_broken_json(bundle, text):
    (bundle / "bundle.json").write_text(text, "latin-1")
    with pytest.raises(UserError, match=r"bundle.json.*again"):
        Manifest.read(bundle)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("name", 3),
        ("format_version", "1"),
        ("format_version", True),
        ("image_size", 0),
        ("image_size", 64.0),
        ("preview_size", None),
        ("noise__size", 13),
        ("noise__parts", [["noise"]]),
        ("noise__parts", [["noise", -14]]),
        ("noise", []),
        ("inputs", {}),
        ("outputs__image__shape", [1, 128, 128, 3]),
        ("data__licence", 1),
        ("metrics__fid", None),
        ("examples", [1]),
        ("embedding__size", "32"),
        ("files", {"model.onnx": "0"}),
        ("files", {"model.onnx": {"bytes": 1}}),
        ("files", {"model.onnx": {"bytes": "1", "sha256": "0" * 64}}),
        ("files", {"model.onnx": {"bytes": 1, "sha256": "z" * 64}}),
    ],
)
def test_wrong_types_are_named(bundle, entry, value):
    change(bundle, **{entry: value})
    with pytest.raises(UserError, match=rf"bundle.json.*{entry.split('__')[0].rstrip('s')}.*again"):
        Manifest.read(bundle)


def test_another_alphabet_or_noise_stream(bundle):
    change(bundle, noise__stream="mersenne")
    with pytest.raises(UserError, match=r"mersenne.*newer"):
        Manifest.read(bundle)
    change(bundle, alphabet__table={"a": 1})
    with pytest.raises(UserError, match=r"alphabet.*newer"):
        Manifest.read(bundle)


def test_no_bundle_at_all(tmp_path):
    with pytest.raises(UserError, match="no folder"):
        Manifest.read(tmp_path / "none")
    with pytest.raises(UserError, match=r"not a bundle.*stackgan-k3 export"):
        Manifest.read(tmp_path)


def test_nothing_is_written_that_could_not_be_read(tmp_path):
    wrong = build_manifest(image_size=0)
    with pytest.raises(UserError, match="image_size"):
        wrong.write(tmp_path)
    assert not (tmp_path / "bundle.json").exists()
