"""How a caption becomes the condition of a generator, by name."""

from typing import Any

import keras

from stackgan_k3.errors import unknown
from stackgan_k3.layers.blocks import normal
from stackgan_k3.layers.conditioning_augmentation import ConditioningAugmentation
from stackgan_k3.layers.mixture_conditioning import MixtureConditioning

CONDITIONINGS = ("augmentation", "plain", "mixture")
COMPONENTS = 3  # of the mixture


def condition_on(
    embedding: Any, units: int, kind: str = "augmentation", *, stage: str = ""
) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Makes the condition of a generator from an embedding.

    ``augmentation`` draws it from a Gaussian (:class:`ConditioningAugmentation`), ``mixture`` from one of
    three (:class:`MixtureConditioning`); ``plain`` is the compressed embedding itself, a dense layer and
    leaky ReLU as in GAN-CLS (Reed et al., 2016), without noise.

    Args:
        embedding: Float ``[batch, T]``.
        units: Size C of the condition.
        kind: ``"augmentation"``, ``"plain"`` or ``"mixture"``.
        stage: Appended to the names of the layer and of the noises: Stage-II has its own.

    Returns:
        The condition, float32 ``[batch, C]``; the noises it is drawn with, as inputs by name
        (``conditioning_noise`` ``[batch, C]``, ``component_noise`` ``[batch, 3]``); and what the losses
        ask for, by name: always ``mean`` ``[batch, C]``, which the discriminator sees; ``log_variance``
        ``[batch, C]``, or ``means``, ``log_variances``, ``weights`` and ``chosen`` of the mixture.

    Raises:
        UserError: For another kind.

    Example:
        >>> c, noises, outputs = condition_on(keras.Input((8,)), 4, "mixture")
        >>> c.shape, list(noises)
        ((None, 4), ['conditioning_noise', 'component_noise'])
    """
    if kind not in CONDITIONINGS:
        raise unknown("conditioning", kind, CONDITIONINGS)
    name = f"conditioning{stage}"
    if kind == "plain":
        dense = keras.layers.Dense(units, kernel_initializer=normal(), dtype="float32", name=name)
        c = keras.layers.LeakyReLU(negative_slope=0.2, dtype="float32")(dense(embedding))
        return c, {}, {"mean": c}
    noises = {f"conditioning_noise{stage}": _noise(f"conditioning_noise{stage}", units)}
    if kind == "augmentation":
        augmentation = ConditioningAugmentation(units, name=name)
        c, mean, log_variance = augmentation([embedding, *noises.values()])
        return c, noises, {"mean": mean, "log_variance": log_variance}
    noises[f"component_noise{stage}"] = _noise(f"component_noise{stage}", COMPONENTS)
    mixture = MixtureConditioning(units, components=COMPONENTS, name=name)
    outputs = mixture([embedding, *noises.values()])
    return outputs.pop("c"), noises, outputs


def _noise(name: str, size: int) -> Any:
    return keras.Input((size,), name=name, dtype="float32")
