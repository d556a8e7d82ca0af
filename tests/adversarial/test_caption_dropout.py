"""Captions that are left out of a training step."""

import keras
import networks
import numpy as np
import pytest

from stackgan_k3.adversarial.caption_dropout import NAME, CaptionDropout
from stackgan_k3.adversarial.judgement import Judgement
from stackgan_k3.draws import draw_batch


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(keras.ops.stop_gradient(tensor)))


def test_as_many_captions_are_dropped_as_was_asked():
    dropout = CaptionDropout(0.2)
    batch = {"embedding": np.ones((4000, 3), "float32"), "noise": np.ones((4000, 2), "float32")}
    batch |= draw_batch(dropout.draws, seed=1, step=0, batch_size=4000)
    left = dropout(batch)
    rows = numpy(left["embedding"])
    assert set(np.unique(rows.sum(axis=1))) == {0.0, 3.0}  # a caption whole or not at all
    assert abs((rows[:, 0] == 0).mean() - 0.2) < 0.03
    assert (rows[:, 0] == 0).tolist() == (batch[NAME] < 0.2).tolist()
    assert left["noise"] is batch["noise"]


def test_none_and_all():
    batch = {"embedding": np.ones((5, 3), "float32"), NAME: np.linspace(0, 0.99, 5).astype("float32")}
    assert CaptionDropout(0.0)(batch) is batch and CaptionDropout(0.0).draws == {}
    assert not numpy(CaptionDropout(1.0)(batch)["embedding"]).any()
    with pytest.raises(ValueError, match=r"caption_dropout is 1\.5"):
        CaptionDropout(1.5)


def test_no_picture_is_wrong_where_there_is_no_caption():
    fake, real, wrong = np.arange(12, dtype="float32").reshape(3, 4, 1)
    batch = {NAME: np.array([0.1, 0.9, 0.4, 0.5], "float32")}
    said = CaptionDropout(0.5).unmatched(batch, Judgement(fake, real, wrong))
    assert numpy(said.wrong)[:, 0].tolist() == [fake[0, 0], wrong[1, 0], fake[2, 0], wrong[3, 0]]
    assert said.real is real and said.fake is fake
    same = Judgement(fake, real, wrong)
    assert CaptionDropout(0.0).unmatched({}, same) is same


def test_both_networks_of_a_stage_see_the_same():
    stage = networks.stage1(caption_dropout=0.5)
    batch = networks.batch(stage)
    dropped = batch[NAME] < 0.5
    assert dropped.any() and not dropped.all()
    # The condition of both networks comes from what the generator drew for.
    mean = numpy(stage.draw(stage.prepare(batch))["mean"])
    other = {**batch, "embedding": batch["embedding"] + 5.0 * dropped[:, None].astype("float32")}
    np.testing.assert_array_equal(mean, numpy(stage.draw(stage.prepare(other))["mean"]))
    assert (mean[dropped] == mean[dropped][0]).all() and (mean[~dropped] != mean[dropped][0]).any(
        axis=1
    ).all()
    whole = networks.stage1()
    assert NAME not in whole.draws
    plain = numpy(whole.draw(whole.prepare(batch))["mean"])
    np.testing.assert_allclose(mean[~dropped], plain[~dropped], atol=1e-6)
