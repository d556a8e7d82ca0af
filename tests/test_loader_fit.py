"""The loader's batches under `fit()`, on each backend."""

import keras
import numpy as np
from flowers import make_flowers

from stackgan_k3.data.loader import Loader
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.draws import Draw


class Probe(keras.Model):
    """Counts what it is shown by learning nothing: its loss is made of the batch alone."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, inputs):
        return self.scale * keras.ops.mean(keras.ops.cast(inputs["image"], "float32"), axis=(1, 2, 3))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        numbers = keras.ops.cast(x["index"], "float32") + 100.0 * keras.ops.mean(x["noise"])
        return keras.ops.mean(numbers) + 0.0 * keras.ops.mean(y_pred)


class Steps(keras.callbacks.Callback):
    """Keeps the loss of each epoch of one step."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(float(logs["loss"]))


def test_fit_sees_the_batches_in_order(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers", classes=5, each=5)
    prepare("oxford-flowers", tmp_path / "set", root=root, size=64, workers=1)
    loader = Loader(
        Records(tmp_path / "set"), batch_size=4, draws={"noise": Draw((5,))}, captions="characters"
    )
    model = Probe()
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    steps = Steps()
    data = loader.dataset(start_step=2)
    model.fit(data, steps_per_epoch=1, epochs=7, shuffle=False, verbose=0, callbacks=[steps])
    batches = [loader.batch(step) for step in range(2, 9)]
    expected = [batch["index"].mean() + 100 * batch["noise"].mean() for batch in batches]
    np.testing.assert_allclose(steps.losses, expected, rtol=1e-4, atol=1e-3)
