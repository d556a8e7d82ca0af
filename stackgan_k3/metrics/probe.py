"""The probe: a classifier of the data set's own pictures, whose features and readings metrics use."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from stackgan_k3.errors import UserError
from stackgan_k3.layers.pictures import to_float
from stackgan_k3.layers.residual_trunk import residual_trunk


@keras.saving.register_keras_serializable("stackgan_k3")
class Probe(keras.Model):
    """Reads off a 64 px picture what the data set knows of its pictures.

    The features of :func:`stackgan_k3.layers.residual_trunk.residual_trunk`, and one dense layer to the
    logits of each head. Compile it with an optimizer alone and ``fit`` it on batches without targets.

    Args:
        heads: What is read: a name and its number of values each, such as ``{"wing": 11}``.
        width: Channels of the first convolution.
        features: Size of the features.
        **kwargs: Of ``keras.Model``.

    Input: ``image`` float32 ``[batch, 64, 64, 3]`` in [-1, 1]. Outputs (a dict of float32):
    ``features`` ``[batch, features]``, at least 0, and ``logits/<name>`` ``[batch, values]``.

    Training batches are dicts: ``image`` uint8 or float, and ``target/<name>`` int32 ``[B]`` for each
    head. Logs ``loss``, the sum of the heads' cross-entropies, and ``accuracy``, the mean of theirs.

    Raises:
        UserError: If there is no head, or one with fewer than two values.

    Example:
        >>> import numpy as np
        >>> probe = Probe({"wing": 11, "belly": 11}, width=4, features=8)
        >>> sorted(probe({"image": np.zeros((1, 64, 64, 3), "uint8")}))
        ['features', 'logits/belly', 'logits/wing']
    """

    def __init__(
        self, heads: Mapping[str, int], *, width: int = 32, features: int = 256, **kwargs: Any
    ) -> None:
        if not heads or min(heads.values()) < 2:
            raise UserError(
                f"the probe's heads are {dict(heads)}; it needs one or more, of two or more values"
            )
        image = keras.Input((64, 64, 3), name="image", dtype="float32")
        x = residual_trunk(image, width, features)
        outputs = {"features": x}
        for name, values in heads.items():
            head = keras.layers.Dense(values, dtype="float32", name=f"logits_{name.replace(' ', '_')}")
            outputs[f"logits/{name}"] = head(x)
        super().__init__(**kwargs)
        self.network = keras.Model({"image": image}, outputs, name="network")
        self.heads = dict(heads)
        self.width = width
        self.features = features
        self.accuracy = keras.metrics.Mean(name="accuracy")
        self.built = True  # the network is functional and has its weights

    def call(self, inputs: dict[str, Any], training: bool | None = None, mask: Any = None) -> dict[str, Any]:
        """Reads pictures, bytes or floats; other entries of a batch are ignored."""
        return self.network({"image": to_float(inputs["image"])}, training=training)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Returns the sum of the heads' cross-entropies, a float32 scalar."""
        return sum(
            ops.mean(
                keras.losses.sparse_categorical_crossentropy(
                    x[f"target/{name}"], y_pred[f"logits/{name}"], from_logits=True
                )
            )
            for name in self.heads
        )

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Follows the mean accuracy of the heads."""
        for name in self.heads:
            target = x[f"target/{name}"]
            best = ops.cast(ops.argmax(y_pred[f"logits/{name}"], axis=-1), target.dtype)
            self.accuracy.update_state(ops.cast(ops.equal(best, target), "float32"))
        return self.get_metrics_result()

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"heads": self.heads, "width": self.width, "features": self.features, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Probe":
        """Builds a probe from what :meth:`get_config` returned."""
        return cls(**config)
