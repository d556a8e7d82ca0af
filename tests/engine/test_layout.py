"""On PyTorch a step lays kernels out for the convolutions; what they hold, and their files, stay the same."""

import keras
import numpy as np
import pytest

from stackgan_k3 import engine
from stackgan_k3.layers.conv2d import Conv2D
from stackgan_k3.training.checkpoints import load_variables, save_variables


class Fitted(engine.EngineModel):
    """One convolution that learns to give zero."""

    def __init__(self):
        super().__init__()
        self.convolution = Conv2D(5, 3, padding="same")
        self.convolution.build((None, 6, 6, 4))

    def call(self, inputs):
        return self.convolution(inputs)

    def update(self, batch):
        variables = self.trainable_variables
        (loss, _), gradients = engine.value_and_grad(
            lambda: (keras.ops.mean(keras.ops.square(self(batch[0]))), {}), variables
        )
        self.optimizer.apply(gradients, variables)
        return {"loss": loss}


def built(rate):
    keras.utils.set_random_seed(0)
    model = Fitted()
    model.compile(keras.optimizers.Adam(rate))
    model.optimizer.build(model.trainable_variables)
    return model


BATCH = np.random.default_rng(0).normal(size=(2, 6, 6, 4)).astype("float32")


def values(model):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in (*model.variables, *model.optimizer.variables)]


def test_a_step_without_learning_leaves_the_weights_as_they_were():
    model = built(0.0)
    before = model.get_weights()
    model.train_on_batch(BATCH)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_training_goes_on_the_same_from_a_file(tmp_path):
    model = built(0.01)
    model.train_on_batch(BATCH)
    save_variables(tmp_path / "state.safetensors", [*model.variables, *model.optimizer.variables])
    again = built(0.01)
    load_variables(tmp_path / "state.safetensors", [*again.variables, *again.optimizer.variables])
    for a, b in zip(values(model), values(again), strict=True):
        np.testing.assert_array_equal(a, b)
    for each in (model, again):
        each.train_on_batch(BATCH)
    for a, b in zip(values(model), values(again), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="PyTorch's memory formats")
def test_kernels_moments_and_gradients_have_one_layout():
    model = built(0.01)
    for _ in range(2):
        model.train_on_batch(BATCH)
    kernels = [v.value for v in (*model.variables, *model.optimizer.variables) if len(v.shape) == 4]
    assert len(kernels) == 3
    assert {kernel.stride() for kernel in kernels} == {(3 * 4, 4, 1, 9 * 4)}
