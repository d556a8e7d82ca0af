"""Every source, from a small set in its published layout to two steps of training."""

import zlib
from importlib import import_module

import numpy as np
import pytest
from networks import EMBEDDING, stage1

from stackgan_k3.cli import main
from stackgan_k3.data.inspection import inspect_set
from stackgan_k3.data.loader import Loader
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.data.source_entry import SOURCES

BATCH = 4


class Numbers:
    """Embeddings made of the place of the caption, the same in every run."""

    def row(self, record_index: int, caption_index: int) -> np.ndarray:
        seed = zlib.crc32(f"{record_index} {caption_index}".encode())
        return np.random.default_rng(seed).standard_normal(EMBEDDING, dtype=np.float32)


@pytest.fixture(scope="module")
def stage():
    """One model for all sources: it is compiled by the first."""
    model = stage1()
    model.compile()
    return model


@pytest.fixture(scope="module")
def dcgan():
    from stackgan_k3.models.dcgan.dcgan import DCGAN
    from stackgan_k3.models.dcgan.discriminator import DCGANDiscriminator
    from stackgan_k3.models.dcgan.generator import DCGANGenerator

    model = DCGAN(DCGANGenerator(4, noise_dim=4), DCGANDiscriminator(4))
    model.compile()
    return model


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_from_the_published_files_to_two_steps(name, tmp_path, capsys, stage, dcgan) -> None:
    options: dict[str, str] = {}
    root = None
    if SOURCES[name].root != "none":
        miniature = import_module(f"miniature_sets.{SOURCES[name].module}")
        root, options = tmp_path / "root", miniature.OPTIONS
        miniature.make(root)
    size = 28 if name == "digits" else 64
    limit = 12 if root is None else None
    info = prepare(name, tmp_path / "set", root=root, size=size, limit=limit, options=options, workers=1)
    assert info["source"] == name
    assert info["licence"]

    assert main(["inspect", str(tmp_path / "set")]) == 0
    printed = capsys.readouterr().out
    assert f"{info['splits']['train']['records']:,} to train on" in printed
    assert (tmp_path / "set" / "contact-sheet.png").stat().st_size > 1000
    found = inspect_set(tmp_path / "set")
    assert found["splits"]["train"]["captions"] == info["splits"]["train"]["captions"]

    records = Records(tmp_path / "set")
    assert len(records) >= BATCH, "a miniature has too few pictures to train on"
    if records.embedding_dim is not None:
        own = Loader(records, batch_size=BATCH, captions="embedding").batch(0)["embedding"]
        assert own.shape == (BATCH, records.embedding_dim)
        assert np.isfinite(own).all()
    model = dcgan if size == 28 else stage
    loader = Loader(
        records,
        image_size=size,
        batch_size=BATCH,
        captions=None if size == 28 else "embedding",
        embeddings=None if size == 28 else Numbers(),
        draws=model.draws,
    )
    before = [np.array(weight) for weight in model.generator.get_weights()]
    history = model.fit(loader.dataset(), steps_per_epoch=2, shuffle=False, verbose=0).history
    assert history
    assert np.isfinite([value for values in history.values() for value in values]).all()
    after = model.generator.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))
