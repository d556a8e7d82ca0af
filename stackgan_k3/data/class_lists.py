"""Files that say which classes are trained on and which are kept for the test split."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from stackgan_k3.data.by_class import Split
from stackgan_k3.data.safe_pickle import load
from stackgan_k3.errors import UserError

LISTS: dict[Split, str] = {"train": "trainvalclasses.txt", "test": "testclasses.txt"}
"""Lists of class folders, one a line."""

PICKLES: dict[Split, str] = {"train": "train/filenames.pickle", "test": "test/filenames.pickle"}
"""What the StackGAN code ships: lists of ``class folder/picture``."""


def listed_splits(places: Sequence[Path], folders: Sequence[str]) -> list[Split] | None:
    """Reads the splits of classes from lists, where there are any.

    ``LISTS`` come before ``PICKLES``. Where only one of the two files is there, the
    classes that it does not name are in the other split.

    Args:
        places: Folders to look in, the first with the file counts.
        folders: The class folders.

    Returns:
        The split of each class folder, or None if there are no such files.

    Raises:
        UserError: If a file is damaged or names a class that there is not, or the files
            contradict each other or leave a class out.

    Example:
        >>> import tempfile
        >>> place = Path(tempfile.mkdtemp())
        >>> _ = (place / "testclasses.txt").write_text("002.Owl")
        >>> listed_splits([place], ["001.Wren", "002.Owl"])
        ['train', 'test']
    """
    for names, read in ((LISTS, _lines), (PICKLES, _pickled)):
        paths: dict[Split, Path] = {}
        for split, name in names.items():
            found = [place / name for place in places if (place / name).is_file()]
            if found:
                paths[split] = found[0]
        if paths:
            return _agreed(paths, {split: list(read(path)) for split, path in paths.items()}, folders)
    return None


def _agreed(
    paths: dict[Split, Path], named: dict[Split, list[tuple[str, str]]], folders: Sequence[str]
) -> list[Split]:
    splits: dict[str, Split] = {}
    known = set(folders)
    for split, entries in named.items():
        for where, folder in entries:
            if folder not in known:
                raise UserError(f"{where}: there is no class '{folder}' in classes.txt")
            if splits.setdefault(folder, split) != split:
                raise UserError(f"{where}: '{folder}' is in {paths['train']} too")
    if len(paths) == 1:
        other: Split = "train" if "test" in paths else "test"
        return [splits.get(folder, other) for folder in folders]
    missing = [folder for folder in folders if folder not in splits]
    if missing:
        raise UserError(f"neither {' nor '.join(map(str, paths.values()))} has the class '{missing[0]}'")
    return [splits[folder] for folder in folders]


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: {error}") from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{path}, line {number}", line.strip()


def _pickled(path: Path) -> Iterator[tuple[str, str]]:
    names = load(path)
    if isinstance(names, list):  # Python 2's strings are bytes
        names = [name.decode("latin-1") if isinstance(name, bytes) else name for name in names]
    if not isinstance(names, list) or not all(isinstance(name, str) and "/" in name for name in names):
        raise UserError(
            f"{path} is not a list of names such as 002.Laysan_Albatross/Laysan_Albatross_0002_1027"
        )
    for folder in sorted({name.partition("/")[0] for name in names}):
        yield str(path), folder
