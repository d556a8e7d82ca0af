import json
import pickle

import pytest

from stackgan_k3.data.caption_index import CaptionIndex
from stackgan_k3.errors import UserError


def write(path, images, annotations, **more):
    content = {
        "images": [{"id": number, "file_name": name} for number, name in images],
        "annotations": [
            {"image_id": number, "id": k, "caption": text} for k, (number, text) in enumerate(annotations)
        ],
        **more,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "captions_train2017.json"


def test_captions_find_their_pictures(path) -> None:
    images = [(30, "c.jpg"), (10, "été.jpg"), (20, "b.jpg"), (2**40, "d.jpg")]
    captions = [
        (20, "b one"),
        (30, "c one"),
        (10, "a one"),
        (20, "b two"),
        (2**40, "d"),
        (10, "a two"),
        (20, "b 3"),
    ]
    index = CaptionIndex(write(path, images, captions))
    assert len(index) == 4
    assert [index.file_name(i) for i in range(4)] == ["été.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert [index.captions(i) for i in range(4)] == [
        ("a one", "a two"),
        ("b one", "b two", "b 3"),
        ("c one",),
        ("d",),
    ]
    again = pickle.loads(pickle.dumps(index))
    assert [again.captions(i) for i in range(4)] == [index.captions(i) for i in range(4)]


def test_captions_as_they_are(path) -> None:
    captions = [
        (1, "A dog\nruns. "),
        (1, "  \n"),
        (1, "e\u0301te\u0301 \U0001f642"),
        (1, "\ud800 half a letter"),
    ]
    index = CaptionIndex(write(path, [(1, "a.jpg"), (2, "b.jpg")], captions))
    assert index.captions(0) == ("A dog runs.", "été 🙂", "? half a letter")
    assert index.captions(1) == ()


def test_what_else_is_in_the_file_does_not_matter(path) -> None:
    more = {"info": {"a": {"b": [1, 2]}}, "licenses": [{"id": 1, "name": "by"}], "categories": []}
    index = CaptionIndex(write(path, [(1, "a.jpg")], [(1, "a dog")], **more))
    assert (len(index), index.captions(0)) == (1, ("a dog",))


def test_a_million_captions_would_take_little_room(path) -> None:
    # a pickled index holds the letters and a few bytes beside each of them
    images = [(number, f"{number:012d}.jpg") for number in range(2000)]
    captions = [
        (number % 2000, f"this is caption number {number:06d} of the file") for number in range(10_000)
    ]
    letters = sum(len(name) for _, name in images) + sum(len(text) for _, text in captions)
    index = CaptionIndex(write(path, images, captions))
    assert len(pickle.dumps(index)) < letters + 4 * (len(images) * 2 + len(captions)) + 2000


def test_files_of_another_form_are_named(path) -> None:
    form = "an image_id and a caption"
    for content, told in (
        ("", "is not whole JSON"),
        ('{"images": [', "is not whole JSON"),
        ("[" * 100_000, "is not whole JSON"),
        ("[]", "no list 'images'"),
        ('{"images": {}, "annotations": []}', "no list 'images'"),
        ('{"images": []}', "no list 'annotations'"),
        (
            '{"images": [{"id": "1", "file_name": "a"}], "annotations": []}',
            "entry 0 of 'images'.*a file_name",
        ),
        ('{"images": [], "annotations": [{"image_id": 1, "bbox": []}]}', f"entry 0 of 'annotations'.*{form}"),
        (
            '{"images": [], "annotations": [{"image_id": 1, "caption": 5}]}',
            f"entry 0 of 'annotations'.*{form}",
        ),
        ('{"images": [], "annotations": [{"image_id": 1e99, "caption": ""}]}', "entry 0 of 'annotations'"),
        (f'{{"images": [{{"id": {10**30}, "file_name": "a"}}], "annotations": []}}', "entry 0 of 'images'"),
    ):
        path.write_text(content)
        with pytest.raises(UserError, match=rf"captions_train2017\.json:? .*{told}"):
            CaptionIndex(path)
    path.write_bytes(b'{"images": ["\xff"]}')
    with pytest.raises(UserError, match="is not whole JSON"):
        CaptionIndex(path)
    path.unlink()
    with pytest.raises(UserError, match="cannot be read: No such file"):
        CaptionIndex(path)


def test_lists_that_do_not_agree_are_named(path) -> None:
    with pytest.raises(UserError, match="two images with the id 7"):
        CaptionIndex(write(path, [(7, "a.jpg"), (8, "b.jpg"), (7, "c.jpg")], []))
    for images in ([(7, "a.jpg")], []):
        with pytest.raises(UserError, match="a caption of the image 9, which is not among its images"):
            CaptionIndex(write(path, images, [(number, "a dog") for number, _ in images] + [(9, "a cat")]))
