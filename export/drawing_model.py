"""Characters and noise in, pictures out: the trained networks as one Keras model."""

from dataclasses import dataclass
from typing import Any

import keras

from stackgan_k3.bundle.alphabet import MAX_CHARACTERS
from stackgan_k3.errors import UserError
from stackgan_k3.layers.pictures import to_uint8

from .float32 import fold, rebuild


@dataclass(frozen=True)
class Networks:
    """The networks that draw, as trained.

    Args:
        text_encoder: int32 ``[B, 201]`` → float32 ``[B, T]``.
        stage1: A ``Stage1Generator``.
        stage2: A ``Stage2Generator``, or None for a run of Stage-I alone.

    Raises:
        UserError: If their embeddings have different sizes.

    Example:
        ```python
        networks = Networks(run.text_encoder(), run.stage1_generator(), run.stage2_generator())
        ```
    """

    text_encoder: keras.Model
    stage1: keras.Model
    stage2: keras.Model | None = None

    def __post_init__(self) -> None:
        given = self.text_encoder.output.shape[-1]
        for name, network in (("Stage-I", self.stage1), ("Stage-II", self.stage2)):
            if network is not None and network.embedding_dim != given:
                raise UserError(
                    f"the text encoder gives {given} numbers and {name} reads {network.embedding_dim}; "
                    "take both from one run"
                )

    @property
    def noise_parts(self) -> tuple[tuple[str, int], ...]:
        """Name and length of each part of the noise vector, in order."""
        parts = [("noise", self.stage1.noise_dim), ("conditioning_noise", self.stage1.conditioning_dim)]
        if self.stage2 is not None:
            parts.append(("conditioning_noise2", self.stage2.conditioning_dim))
        return tuple(parts)

    @property
    def noise_size(self) -> int:
        """Length of the noise vector of one picture."""
        return sum(size for _, size in self.noise_parts)

    @property
    def image_size(self) -> int:
        """Side of a picture, in pixels."""
        return 64 if self.stage2 is None else self.stage2.image_size


def drawing_model(networks: Networks, *, folded: bool) -> keras.Model:
    """Joins the networks, in float32, into one model from characters to bytes.

    Args:
        networks: The trained networks; they stay as they are.
        folded: Fold batch norms and upsamplings (see :func:`fold`). Without it the
            networks are taken layer by layer as they were trained, which is what a
            bundle is checked against.

    Returns:
        A model from a dict of ``characters`` int32 ``[batch, 201]`` and ``noise``
        float32 ``[batch, n]`` to a dict of ``image`` uint8 ``[batch, H, W, 3]`` and
        ``preview`` uint8 ``[batch, 64, 64, 3]``.

    Example:
        ```python
        model = drawing_model(networks, folded=True)
        pictures = model({"characters": alphabet.encode(["a red bird"]), "noise": noise[None]})
        ```
    """

    def prepared(network: keras.Model) -> keras.Model:
        twin = rebuild(network)
        return fold(twin) if folded else twin

    characters = keras.Input((MAX_CHARACTERS,), dtype="int32", name="characters")
    noise = keras.Input((networks.noise_size,), dtype="float32", name="noise")
    parts: dict[str, Any] = {}
    start = 0
    for name, size in networks.noise_parts:
        parts[name] = noise[:, start : start + size]
        start += size
    embedding = prepared(networks.text_encoder)(characters)
    sketch = prepared(networks.stage1)(
        {
            "embedding": embedding,
            "noise": parts["noise"],
            "conditioning_noise": parts["conditioning_noise"],
        }
    )["image"]
    image = sketch
    if networks.stage2 is not None:
        image = prepared(networks.stage2)(
            {
                "sketch": sketch,
                "embedding": embedding,
                "conditioning_noise2": parts["conditioning_noise2"],
            }
        )["image"]
    return keras.Model(
        {"characters": characters, "noise": noise},
        {"image": to_uint8(image), "preview": to_uint8(sketch)},
        name="drawing",
    )
