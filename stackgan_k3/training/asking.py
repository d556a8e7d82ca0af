"""What pictures of a run are asked for by, for the captions of held-out records."""

from typing import Any

import numpy as np
from keras import ops

from stackgan_k3 import engine
from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.text.sentence_encoder import SentenceEncoder
from stackgan_k3.training.held_out import HeldOut
from stackgan_k3.training.run import Run
from stackgan_k3.training.text_phase import caption_encoder


def asking(held_out: HeldOut, condition: str, run: Run | None) -> Any:
    """Returns what pictures like the first half are asked for by.

    Where they are asked for by embeddings, those of the captions by what the run was trained on; those that
    the records bring themselves where that is what it was trained on, or there is no run.

    Args:
        held_out: The records.
        condition: ``characters``, ``embedding``, ``label`` or ``none``.
        run: The run that draws; None for a bundle.

    Returns:
        A list of captions or classes, float32 ``[n, T]``, or None.

    Raises:
        UserError: If the records hold no embeddings and need them.

    Example:
        See :func:`stackgan_k3.training.evaluate.evaluate`.
    """
    encoder = caption_encoder(run) if run is not None and embeds_captions(condition, run) else None
    if encoder is None:
        return held_out.asked(condition)
    lines = held_out.captions(held_out.first)
    if isinstance(encoder, SentenceEncoder):
        return encoder.embed(lines)
    starts = range(0, len(lines), 256)
    with engine.inference():
        parts = [encoder(encode(lines[start : start + 256]), training=False) for start in starts]
        return np.concatenate([ops.convert_to_numpy(part) for part in parts]).astype(np.float32)


def embeds_captions(condition: str, run: Run | None) -> bool:
    """Whether what is asked by embeddings is asked by those of captions, which its run can make.

    Example:
        >>> embeds_captions("embedding", None)
        False
    """
    text = getattr(run.config, "text", None) if run is not None else None
    return condition == "embedding" and text is not None and text.encoder != "published"
