"""Training the text encoder: pictures and captions brought to one space."""

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from stackgan_k3.adversarial.matching_loss import matching_loss, unit
from stackgan_k3.adversarial.picture_noise import PictureNoise
from stackgan_k3.adversarial.reading_losses import RARELY, telling_loss
from stackgan_k3.draws import Draw
from stackgan_k3.errors import UserError, unknown
from stackgan_k3.layers.pictures import to_float
from stackgan_k3.text.losses import compatibility, reading_loss, symmetric_structured_joint_embedding
from stackgan_k3.text.word_pairs import WIDTH

OBJECTIVES = ("structured", "contrastive")


@keras.saving.register_keras_serializable("stackgan_k3")
class JointEmbedding(keras.Model):
    """A text encoder and an image encoder, trained so that pairs find each other.

    Compile it with an optimizer alone and `fit` it on dict batches without targets:
    ``image`` uint8 ``[B, 64, 64, 3]`` (or float32 in [-1, 1]), ``characters`` int32
    ``[B, 201]`` and, with ``by_class``, ``label`` int32 ``[B]``. Other entries are
    ignored. Called on a batch it returns ``{"image": [B, T], "text": [B, T]}``, float32.

    Metrics: ``loss``; ``caption_accuracy``, the share of pictures whose best caption
    of the batch is their own; ``picture_accuracy``, the same from captions to
    pictures. A guess scores 1/B. With ``reading_weight`` also ``reading``, that loss without its weight, and
    ``picture_reading`` with ``picture_reading_weight``.

    Args:
        text_encoder: int32 ``[B, 201]`` -> float32 ``[B, T]``; see `CharCNNRNN`.
        image_encoder: float32 ``[B, 64, 64, 3]`` -> float32 ``[B, T]``; see `ImageEncoder`.
        margin: Margin of `losses.symmetric_structured_joint_embedding`, greater than 0.
        objective: ``"structured"``, that hinge on inner products, or ``"contrastive"``, the softmax over
            the cosines of a batch of :func:`stackgan_k3.adversarial.matching_loss.matching_loss`, which
            learns most from the pairs that are hardest to tell apart.
        gamma: Factor γ of the contrastive objective, greater than 0.
        reading_weight: Weight of :func:`stackgan_k3.text.losses.reading_loss`, 0 for none: a layer must
            read the caption's words off its embedding. What is small in pictures, such as a beak, embeddings
            would hardly keep without it. Batches then bring ``caption_words`` float32 ``[B, 4096]``, of
            :func:`stackgan_k3.text.word_pairs.word_pairs`.
        picture_reading_weight: Weight of :func:`stackgan_k3.adversarial.reading_losses.telling_loss`, 0 for
            none: the words that tell of a picture must be read off its embedding by ``picture_reader``.
            Batches then bring ``picture_tells`` float32 ``[B, V]``: which of them any of its captions says.
        picture_reader: From embeddings of length √T float32 ``[B, T]`` to logits ``[B, V]``; see
            :func:`picture_reader`.
        picture_noise: The most noise that the pictures get in training, 0 for none; see
            :class:`stackgan_k3.adversarial.picture_noise.PictureNoise`. Batches then bring its :attr:`draws`.
        by_class: Whether pairs with the same ``label`` are no negatives of each other.
            False is for sets without classes (a single one, which would leave nothing to
            compare): each other pair of the batch is then a negative, so now and then a
            caption that would be true as well.
        name: Name of the model.

    Raises:
        UserError: If there is no such objective, the margin or γ is not positive, or the encoders
            disagree on the size of the embedding.

    Example:
        >>> import numpy as np
        >>> from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
        >>> from stackgan_k3.text.image_encoder import ImageEncoder
        >>> model = JointEmbedding(CharCNNRNN(6, 16), ImageEncoder(4, 16))
        >>> model.compile(keras.optimizers.Adam(1e-3))
        >>> batch = {"image": np.zeros((4, 64, 64, 3), "uint8"),
        ...          "characters": np.zeros((4, 201), "int32"), "label": np.arange(4, dtype="int32")}
        >>> history = model.fit(batch, batch_size=4, verbose=0)
        >>> sorted(history.history)
        ['caption_accuracy', 'loss', 'picture_accuracy']
    """

    def __init__(
        self,
        text_encoder: keras.Model,
        image_encoder: keras.Model,
        margin: float = 1.0,
        *,
        objective: str = "structured",
        gamma: float = 10.0,
        reading_weight: float = 0.0,
        picture_reading_weight: float = 0.0,
        picture_reader: keras.Model | None = None,
        picture_noise: float = 0.0,
        by_class: bool = True,
        name: str = "joint_embedding",
        **kwargs: Any,
    ) -> None:
        if not margin > 0:
            raise UserError(f"margin of the joint embedding is {margin}; it must be greater than 0")
        if not gamma > 0:
            raise UserError(f"gamma of the joint embedding is {gamma}; it must be greater than 0")
        if objective not in OBJECTIVES:
            raise unknown("objective", objective, OBJECTIVES)
        sizes = text_encoder.output_shape[-1], image_encoder.output_shape[-1]
        if sizes[0] != sizes[1]:
            raise UserError(
                f"the text encoder gives embeddings of {sizes[0]} numbers and the image encoder "
                f"of {sizes[1]}; build both with the same embedding_dim"
            )
        if bool(picture_reading_weight) != (picture_reader is not None):
            raise UserError(
                f"picture_reading_weight is {picture_reading_weight:g}; give a picture_reader exactly if it "
                "is not 0"
            )
        super().__init__(name=name, **kwargs)
        self.text_encoder = text_encoder
        self.image_encoder = image_encoder
        self.margin = margin
        self.objective = objective
        self.gamma = gamma
        self.reading_weight = reading_weight
        self.picture_reading_weight = picture_reading_weight
        self.by_class = by_class
        self.noise = PictureNoise(picture_noise)
        self.caption_accuracy = keras.metrics.Mean(name="caption_accuracy")
        self.picture_accuracy = keras.metrics.Mean(name="picture_accuracy")
        self.picture_reader = picture_reader
        self.reader: keras.layers.Layer | None = None
        self.reading = keras.metrics.Mean(name="reading") if reading_weight else None
        self.picture_reading = keras.metrics.Mean(name="picture_reading") if picture_reading_weight else None
        if reading_weight:
            self.reader = keras.layers.Dense(WIDTH, dtype="float32", name="reader")
            self.reader.build((None, sizes[0]))
        self.built = True  # both encoders are functional and have their weights

    @property
    def draws(self) -> Mapping[str, Draw]:
        """The random entries of a batch: those of the noise."""
        return self.noise.draws

    def call(self, inputs: dict[str, Any], training: bool | None = None) -> dict[str, Any]:
        """Embeds the pictures and the captions of a batch.

        Args:
            inputs: A dict with ``image`` and ``characters``.
            training: Whether batch norm uses (and follows) this batch's statistics, and pictures get noise.

        Returns:
            ``{"image": float32 [B, T], "text": float32 [B, T]}``.
        """
        image = to_float(inputs["image"])
        if training:
            image = self.noise(inputs, image)
        return {
            "image": self.image_encoder(image, training=training),
            "text": self.text_encoder(inputs["characters"], training=training),
        }

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Returns the objective of a batch, float32 scalar; ``x`` is the batch, ``y_pred`` its embeddings."""
        label = x["label"] if self.by_class else None
        image, text = y_pred["image"], y_pred["text"]
        if self.objective == "contrastive":
            loss = matching_loss(image, text, self.gamma, label)
        else:
            loss = symmetric_structured_joint_embedding(image, text, label, self.margin)
        if self.reader is not None and self.reading is not None:
            reading = reading_loss(self.reader(_direction(text)), x["caption_words"])
            self.reading.update_state(reading)
            loss = loss + self.reading_weight * reading
        if self.picture_reader is not None and self.picture_reading is not None:
            reading = telling_loss(self.picture_reader(_direction(image)), x["picture_tells"])
            self.picture_reading.update_state(reading)
            loss = loss + self.picture_reading_weight * reading
        return sum(self.losses, loss)  # with what a user's own encoders add, such as weight decay

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Follows how often a picture finds its caption, and a caption its picture."""
        image, text = y_pred["image"], y_pred["text"]
        if self.objective == "contrastive":
            image, text = unit(image), unit(text)
        scores = compatibility(image, text)
        own = ops.arange(ops.shape(scores)[0])
        for metric, axis in ((self.caption_accuracy, 1), (self.picture_accuracy, 0)):
            best = ops.cast(ops.argmax(scores, axis=axis), own.dtype)
            metric.update_state(ops.cast(ops.equal(best, own), "float32"))
        return self.get_metrics_result()

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments, the networks serialized."""
        reader = self.picture_reader
        return {
            "text_encoder": keras.saving.serialize_keras_object(self.text_encoder),
            "image_encoder": keras.saving.serialize_keras_object(self.image_encoder),
            "margin": self.margin,
            "objective": self.objective,
            "gamma": self.gamma,
            "reading_weight": self.reading_weight,
            "picture_reading_weight": self.picture_reading_weight,
            "picture_reader": reader and keras.saving.serialize_keras_object(reader),
            "picture_noise": self.noise.most,
            "by_class": self.by_class,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "JointEmbedding":
        """Builds a model from what :meth:`get_config` returned."""
        encoders = {
            key: keras.saving.deserialize_keras_object(config[key], custom_objects=custom_objects)
            for key in ("text_encoder", "image_encoder", "picture_reader")
            if config.get(key) is not None
        }
        return cls(**{**config, **encoders})


def picture_reader(embedding_dim: int, words: int) -> keras.Model:
    """Builds what reads telling words off a picture's embedding: one dense layer.

    Args:
        embedding_dim: T.
        words: How many words there are, V.

    Returns:
        float32 ``[B, T]`` -> logits float32 ``[B, V]``, at first near -4: most words are not said.

    Example:
        >>> picture_reader(8, 20).output_shape
        (None, 20)
    """
    embedding = keras.Input((embedding_dim,), dtype="float32", name="embedding")
    rarely = keras.initializers.Constant(RARELY)
    logits = keras.layers.Dense(words, bias_initializer=rarely, dtype="float32", name="words")(embedding)
    return keras.Model(embedding, logits, name="picture_reader")


def _direction(embedding: Any) -> Any:
    # Of the direction alone: lengths that grow for sharper logits would shrink a cosine's gradients.
    return unit(embedding) * math.sqrt(embedding.shape[-1])
