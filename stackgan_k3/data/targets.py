"""What a classifier learns to read off the pictures of a prepared set."""

from collections.abc import Mapping, Sequence

import numpy as np

from stackgan_k3.data.adding_loader import AddingLoader
from stackgan_k3.data.loader import Loader
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError, unknown


class Targets:
    """The values of attributes in the pictures of a split, as numbers.

    Args:
        records: The split.
        attributes: Which attributes. With none named: all that every picture of the split has, or,
            where there are none, the class, under the name ``class``.
        values: The values of each attribute, in the order of their numbers; by default those that
            occur, sorted. Give those of the training split for another.

    Attributes:
        values: The values by attribute.
        numbers: int32 ``[records]`` by attribute; −1 for a value that is not among ``values``.

    Raises:
        UserError: If an attribute is not known of every picture, or all pictures are alike.

    Example:
        >>> import tempfile
        >>> from stackgan_k3.data.prepare import prepare
        >>> folder = tempfile.mkdtemp()
        >>> _ = prepare("synthetic-birds", folder, size=64, limit=24, workers=1)
        >>> targets = Targets(Records(folder), ["background"])
        >>> sorted(targets.values["background"])
        ['branch', 'grass', 'sky', 'snow', 'water']
    """

    def __init__(
        self,
        records: Records,
        attributes: Sequence[str] = (),
        values: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        seen = [(record.label, record.attributes) for record in records]
        known = set.intersection(*(set(of) for _, of in seen))
        names = list(values or attributes or sorted(known)) or ["class"]
        for name in names:
            if name != "class" and name not in known:
                raise unknown(f"attribute of {records.folder}", name, {*known, "class"})
        classes = records.info["classes"]
        texts = {
            name: [classes[label] if name == "class" else of[name] for label, of in seen] for name in names
        }
        if values is None:
            # Attributes that never differ have nothing to be read.
            values = {name: found for name in names if len(found := sorted(set(texts[name]))) > 1}
        if not values:
            raise UserError(
                f"the pictures of {records.folder} are all of one class: there is nothing to read; prepare "
                "pictures of several, or name an attribute that differs (probe.attributes)"
            )
        self.values = {name: tuple(each) for name, each in values.items()}
        places = {name: {text: number for number, text in enumerate(each)} for name, each in values.items()}
        self.numbers = {
            name: np.array([place.get(text, -1) for text in texts[name]], np.int32)
            for name, place in places.items()
        }

    @property
    def heads(self) -> dict[str, int]:
        """Number of values by attribute."""
        return {name: len(each) for name, each in self.values.items()}


class TargetLoader(AddingLoader):
    """Batches of a loader with ``target/<attribute>`` int32 ``[B]`` beside the pictures.

    Args:
        loader: The batches.
        targets: The attributes of the loader's records.

    Example:
        See :func:`stackgan_k3.training.recipes.probe.train_probe`.
    """

    def __init__(self, loader: Loader, targets: Targets) -> None:
        super().__init__(loader, self._read)
        self.targets = targets

    def _read(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        read = {f"target/{name}": numbers[batch["index"]] for name, numbers in self.targets.numbers.items()}
        return {"image": batch["image"], **read}
