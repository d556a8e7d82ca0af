"""The telling words of a run's data set, found once and kept in the run."""

from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing
from stackgan_k3.text.telling_words import TellingWords
from stackgan_k3.training.run import Run

_WORDS = "telling_words.txt"
_ENOUGH = 5000  # pictures, evenly spread, to find them in


def keep_telling_words(run: Run, records: Records) -> TellingWords:
    """Finds the telling words of a data set once a run, and keeps them beside what is trained on them.

    Args:
        run: The run; they are written to its ``text/telling_words.txt``, a line each, unless it is there.
        records: The training split.

    Raises:
        UserError: If no word tells one picture from another, or the file is damaged.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from stackgan_k3.config import load_preset
        >>> from stackgan_k3.data.prepare import prepare
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = prepare("synthetic-birds", folder / "birds", size=64, limit=40, workers=1)
        >>> records = Records(folder / "birds")
        >>> run = Run.create(folder / "run", load_preset("stackgan-tiny"), records, [])
        >>> words = keep_telling_words(run, records)
        >>> "black" in words.names, words.names == telling_words(run).names
        (True, True)
    """
    path = run.phase("text") / _WORDS
    if not path.exists():
        some = range(0, len(records), max(1, len(records) // _ENOUGH))
        words = TellingWords.found(records[number].captions for number in some)
        if not len(words):
            raise UserError(
                f"the captions in {records.folder} have no words that tell one picture from another; set "
                "text.picture_reading_weight=0, stage1.reading_weight=0 and stage2.reading_weight=0"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside:
            beside.write_text("\n".join(words.names) + "\n", encoding="ascii")
    return telling_words(run)


def telling_words(run: Run) -> TellingWords:
    """Opens the words that the run's networks learn to read off pictures.

    Raises:
        UserError: If there are none, or the file is damaged.
    """
    path = run.phase("text") / _WORDS
    try:
        return TellingWords(path.read_text(encoding="ascii").splitlines())
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} is missing or damaged ({error}); the words are found when a phase that reads begins: "
            "train it in a new run"
        ) from None
