"""Examples that are trained on without their captions."""

from collections.abc import Mapping
from typing import Any

from keras import ops

from stackgan_k3.adversarial.judgement import Judgement
from stackgan_k3.draws import Draw
from stackgan_k3.errors import UserError

NAME = "caption_draw"


class CaptionDropout:
    """Replaces the embeddings of some examples by zeros, the same for both networks.

    So a generator learns what pictures look like at all besides what a caption asks for (the training of
    classifier-free guidance, Ho and Salimans, 2021, does so with diffusion models). The draws come with
    the batch, as ``caption_draw``, uniform in [0, 1): a caption is dropped where it is below the probability.

    Args:
        probability: 0 to 1; 0 for none.

    Raises:
        UserError: If it is none.

    Example:
        >>> import numpy as np
        >>> batch = {"embedding": ops.ones((3, 2)), NAME: np.array([0.1, 0.6, 0.3], "float32")}
        >>> ops.convert_to_numpy(CaptionDropout(0.5)(batch)["embedding"]).tolist()
        [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    """

    def __init__(self, probability: float = 0.0) -> None:
        if not 0.0 <= probability <= 1.0:
            raise UserError(f"caption_dropout is {probability}; it must be a probability, 0 to 1")
        self.probability = float(probability)

    @property
    def draws(self) -> Mapping[str, Draw]:
        """``caption_draw``, or nothing where no captions are dropped."""
        return {NAME: Draw((), "uniform")} if self.probability else {}

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Returns the batch with some rows of ``embedding`` zero.

        Args:
            batch: With ``embedding`` float ``[batch, T]`` and ``caption_draw`` float ``[batch]``.
        """
        if not self.probability:
            return batch
        embedding = ops.convert_to_tensor(batch["embedding"])
        return {**batch, "embedding": embedding * ops.cast(self._kept(batch), embedding.dtype)}

    def unmatched(self, batch: dict[str, Any], said: Judgement) -> Judgement:
        """Puts the drawn pair in the place of the wrong one where there is no caption to be wrong.

        Without a caption a real picture of another example is as right as the own one; to learn
        from it as from a wrong pair would contradict the real pair.

        Args:
            batch: With ``caption_draw``.
            said: The logits of the head that reads captions, ``[batch, 1]`` each.

        Returns:
            The same with another ``wrong``.
        """
        if not self.probability or said.wrong is None:
            return said
        return said._replace(wrong=ops.where(self._kept(batch), said.wrong, said.fake))

    def _kept(self, batch: dict[str, Any]) -> Any:
        return ops.expand_dims(ops.convert_to_tensor(batch[NAME]) >= self.probability, 1)
