"""The three backends compute one algorithm: same weights and batch, same pictures, losses and steps."""

import numpy as np
import pytest
from backends import assert_same, run_on_each

pytestmark = pytest.mark.neutral  # it starts every backend itself

STEPS = 3


def pictures_losses_and_steps(inputs):
    import keras
    import networks

    outputs = {}
    for name in ("stage1", "stage2"):
        stage = getattr(networks, name)()
        stage.compile()
        batch = networks.batch(stage)
        inputs = stage.prepare(batch)
        outputs[f"{name} picture"] = keras.ops.convert_to_numpy(stage.paint(inputs))
        for step in range(STEPS):
            logs = stage.train_on_batch(networks.batch(stage, step), return_dict=True)
            stage.reset_metrics()
            outputs |= {f"{name} {key} at {step}": np.float64(value) for key, value in logs.items()}
        for part in ("generator", "discriminator", "averaged_generator"):
            for number, weight in enumerate(getattr(stage, part).get_weights()):
                outputs[f"{name} {part} weight {number}"] = weight
    return outputs


def test_the_backends_agree():
    results = run_on_each(pictures_losses_and_steps)

    def chosen(word):
        return {b: {k: v for k, v in arrays.items() if word(k)} for b, arrays in results.items()}

    assert_same(chosen(lambda key: "picture" in key), atol=2e-5)
    assert_same(chosen(lambda key: " at " in key), rtol=1e-3, atol=1e-4)
    # Adam divides by the gradient's size, so where a gradient is all rounding error
    # a weight may step either way: a step is 2e-4 long. The rest agrees far closer.
    weights = chosen(lambda key: "weight" in key)
    assert_same(weights, atol=STEPS * 2 * 2e-4)
    (_, reference), *others = weights.items()
    for backend, arrays in others:
        gaps = np.concatenate([np.abs(arrays[key] - reference[key]).ravel() for key in reference])
        assert np.mean(gaps < 2e-5) > 0.98, (
            f"{backend}: {np.mean(gaps < 2e-5):.4f} of the weights agree to 2e-5"
        )
