"""The page docs/bundle.md promises a format to other languages: what it shows must be true."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bundles import build_bundle
from PIL import Image

from stackgan_k3.bundle import alphabet, noise
from stackgan_k3.inference import TextToImage

PAGE = (Path(__file__).parents[2] / "docs" / "bundle.md").read_text("utf-8")
CAPTION = "  Caf\u00e9 \u2013 a \u201cred\u201d\tbird \U0001f426!"


def rows(pattern):
    found = [(int(seed), values.split()) for seed, values in re.findall(pattern, PAGE)]
    assert len(found) >= 3
    return found


def test_the_words():
    for seed, words in rows(r"\| (\d+) \| `((?:[0-9a-f]{8} ?){8})` \|"):
        assert [f"{word:08x}" for word in noise.philox4x32(seed, 2).reshape(-1)] == words


def test_the_normals():
    for seed, values in rows(r"\| (\d+) \| `((?:-?\d\.\d+ ?){4})` \|"):
        np.testing.assert_allclose(noise.normal(seed, 0, 4), np.array(values, np.float64), rtol=3e-7)


def test_the_alphabet_and_its_example():
    assert f"\n{alphabet.ALPHABET}\n" in PAGE
    caption, numbers = re.search(r"^`(Caf.*)` \u2192 `([\d ]+) \u2026`$", PAGE, re.MULTILINE).groups()
    expected = [int(number) for number in numbers.split()]
    assert alphabet.encode([caption])[0, : len(expected)].tolist() == expected


@pytest.mark.parametrize("language", ["python", "js"])
def test_the_programs_draw_the_same_picture(tmp_path, language):
    bundle = build_bundle(tmp_path / "bundle")
    program = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[-1]
    if language == "js":
        probe = shutil.which("node") and subprocess.run(
            ["node", "-e", "require.resolve('onnxruntime-node')"], capture_output=True, check=False
        )
        if not probe or probe.returncode:
            pytest.skip("needs Node with onnxruntime-node where NODE_PATH finds it")
        path = tmp_path / "draw.cjs"
        program = re.sub(r"import (.*) from (.*);", r"const \1 = require(\2);", program)
        path.write_text("(async () => {" + program + "})();")
        command = ["node", path]
    else:
        path = tmp_path / "draw.py"
        path.write_text(program)
        command = [sys.executable, path]
    subprocess.run([*command, bundle, CAPTION, str(2**40 + 3)], cwd=tmp_path, check=True)
    expected = TextToImage.load(bundle).generate(CAPTION, seed=2**40 + 3)
    with Image.open(tmp_path / "bird.ppm") as file:
        assert (np.asarray(file) == expected.images[0]).all()
