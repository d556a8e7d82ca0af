import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from bundles import build_bundle, build_manifest, build_model

from stackgan_k3.bundle.noise import MAX_SEED
from stackgan_k3.errors import UserError
from stackgan_k3.inference import TextToImage

CAPTION = "a small red bird"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return build_bundle(tmp_path_factory.mktemp("inference") / "bundle")


@pytest.fixture(scope="module")
def model(bundle):
    return TextToImage.load(bundle)


def test_what_comes_out(model):
    drawing = model.generate([CAPTION, "a blue bird"], num_images=3, seed=10)
    assert drawing.images.shape == (6, 128, 128, 3)
    assert drawing.previews.shape == (6, 64, 64, 3)
    assert drawing.images.dtype == drawing.previews.dtype == np.uint8
    assert drawing.captions == (CAPTION,) * 3 + ("a blue bird",) * 3
    assert drawing.seeds == (10, 11, 12) * 2
    assert drawing.provider == model.provider == "CPUExecutionProvider"
    assert len({picture.tobytes() for picture in drawing.images}) == 6


def test_a_picture_depends_on_its_caption_and_seed_alone(model):
    drawing = model.generate([CAPTION, "a blue bird"], num_images=3, seed=10)
    alone = model.generate("a blue bird", seed=12)
    assert (drawing.images[5] == alone.images[0]).all()
    assert (drawing.previews[5] == alone.previews[0]).all()


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 100])
def test_batching_changes_nothing(model, batch_size):
    captions = [CAPTION, "a blue bird"]
    expected = model.generate(captions, num_images=4, seed=3)
    drawing = model.generate(captions, num_images=4, seed=3, batch_size=batch_size)
    assert (drawing.images == expected.images).all()
    assert (drawing.previews == expected.previews).all()


def test_white_space_and_case_draw_the_same(model):
    expected = model.generate(CAPTION, seed=1).images
    assert (model.generate("  A small\n RED  bird ", seed=1).images == expected).all()


def test_a_seed_by_chance_is_reported_and_draws_the_same_again(model):
    first, second = model.generate(CAPTION, num_images=2), model.generate(CAPTION)
    assert first.seeds[0] != second.seeds[0]
    assert (model.generate(CAPTION, seed=first.seeds[1]).images[0] == first.images[1]).all()


def test_another_process_draws_the_same_bytes_and_loads_no_framework(bundle, model):
    code = f"""
import hashlib, json, sys
import stackgan_k3.inference
before = [name for name in ("keras", "tensorflow", "jax", "torch", "onnxruntime") if name in sys.modules]
drawing = stackgan_k3.inference.TextToImage.load({str(bundle)!r}).generate({CAPTION!r}, num_images=3, seed=5)
after = [name for name in ("keras", "tensorflow", "jax", "torch") if name in sys.modules]
print(json.dumps([before, after, hashlib.sha256(drawing.images.tobytes()).hexdigest()]))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = model.generate(CAPTION, num_images=3, seed=5).images.tobytes()
    assert json.loads(result.stdout) == [[], [], hashlib.sha256(expected).hexdigest()]
    assert result.stderr == ""


def test_a_changed_byte_is_refused_unless_told_not_to_look(tmp_path):
    bundle = build_bundle(tmp_path / "bundle")
    (bundle / "README.md").write_text("# changed\n")
    with pytest.raises(UserError, match=r"README.md is not the file"):
        TextToImage.load(bundle)
    assert len(TextToImage.load(bundle, verify=False).generate(CAPTION, seed=0)) == 1


def test_a_file_that_is_no_onnx(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"no model")
    build_manifest().write(tmp_path)
    with pytest.raises(UserError, match=r"cannot open .*model.onnx"):
        TextToImage.load(tmp_path)


def test_a_bundle_without_its_model(tmp_path):
    build_manifest().write(tmp_path)
    with pytest.raises(UserError, match=r"has no model.onnx"):
        TextToImage.load(tmp_path)


def _rename(model):
    for node in model.graph.node:
        node.input[:] = ["z" if name == "noise" else name for name in node.input]
    model.graph.input[1].name = "z"


def _fix_batch(model):
    model.graph.input[1].type.tensor_type.shape.dim[0].dim_value = 1


@pytest.mark.parametrize(
    ("sizes", "change", "message"),
    [
        ({"noise_size": 15}, None, r"input 'noise' should be float32 \['batch', 14\] and is .*15"),
        ({"image_size": 64}, None, r"output 'image' should be uint8 \['batch', 128, 128, 3\]"),
        ({}, _rename, "input 'noise' should be .* and is nothing"),
        ({}, _fix_batch, "input 'noise' should be"),
    ],
)
def test_a_model_that_does_not_fit_its_manifest(tmp_path, sizes, change, message):
    model = build_model(**{"image_size": 128, "noise_size": 14, **sizes})
    if change:
        change(model)
    onnx.save(model, tmp_path / "model.onnx")
    build_manifest().write(tmp_path)
    with pytest.raises(UserError, match=message):
        TextToImage.load(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"captions": ""}, "empty"),
        ({"captions": []}, "no caption"),
        ({"captions": [CAPTION, " "]}, "empty"),
        ({"captions": "x" * 10_000}, "10,000 characters"),
        ({"captions": [3]}, "must be a string"),
        ({"captions": 3}, "must be a string or a sequence"),
        ({"captions": b"a bird"}, "must be a string or a sequence of strings, not bytes"),
        ({"num_images": 0}, "num_images is 0"),
        ({"num_images": -1}, "num_images is -1"),
        ({"num_images": 1.5}, "num_images must be an integer"),
        ({"num_images": True}, "num_images must be an integer"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"seed": -1}, "out of range"),
        ({"seed": 2**63}, "out of range"),
        ({"seed": "7"}, "must be an integer"),
        ({"seed": MAX_SEED, "num_images": 2}, "pass the largest seed"),
    ],
)
def test_bad_requests(model, arguments, message):
    with pytest.raises(UserError, match=message):
        model.generate(**{"captions": CAPTION, **arguments})


def test_the_largest_seed(model):
    assert model.generate(CAPTION, seed=MAX_SEED).seeds == (MAX_SEED,)


def test_a_long_caption_is_read_up_to_201_characters_with_one_warning(model):
    long = "bird " * 60
    with pytest.warns(UserWarning, match="2 of 3 captions have more than 201") as notes:
        drawing = model.generate([long, long, CAPTION], seed=1)
    assert len(notes) == 1
    assert (drawing.images[0] == model.generate(long[:201], seed=1).images[0]).all()


def test_several_threads_at_once(model):
    from concurrent.futures import ThreadPoolExecutor

    expected = [model.generate(CAPTION, seed=seed).images for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda seed: model.generate(CAPTION, seed=seed).images, range(8)))
    assert all((a == b).all() for a, b in zip(expected, drawn, strict=True))


def test_importing_needs_no_onnxruntime_and_loading_says_what_to_install(bundle, tmp_path):
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('not here')")
    code = f"""
from stackgan_k3.inference import TextToImage
from stackgan_k3.errors import UserError
try:
    TextToImage.load({str(bundle)!r})
except UserError as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert "stackgan-k3[cpu]" in result.stdout
    assert "stackgan-k3[gpu]" in result.stdout
