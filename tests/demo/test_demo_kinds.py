"""The page of bundles asked by a class, or by nothing: its function, in a process without a server."""

import json
import subprocess
import sys

import numpy as np
import pytest
from bundles_of_kinds import build_kind
from PIL import Image

from stackgan_k3.inference import TextToImage

CODE = """
import json, sys
from stackgan_k3.demo.app import build
from stackgan_k3.inference import TextToImage
page = build(TextToImage.load(sys.argv[1], "cpu"))
found = [function.fn for function in page.fns.values() if function.api_name == "interpolate"]
_, strip, gif, report = found[0](json.loads(sys.argv[2]), "", 3, 4, 3)
import shutil
shutil.copy(strip, sys.argv[3])
print(report)
"""


@pytest.mark.parametrize(("kind", "asked"), [("label", "one"), ("none", None)])
def test_two_seeds(kind, asked, tmp_path):
    bundle = build_kind(tmp_path / kind, kind)
    words = [str(bundle), json.dumps(asked), str(tmp_path / "strip.png")]
    done = subprocess.run([sys.executable, "-c", CODE, *words], capture_output=True, text=True, check=True)
    walk = TextToImage.load(bundle, "cpu").interpolate(asked, seed=3, seed_b=4, steps=3)
    assert (np.asarray(Image.open(tmp_path / "strip.png")) == walk.grid(3)).all()
    assert done.stdout.strip().endswith(f"{'one, ' if asked else ''}seed 3 \u2192 4.")
    assert np.unique(walk.images).size > 1
