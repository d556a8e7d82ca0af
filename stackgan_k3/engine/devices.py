"""The devices that the running backend would compute on, and the precision that suits them."""

import keras

from stackgan_k3.engine.processor import multiplies_bfloat16

_SMALL = 128  # pixels; a processor was seen to be slower in bfloat16 at 256, and faster at 64


def devices() -> list[str]:
    """Lists the backend's accelerators, or its processor where it has none.

    Returns:
        One line a device, for example ``["cuda:0 (NVIDIA A100)"]`` or ``["cpu:0"]``.

    Example:
        >>> len(devices()) >= 1
        True
    """
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return [f"{d.platform}:{d.id} ({d.device_kind})" for d in jax.devices()]
    if backend == "torch":
        import torch

        if torch.cuda.is_available():
            return [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
        return ["mps:0"] if torch.backends.mps.is_available() else ["cpu:0"]
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
    return [f"gpu:{i} ({name})" for i, name in enumerate(names)] or ["cpu:0"]


def suited_precision(side: int = 64) -> str:
    """Names the precision that trains fastest on the backend's devices.

    A processor that does not multiply bfloat16 itself converts back and forth: TensorFlow's and PyTorch's
    steps then take more than ten times as long as in float32. One that does is slower in it all the same
    where pictures are large and channels few, which are moved more than multiplied. JAX on a processor
    gains nothing from it.

    Args:
        side: Of the pictures that are trained on, in pixels.

    Returns:
        ``"mixed_bfloat16"`` or ``"float32"``.

    Example:
        >>> suited_precision() in ("float32", "mixed_bfloat16")
        True
    """
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        fast = all(
            d.platform == "tpu" or (d.platform == "gpu" and _since_ampere(d.compute_capability))
            for d in jax.devices()
        )
    elif backend == "torch":
        import torch

        if torch.cuda.is_available():
            fast = torch.cuda.is_bf16_supported(including_emulation=False)
        else:
            fast = not torch.backends.mps.is_available() and _multiplies_fast(side)
    else:
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        found = [detail.get("compute_capability", (0, 0)) for detail in details]
        fast = all(major >= 8 for major, _ in found) if found else _multiplies_fast(side)
    return "mixed_bfloat16" if fast else "float32"


def _multiplies_fast(side: int) -> bool:
    """Says whether the processor is faster in bfloat16 with pictures of a side."""
    return side <= _SMALL and multiplies_bfloat16()


def _since_ampere(capability: str) -> bool:
    """Reads JAX's word: ``"9.0"`` on an NVIDIA GPU; what is no number is not known to be fast."""
    major = capability.partition(".")[0]
    return major.isdigit() and int(major) >= 8
