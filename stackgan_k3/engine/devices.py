"""The devices that the running backend would compute on."""

import keras


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
