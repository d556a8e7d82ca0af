import json

import keras
import networks
import numpy as np
import pytest

from stackgan_k3.training.checkpoints import Checkpoints, Position, state_of


def trained(steps=1):
    stage = networks.stage1(seed=3)
    stage.compile()
    for step in range(steps):
        stage.train_on_batch(networks.batch(stage, step))
    return stage


def numpy(variables):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def test_restored_training_goes_on_as_if_undisturbed(tmp_path):
    stage = trained(2)
    Checkpoints(tmp_path).save(stage, Position(0, 2), 10)
    other = networks.stage1(seed=4)
    other.compile()
    assert Checkpoints(tmp_path).restore(other, 10) == Position(0, 2)
    # Without its random entries, so the state of the seed generator counts as well.
    batch = {key: networks.batch(stage, 5)[key] for key in ("image", "embedding")}
    for model in (stage, other):
        model.train_on_batch(batch)
    for a, b in zip(numpy(state_of(stage)), numpy(state_of(other)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_frozen_networks_stay_out(tmp_path):
    stage = networks.stage2()
    stage.compile()
    inside = {id(v) for v in state_of(stage)}
    assert not inside & {id(v) for v in stage.sketcher.variables}
    assert {id(v) for v in stage.averaged_generator.variables} <= inside


def test_only_the_newest_are_kept(tmp_path):
    stage = trained()
    checkpoints = Checkpoints(tmp_path, keep=2)
    for epoch in range(1, 5):
        checkpoints.save(stage, Position(epoch, 0), 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000030", "00000040"]
    assert checkpoints.latest().name == "00000040"


def test_half_written_checkpoints_do_not_count(tmp_path):
    stage = trained()
    Checkpoints(tmp_path).save(stage, Position(1, 0), 10)
    (tmp_path / ".00000020.abc.part").mkdir()
    assert Checkpoints(tmp_path).latest().name == "00000010"


def test_what_does_not_fit_is_refused(tmp_path):
    stage = trained()
    folder = Checkpoints(tmp_path).save(stage, Position(1, 0), 10)
    with pytest.raises(ValueError, match="10 steps an epoch, now there are 11"):
        Checkpoints(tmp_path).restore(stage, 11)
    second = networks.stage2()
    second.compile()
    with pytest.raises(ValueError, match="another configuration"):
        Checkpoints(tmp_path).restore(second, 10)
    record = json.loads((folder / "position.json").read_text())
    (folder / "position.json").write_text("{")
    with pytest.raises(ValueError, match=r"position\.json is damaged"):
        Checkpoints(tmp_path).restore(stage, 10)
    (folder / "position.json").write_text(json.dumps(record))
    content = (folder / "variables.safetensors").read_bytes()
    (folder / "variables.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="cannot be read"):
        Checkpoints(tmp_path).restore(stage, 10)
