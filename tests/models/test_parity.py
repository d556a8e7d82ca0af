"""The three backends compute one algorithm: same weights and batches, same pictures, losses and steps."""

import numpy as np
import pytest
from backends import assert_same, run_on_each

pytestmark = pytest.mark.neutral  # it starts every backend itself

STEPS, RATE = 3, 2e-4
STAGES = ("stage1", "stage2")

# How far apart rounding drives the backends. A unit within 1e-6 of the kink of its ReLU is on for one and
# off for another; that changes gradients by a percent, seldom among the 100,000 units of Stage-I, about
# once a step among the million of Stage-II. Largest of four runs: losses of Stage-I 2e-6 apart, of Stage-II
# 2e-3 (relative); weights 1e-7 and 2e-4 apart, 1.7 % of those of Stage-II by more than 2e-5. On a processor
# with AVX2 alone, where the convolutions add up in another order, 5.7 % of those were.
LOSSES = {"stage1": 1e-3, "stage2": 5e-3}
NORMS = {"stage1": 1e-3, "stage2": 2e-2}  # of gradients: there such a unit weighs most
CLOSE = {"stage1": 0.98, "stage2": 0.9}


def adam():
    import keras

    # With the usual ε of 1e-7 a gradient that is nothing but rounding error moves its weight by a whole
    # step, one way or the other.
    return keras.optimizers.Adam(RATE, beta_1=0.5, beta_2=0.999, epsilon=1e-3)


def pictures_losses_and_steps(inputs):
    import keras
    import networks

    outputs = {}
    for name in STAGES:
        stage = getattr(networks, name)()
        stage.compile(adam(), adam())
        batches = [networks.batch(stage, 30 + step) for step in range(STEPS)]
        prepared, average = stage.prepare(batches[0]), stage.averaged_generator
        drawn = average({entry: prepared[entry] for entry in average.input}, training=False)
        outputs[f"{name} picture"] = keras.ops.convert_to_numpy(drawn["image"])
        for step, batch in enumerate(batches):
            logs = stage.train_on_batch(batch, return_dict=True)
            stage.reset_metrics()
            outputs |= {f"{name} {key} at {step}": np.float64(value) for key, value in logs.items()}
        for part in ("generator", "discriminator", "averaged_generator"):
            for number, weight in enumerate(getattr(stage, part).get_weights()):
                outputs[f"{name} {part} weight {number}"] = weight
    return outputs


@pytest.fixture(scope="module")
def results():
    return run_on_each(pictures_losses_and_steps, timeout=1200)


def chosen(results, stage, word):
    return {
        backend: {key: value for key, value in arrays.items() if key.startswith(stage) and word in key}
        for backend, arrays in results.items()
    }


@pytest.mark.parametrize("stage", STAGES)
def test_pictures_agree(results, stage):
    assert_same(chosen(results, stage, " picture"), atol=2e-5)


@pytest.mark.parametrize("stage", STAGES)
def test_losses_of_three_steps_agree(results, stage):
    logs = chosen(results, stage, " at ")
    norms = {
        backend: {key: arrays[key] for key in arrays if "_gradient" in key}
        for backend, arrays in logs.items()
    }
    losses = {
        backend: {key: arrays[key] for key in arrays if "_gradient" not in key}
        for backend, arrays in logs.items()
    }
    assert len(next(iter(norms.values()))) == 2 * STEPS
    assert_same(losses, rtol=LOSSES[stage], atol=1e-6)
    assert_same(norms, rtol=NORMS[stage])


@pytest.mark.parametrize("stage", STAGES)
def test_weights_after_three_steps_agree(results, stage):
    weights = chosen(results, stage, " weight ")
    # At worst a weight went one way here and the other way there.
    assert_same(weights, rtol=5e-3, atol=2 * STEPS * RATE)
    (_, reference), *others = weights.items()
    for backend, arrays in others:
        gaps = np.concatenate([np.abs(arrays[key] - reference[key]).ravel() for key in reference])
        share = np.mean(gaps < RATE / 10)
        assert share > CLOSE[stage], f"{backend}: {share:.4f} of the weights agree to a tenth of a step"
