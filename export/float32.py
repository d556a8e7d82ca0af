"""A trained network as it is exported: float32, each batch norm inside the layer before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from stackgan_k3.layers.upsample_convolution import FOUR_TAPS, UpsampleConvolution


@contextmanager
def float32_policy() -> Iterator[None]:
    """Makes float32 the policy of the layers built inside.

    Example:
        >>> with float32_policy():
        ...     keras.layers.Dense(1).compute_dtype
        'float32'
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def rebuild(network: keras.Model) -> keras.Model:
    """Builds a network again in float32, with the same weights.

    Args:
        network: A network of this package, trained under any policy.

    Returns:
        A new network of the same class; mixed bfloat16 keeps its weights in
        float32, so nothing is lost.

    Example:
        >>> from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
        >>> rebuild(CharCNNRNN(width=6, embedding_dim=8, dtype="mixed_bfloat16")).compute_dtype
        'float32'
    """
    with float32_policy():
        twin = type(network).from_config(network.get_config())
    twin.set_weights(network.get_weights())
    return twin


def fold(network: keras.Model) -> keras.Model:
    """Builds the same function with fewer operations, for inference only.

    A batch norm in inference is one multiplication and one addition a channel:
    both go into the kernel and the bias of the convolution or dense layer before
    it. An upsampling convolution becomes one 4 × 4 transposed convolution of
    stride 2 whose kernel is derived here, once, in float64.

    Args:
        network: A functional network in float32 whose layers are called once.

    Returns:
        A functional model with the same inputs and outputs; equal to rounding.

    Example:
        >>> inputs = keras.Input((4, 4, 3))
        >>> x = keras.layers.Conv2D(2, 3, use_bias=False)(inputs)
        >>> folded = fold(keras.Model(inputs, keras.layers.BatchNormalization()(x)))
        >>> [type(layer).__name__ for layer in folded.layers]
        ['InputLayer', 'Conv2D']
    """
    norms = {id(before): after for after in network.layers if (before := _foldable(after)) is not None}
    absorbed = {id(norm) for norm in norms.values()}
    weights: list[tuple[keras.Layer, list[np.ndarray]]] = []

    def twin(layer: Any) -> Any:
        if id(layer) in absorbed:
            return keras.layers.Identity()
        norm = norms.get(id(layer))
        if norm is None and not isinstance(layer, UpsampleConvolution):
            return layer
        kernel, bias = _affine(layer, norm)
        if isinstance(layer, UpsampleConvolution):
            new = keras.layers.Conv2DTranspose(layer.filters, 4, 2, padding="same", use_bias=norm is not None)
            # Keras keeps a transposed kernel as [height, width, filters, channels], not flipped.
            kernel = np.einsum("ai,bj,ijcf->abfc", FOUR_TAPS, FOUR_TAPS, kernel)
        else:
            new = type(layer).from_config({**layer.get_config(), "use_bias": True})
        weights.append((new, [kernel, bias] if norm is not None else [kernel]))
        return new

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        return args[0] if isinstance(layer, keras.layers.Identity) else layer(*args, **kwargs)

    with float32_policy():
        folded = keras.models.clone_model(network, clone_function=twin, call_function=call)
    for layer, values in weights:
        layer.set_weights([value.astype("float32") for value in values])
    return folded


def _foldable(norm: Any) -> keras.Layer | None:
    """Returns the layer whose kernel can take up this batch norm, if there is one."""
    if not isinstance(norm, keras.layers.BatchNormalization):
        return None
    if norm.axis not in (-1, len(norm.input.shape) - 1):
        return None
    before = norm.input._keras_history.operation
    kinds = (keras.layers.Conv2D, keras.layers.Dense, UpsampleConvolution)
    linear = getattr(before, "activation", keras.activations.linear) is keras.activations.linear
    # Nothing else may read what the layer gives.
    if isinstance(before, kinds) and linear and len(before._outbound_nodes) == len(norm._inbound_nodes) == 1:
        return before
    return None


def _affine(layer: Any, norm: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns kernel and bias in float64, the batch norm in them."""
    values = [np.asarray(value, "float64") for value in layer.get_weights()]
    kernel, bias = values[0], values[1] if len(values) > 1 else np.zeros(values[0].shape[-1])
    if norm is None:
        return kernel, bias
    names = [variable.name for variable in norm.weights]
    named = dict(zip(names, (np.asarray(value, "float64") for value in norm.get_weights()), strict=True))
    scale = named.get("gamma", 1.0) / np.sqrt(named["moving_variance"] + norm.epsilon)
    return kernel * scale, (bias - named["moving_mean"]) * scale + named.get("beta", 0.0)
