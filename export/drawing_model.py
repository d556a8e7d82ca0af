"""What is asked for and noise in, pictures out: the trained networks as one Keras model."""

import keras

from stackgan_k3.bundle import alphabet
from stackgan_k3.layers.pictures import to_uint8
from stackgan_k3.models.pipeline import Pipeline

from .float32 import fold, rebuild


def drawing_model(pipeline: Pipeline, *, folded: bool, between: bool = False) -> keras.Model:
    """Joins the networks, in float32, into one model to bytes.

    Args:
        pipeline: The trained networks; they stay as they are.
        folded: Fold batch norms and upsamplings (see :func:`fold`). Without it the
            networks are taken layer by layer as they were trained, which is what a
            bundle is checked against.
        between: Also take ``other_characters`` int32 ``[1, 201]`` and ``other_weight`` float32
            ``[batch, 1]``, for pictures between two captions (of networks that read captions).

    Returns:
        A model from a dict of ``noise`` float32 ``[batch, n]`` and what a picture is asked
        for by (``characters`` int32 ``[batch, 201]``, ``embedding`` float32 ``[batch, T]``,
        ``label`` int32 ``[batch]``, or nothing) to a dict of ``image`` and ``preview``
        uint8 ``[batch, S, S, 3]``.

    Example:
        ```python
        model = drawing_model(pipeline, folded=True)
        pictures = model({"characters": alphabet.encode(["a red bird"]), "noise": noise[None]})
        ```
    """

    def prepared(network: keras.Model) -> keras.Model:
        twin = rebuild(network)
        return fold(twin) if folded else twin

    asked = {}
    if pipeline.condition != "none":
        name, shape, dtype = pipeline.entry()
        asked[name] = keras.Input(shape, dtype=dtype, name=name)
    noise = keras.Input((pipeline.noise_size,), dtype="float32", name="noise")
    if between and "characters" in asked:
        asked["other_characters"] = keras.Input(
            batch_shape=(1, alphabet.MAX_CHARACTERS), dtype="int32", name="other_characters"
        )
        asked["other_weight"] = keras.Input((1,), dtype="float32", name="other_weight")
    drawn = pipeline.replaced(prepared).paint(asked, noise)
    pictures = {name: to_uint8(value) for name, value in drawn.items()}
    return keras.Model({**asked, "noise": noise}, pictures, name="drawing")
