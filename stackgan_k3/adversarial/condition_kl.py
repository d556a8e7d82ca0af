"""The KL term of a generator's condition, however it was drawn, and what to log of it."""

from collections.abc import Mapping
from typing import Any

from keras import ops

from stackgan_k3.adversarial.losses import kl_divergence
from stackgan_k3.adversarial.mixture_kl import component_kl, mixture_kl_divergence


def condition_kl(drawn: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Returns the KL term of how a condition was drawn, 0 where it was not, and what to log.

    Args:
        drawn: Outputs of a generator: of one Gaussian ``mean`` and ``log_variance`` float ``[batch, C]``, of
            a mixture ``means``, ``log_variances`` ``[batch, K, C]``, ``weights``, ``chosen`` ``[batch, K]``.

    Returns:
        A float32 scalar, and by name ``kl``, of a mixture also ``kl_1``, … of each component and
        ``use_1``, …, the share of examples that were drawn from it.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros((1, 2), "float32")
        >>> kl, logs = condition_kl({"mean": zero + 2, "log_variance": zero})
        >>> float(kl), list(logs), condition_kl({"mean": zero})
        (2.0, ['kl'], (0.0, {}))
    """
    if "log_variance" in drawn:
        kl = kl_divergence(drawn["mean"], drawn["log_variance"])
        return kl, {"kl": kl}
    if "chosen" not in drawn:
        return 0.0, {}
    kl = mixture_kl_divergence(drawn["means"], drawn["log_variances"], drawn["weights"])
    each = ops.mean(component_kl(drawn["means"], drawn["log_variances"]), axis=0)
    use = ops.mean(drawn["chosen"], axis=0)
    logs = {f"kl_{k + 1}": each[k] for k in range(each.shape[0])}
    return kl, {"kl": kl, **logs, **{f"use_{k + 1}": use[k] for k in range(use.shape[0])}}


def condition_kl_names(outputs: Mapping[str, Any]) -> list[str]:
    """Returns the names of what :func:`condition_kl` logs.

    Args:
        outputs: Those of a generator, symbolic or not.

    Example:
        >>> condition_kl_names({"image": None, "mean": None, "log_variance": None})
        ['kl']
    """
    if "log_variance" in outputs:
        return ["kl"]
    if "chosen" not in outputs:
        return []
    numbers = range(1, outputs["chosen"].shape[-1] + 1)
    return ["kl", *(f"kl_{k}" for k in numbers), *(f"use_{k}" for k in numbers)]
