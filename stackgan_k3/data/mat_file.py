"""Lists of whole numbers in MATLAB's .mat files."""

from pathlib import Path

import numpy as np

from stackgan_k3.errors import UserError

MAX_NUMBERS = 10_000_000
"""Variables of more numbers than this are refused before they are read."""


def read_numbers(path: Path, *variables: str) -> tuple[np.ndarray, ...]:
    """Reads variables of a .mat file (version 5, as MATLAB writes by default).

    Only these variables are read; nothing in the file is run.

    Args:
        path: The file.
        variables: The names of the variables.

    Returns:
        For each of them, its numbers in order, int64 ``[n]``.

    Raises:
        UserError: If SciPy is not installed, there is no such file, it is no .mat file
            or a damaged one, or a variable is missing or holds anything but a list of
            whole numbers.

    Example:
        >>> import tempfile
        >>> from scipy.io import savemat
        >>> path = Path(tempfile.mkdtemp()) / "labels.mat"
        >>> savemat(path, {"labels": np.array([[77, 77, 102]], np.uint8)})
        >>> read_numbers(path, "labels")[0].tolist()
        [77, 77, 102]
    """
    try:
        from scipy.io import loadmat, whosmat
    except ImportError:
        raise UserError(
            f"{path.name} is read with SciPy, which is not installed: pip install 'stackgan-k3[flowers]'"
        ) from None
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    try:
        shapes = {name: shape for name, shape, _ in whosmat(path)}
        missing = [name for name in variables if name not in shapes]
        if missing:
            raise UserError(f"{path} holds no variable '{missing[0]}'; download it again")
        for name in variables:
            if int(np.prod(shapes[name], dtype=object)) > MAX_NUMBERS:
                raise UserError(f"'{name}' of {path} is said to be {shapes[name]} numbers; download it again")
        content = loadmat(path, variable_names=variables)
    except UserError:
        raise
    except Exception as error:  # a damaged file can make the reader raise anything
        raise UserError(f"{path} is no .mat file, or a damaged one ({error}); download it again") from error
    for name in variables:
        if content[name].dtype.kind not in "iuf" or (content[name] != np.floor(content[name])).any():
            raise UserError(f"'{name}' of {path} is not a list of whole numbers; download it again")
    return tuple(content[name].ravel().astype(np.int64) for name in variables)
