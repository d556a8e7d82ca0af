"""Files of ``torch.save``, read as NumPy arrays, whichever backend runs."""

import os
import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from stackgan_k3.errors import UserError


def load_state(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Reads the tensors of a ``.pth`` file; nothing else in it is run.

    Args:
        path: A file of ``torch.save``: a state dict, or one inside ``{"state_dict": …}``. A
            prefix ``module.``, as of ``DataParallel``, is taken off the names.

    Returns:
        float32 arrays by name; ``num_batches_tracked`` is left out.

    Raises:
        UserError: If the file does not exist, is damaged, or holds anything but tensors.

    Example:
        >>> load_state("no-such-file.pth")
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: there is no file no-such-file.pth
    """
    if not Path(path).is_file():
        raise UserError(f"there is no file {path}")
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except pickle.UnpicklingError:
        raise UserError(
            f"{path} is damaged, or holds more than tensors, and code inside a file is not run; where you "
            "trust it, save its state dict again with torch.save(network.state_dict(), …)"
        ) from None
    except Exception as error:  # torch raises what its readers of zip and tar files do
        raise UserError(
            f"{path} is no file of torch.save, or damaged ({type(error).__name__}: {error})"
        ) from error
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping) or not state:
        raise UserError(f"{path} holds no state dict, but a {type(state).__name__}")
    tensors = {}
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise UserError(f"{path} holds no state dict: {name!r} is a {type(value).__name__}")
        plain = name.removeprefix("module.")
        if not plain.endswith("num_batches_tracked"):  # counts batches; nothing is computed from it
            tensors[plain] = value.detach().to(torch.float32).numpy()
    return tensors
