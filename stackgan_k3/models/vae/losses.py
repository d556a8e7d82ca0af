"""The two terms of the evidence lower bound, and how latents are drawn, as pure functions."""

from typing import Any

from keras import ops

from stackgan_k3.adversarial.losses import cross_entropy, kl_divergence


def reparameterize(mean: Any, log_variance: Any, noise: Any) -> Any:
    """Draws latents so that gradients reach mean and variance: ``z = μ + σ·ε``, ``σ = exp(½·log σ²)``.

    Kingma & Welling, 2014, section 2.4.

    Args:
        mean: Float ``[batch, Z]``.
        log_variance: Float ``[batch, Z]``.
        noise: ε, float ``[batch, Z]`` from N(0, 1).

    Returns:
        Float ``[batch, Z]``.

    Example:
        >>> one = ops.ones((1, 1))
        >>> round(float(reparameterize(one, 2 * one, 3 * one)[0, 0]), 3)  # 1 + 3·e
        9.155
    """
    return mean + ops.exp(0.5 * log_variance) * noise


def reconstruction_loss(logits: Any, image: Any) -> Any:
    """Negative log-likelihood of pictures under the decoder, ``−log p(x|z)``, in nats a picture.

    Each pixel is a Bernoulli variable: ``−x·log σ(l) − (1 − x)·log(1 − σ(l))``, summed over the
    pixels, as a mean over the batch. The brightness x stays what it is, from 0 to 1, and is not
    rounded to black and white, so that even a perfect decoder is left with the entropy of the greys.

    Args:
        logits: Float ``[batch, H, W, 1]``.
        image: Float ``[batch, H, W, 1]`` in [-1, 1]; x = (image + 1) / 2.

    Returns:
        A float32 scalar, at least 0.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros((2, 28, 28, 1), "float32")
        >>> round(float(reconstruction_loss(zero, zero)) / (28 * 28), 4)  # a coin for each pixel
        0.6931
    """
    x = (ops.cast(image, "float32") + 1.0) / 2.0
    pixels = logits.shape[1] * logits.shape[2] * logits.shape[3]
    return pixels * cross_entropy(logits, ops.reshape(x, (-1,)))


def latent_kl(mean: Any, log_variance: Any) -> Any:
    """KL divergence of q(z|x) = N(μ, diag σ²) from N(0, I), in nats a picture.

    ``−½·Σ(1 + log σ² − μ² − σ²)`` over the latents, in closed form (Kingma & Welling, 2014, appendix
    B), as a mean over the batch.

    Args:
        mean: Float ``[batch, Z]``.
        log_variance: Float ``[batch, Z]``.

    Returns:
        A float32 scalar, at least 0.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros((2, 3), "float32")
        >>> float(latent_kl(zero, zero)), float(latent_kl(zero + 2, zero))
        (0.0, 6.0)
    """
    return mean.shape[-1] * kl_divergence(mean, log_variance)
