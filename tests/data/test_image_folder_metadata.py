import json
import os

import pytest
from image_folders import bad, good, rows
from miniature_sets.image_folder import make, save

from stackgan_k3.data.image_folder import ImageFolder
from stackgan_k3.errors import UserError


def test_metadata_jsonl_as_people_write_it(tmp_path) -> None:
    for name in ("a.png", "ünïcode näme.PNG", "deep/er/c.jpg", "twice.png", "both.png"):
        save(tmp_path / name)
    rows(
        tmp_path / "metadata.jsonl",
        {"file_name": "a.png", "text": "été\nà la  plage", "id": 3},
        {"file_name": "ünïcode näme.PNG", "caption": "a caption"},
        {"file_name": ".\\deep\\er\\c.jpg", "captions": ["one", " ", "two"], "text": None},
        {"file_name": "twice.png", "text": "first"},
        {"file_name": "twice.png", "text": "second"},
        {"file_name": "twice.png", "text": "first"},
        {"file_name": "both.png", "captions": ["later"], "text": "sooner"},
        end="\r\n\r\n",
    )
    assert good(ImageFolder(tmp_path)) == {
        "a.png": ("été à la plage",),
        "ünïcode näme.PNG": ("a caption",),
        "deep/er/c.jpg": ("one", "two"),
        "twice.png": ("first", "second"),
        "both.png": ("sooner", "later"),
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_metadata_csv_of_any_encoding(tmp_path, encoding, end, delimiter) -> None:
    for name in ("a.png", "b.png", "c d.png"):
        save(tmp_path / name)
    lines = [
        "file_name,number,text",
        'a.png,1,"a café; with, ""quotes"""',
        "",
        'b.png,2,"two',
        'lines"',
        "c d.png,3,last",
    ]
    if delimiter != ",":
        lines = [line.replace(",", delimiter) if '"' not in line else line for line in lines]
        lines[1] = delimiter.join(["a.png", "1", '"a café; with, ""quotes"""'])
        lines[3] = delimiter.join(["b.png", "2", '"two'])
    (tmp_path / "metadata.csv").write_bytes(end.join(lines).encode(encoding))
    assert good(ImageFolder(tmp_path)) == {
        "a.png": ('a café; with, "quotes"',),
        "b.png": ("two lines",),
        "c d.png": ("last",),
    }


@pytest.mark.parametrize("name", ["metadata.jsonl", "metadata.csv"])
def test_metadata_and_pictures_that_do_not_meet(tmp_path, name) -> None:
    for picture in ("a.png", "lonely.png", "blank.png"):
        save(tmp_path / picture)
    said = [
        ("a.png", "a bird"),
        ("gone.png", "x"),
        ("../out.png", "x"),
        ("/etc/passwd", "x"),
        ("blank.png", " "),
    ]
    if name.endswith("csv"):
        (tmp_path / name).write_text("file_name,text\n" + "".join(f"{file},{text}\n" for file, text in said))
    else:
        rows(tmp_path / name, *({"file_name": file, "text": text} for file, text in said))
    assert bad(ImageFolder(tmp_path)) == {
        "lonely.png": f"no row of {name} is about it",
        "blank.png": f"its row in {name} has no text, caption or captions",
        "gone.png": f"{name} names it, but there is no such picture",
        "../out.png": f"{name} names it, but it leads out of the set",
        "/etc/passwd": f"{name} names it, but it leads out of the set",
    }
    assert list(good(ImageFolder(tmp_path))) == ["a.png"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("metadata.jsonl", b'{"file_name": "a.png"}\n{"file_name": \n', "metadata.jsonl, line 2: not JSON"),
        ("metadata.jsonl", b'\n["a.png", "text"]\n', 'metadata.jsonl, line 2: no "file_name"'),
        ("metadata.jsonl", b'{"file_name": 3}\n', 'line 1: no "file_name"'),
        ("metadata.jsonl", b"[" * 100_000, "line 1: not JSON"),
        ("metadata.jsonl", '{"file_name": "a.png"}'.encode("utf-16"), "is no text"),
        ("metadata.jsonl", b"x" * 1_100_000, "1,048,576 bytes without the end of a line, from byte 0"),
        (
            "metadata.csv",
            b"name,label\na.png,3\n",
            "the columns are name, label; expected file_name and text",
        ),
        ("metadata.csv", b"", "the columns are none"),
        ("metadata.csv", b'file_name,text\na.png,"never closed\n', "line 2: not CSV"),
        ("metadata.csv", b"file_name,text\na.png,x\n,no name\n", "line 3: no file_name"),
        ("metadata.csv", b"text,file_name\na.png\n", "line 2: no file_name"),
    ],
)
def test_damaged_metadata_is_named_by_line(tmp_path, name, content, said) -> None:
    save(tmp_path / "a.png")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        ImageFolder(tmp_path)
    assert said in str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_caption_that_the_separator_would_cut_is_an_error(tmp_path, delimiter) -> None:
    save(tmp_path / "a.png")
    lines = ["file_name,text", "a.png,a red bird, with black wings"]
    (tmp_path / "metadata.csv").write_text("\n".join(line.replace(",", delimiter) for line in lines))
    said = f'line 2: 3 values, where line 1 names 2 columns; .* in quotes: "a red bird{delimiter} with black'
    with pytest.raises(UserError, match=said):
        ImageFolder(tmp_path)


def test_csv_with_empty_ends_and_spaces_about_a_name(tmp_path) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text("file_name;text;;\n a.png ;a red bird;;;\n")
    assert good(ImageFolder(tmp_path)) == {"a.png": ("a red bird",)}


def test_a_column_that_is_there_twice_is_an_error(tmp_path) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text("file_name,text,text\na.png,one,two\n")
    with pytest.raises(UserError, match="line 1: the column text is there twice"):
        ImageFolder(tmp_path)


def test_captions_that_are_no_text(tmp_path) -> None:
    save(tmp_path / "a.png")
    rows(tmp_path / "metadata.jsonl", {"file_name": "a.png", "text": 3})
    assert bad(ImageFolder(tmp_path)) == {"a.png": "its text are int, not text"}
    halves = [{"file_name": "a.png", "text": "\ud800"}, {"file_name": "\udcff.png", "text": "x"}]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, halves)))
    found = bad(ImageFolder(tmp_path))
    assert found["a.png"] == "its text hold half a character, which is no text"
    assert set(found) == {"a.png", "\\udcff.png"}


def test_metadata_that_is_not_read_is_an_error(tmp_path) -> None:
    save(tmp_path / "set" / "a" / "1.png")
    rows(tmp_path / "metadata.jsonl", {"file_name": "a/1.png", "text": "a secret"})
    os.symlink(tmp_path / "metadata.jsonl", tmp_path / "set" / "metadata.jsonl")
    with pytest.raises(UserError, match=r"metadata\.jsonl is not read: it is a link"):
        ImageFolder(tmp_path / "set")


def test_metadata_that_changes_meanwhile(tmp_path) -> None:
    make(tmp_path / "set")
    source = ImageFolder(tmp_path / "set")
    (tmp_path / "set" / "train" / "metadata.jsonl").write_bytes(b"\n" * 5000)
    assert set(bad(source).values()) == {"its row in train/metadata.jsonl has changed since it was opened"}
