"""A sentence-transformers model of a local folder, as the encoder of captions."""

import hashlib
import importlib.util
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing, sha256

_AGAIN = "train the phase 'text' in a new run"


class SentenceEncoder:
    """Embeds captions with a sentence-transformers model (Reimers and Gurevych 2019, "Sentence-BERT").

    The model is read from a folder, never from the network, and its embeddings are moved and scaled:
    φ(t) = (model(t) − mean) / scale. It runs in PyTorch whatever the backend, so a bundle has none of it
    and is asked by embeddings, made by :meth:`embed`.

    Args:
        folder: What ``SentenceTransformer.save`` wrote.
        mean: float ``[T]``, taken from each embedding; None for zeros.
        scale: Divides them then.

    Raises:
        UserError: If sentence-transformers is not installed or the folder holds no model.

    Example:
        ```python
        encoder = SentenceEncoder.open("runs/birds/text/sentence_encoder.json")
        numpy.save("asked.npy", encoder.embed(["a small red bird"]))
        ```
    """

    def __init__(
        self, folder: str | os.PathLike[str], mean: np.ndarray | None = None, scale: float = 1.0
    ) -> None:
        check_folder(folder)
        self.folder = Path(folder).resolve()
        self._model = _load(self.folder)
        self.embedding_dim = int(self._model.get_embedding_dimension())
        self.mean = np.zeros(self.embedding_dim) if mean is None else np.asarray(mean, np.float64)
        self.scale = scale
        self.model_checksum = _checksum(self.folder)

    @property
    def checksum(self) -> str:
        """SHA-256 of the model's files, the mean and the scale, 64 hexadecimal digits."""
        digest = hashlib.sha256(self.model_checksum.encode())
        digest.update(json.dumps([self.mean.tolist(), self.scale]).encode())
        return digest.hexdigest()

    def embed(self, captions: Sequence[str]) -> np.ndarray:
        """Returns the embeddings of captions, float32 ``[N, T]``."""
        rows = self._model.encode(list(captions), convert_to_numpy=True, show_progress_bar=False)
        return ((np.asarray(rows, np.float64) - self.mean) / self.scale).astype(np.float32)

    def calibrate(self, captions: Sequence[str]) -> None:
        """Chooses mean and scale so that these captions' embeddings have mean 0 and root mean square 1.

        Raises:
            UserError: If the embeddings do not differ from each other.
        """
        rows = self.embed(captions).astype(np.float64) * self.scale + self.mean
        mean = rows.mean(axis=0)
        scale = float(np.sqrt(np.square(rows - mean).mean()))
        if not scale > 1e-6 * np.abs(rows).max():
            raise UserError(
                f"the embeddings that {self.folder} gives these captions do not differ; give another"
            )
        self.mean, self.scale = mean, scale

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes where the model is, its checksum, the mean and the scale, as JSON."""
        said = {
            "folder": str(self.folder),
            "model": self.model_checksum,
            "mean": self.mean.tolist(),
            "scale": self.scale,
        }
        with replacing(path) as beside:
            beside.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None
    ) -> "SentenceEncoder":
        """Opens what :meth:`write` wrote.

        Args:
            path: The JSON file.
            folder: Where the model is now; where it was by default.

        Raises:
            UserError: If the file is missing or damaged, or the model is not the same any more.
        """
        try:
            said = json.loads(Path(path).read_text(encoding="utf-8"))
            where, model = str(said["folder"]), str(said["model"])
            mean, scale = np.array(said["mean"], np.float64), float(said["scale"])
        except FileNotFoundError:
            raise UserError(f"there is no {path}; train the phase 'text' first") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} is damaged ({error}); {_AGAIN}") from None
        encoder = cls(where if folder is None else folder, mean, scale)
        if encoder.model_checksum != model or mean.shape != (encoder.embedding_dim,):
            raise UserError(
                f"the model in {encoder.folder} is not the one that {path} was made with; {_AGAIN}"
            )
        return encoder


def check_folder(folder: str | os.PathLike[str]) -> None:
    """Refuses what cannot be a sentence encoder, before anything is loaded.

    Raises:
        UserError: If sentence-transformers is not installed or the folder holds no model.
    """
    if importlib.util.find_spec("sentence_transformers") is None:
        raise UserError(
            "text.encoder=sentence-transformers needs the package of that name, which is not installed; "
            "pip install 'stackgan-k3[sentence-transformers]'"
        )
    if not Path(folder, "modules.json").is_file():
        raise UserError(
            f"text.folder: {folder} is no sentence-transformers model: it has no modules.json; give the "
            "folder that SentenceTransformer.save wrote, or a whole download"
        )


def _load(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    try:
        # On the CPU: the captions are embedded once, and a GPU may be full of the backend.
        return SentenceTransformer(os.fspath(folder), device="cpu", local_files_only=True)
    except Exception as error:
        # Whatever a folder's own configuration leads to: files that are missing, classes that are unknown.
        raise UserError(f"the sentence-transformers model in {folder} cannot be opened: {error}") from error


def _checksum(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    listed = [(path.relative_to(folder).as_posix(), sha256(path)) for path in files]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()
