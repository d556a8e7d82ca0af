"""How a bundle is asked for a picture, in the words of its model card."""

from dataclasses import dataclass

from stackgan_k3.bundle import alphabet
from stackgan_k3.bundle.manifest import Manifest

_ALPHABET = (
    "`bundle.json` holds the table from characters to numbers; white space is made single and stripped at "
    "the ends first, a character that is not in the table is 0, and the first "
    f"{alphabet.MAX_CHARACTERS} are read."
)


@dataclass(frozen=True)
class Asking:
    """The places of a model card that depend on what a picture is asked for by.

    Args:
        draws: What the model does, after "Draws pictures".
        shell: The words after the bundle on the command line.
        python: The first argument of ``generate``, or nothing.
        graph: The arguments of the SavedModel's ``serving_default`` before the seed.
        row: The row of ``model.onnx``'s first input in a table, or nothing.
        rule: How that input is made.

    Example:
        ```python
        Asking.of(Manifest.read("bundles/birds")).draws
        ```
    """

    draws: str
    shell: str
    python: str
    graph: str
    row: str
    rule: str

    @classmethod
    def of(cls, manifest: Manifest) -> "Asking":
        """Takes what a manifest says."""
        first = manifest.examples[0] if manifest.examples else "a small red bird"
        if manifest.condition == "characters":
            return cls(
                "from English sentences",
                f'"{_shell(first)}" ',
                f"{first!r}, ",
                f"text=tf.constant([{first!r}]), ",
                f"| input | `characters` | int32 | batch, {alphabet.MAX_CHARACTERS} |\n",
                _ALPHABET,
            )
        if manifest.condition == "label":
            named = ", ".join(f"{number} {name}" for number, name in enumerate(manifest.classes))
            name = manifest.classes[0]
            return cls(
                f"of {len(manifest.classes)} classes",
                f'"{_shell(name)}" ',
                f"{name!r}, ",
                "label=tf.constant([0]), ",
                "| input | `label` | int32 | batch |\n",
                f"The classes: {named}.",
            )
        if manifest.condition == "embedding":
            size = manifest.embedding_size
            return cls(
                "from embeddings of sentences, made by another program",
                "--embeddings FILE.npy ",
                "embeddings, ",
                "embedding=embeddings, ",
                f"| input | `embedding` | float32 | batch, {size} |\n",
                f"`embeddings` is float32 [N, {size}], made by the encoder that made those of the training "
                "data; this bundle has none of its own. `FILE.npy` holds them, written by `numpy.save`.",
            )
        return cls("from noise alone", "", "", "", "", "")


def _shell(text: str) -> str:
    return "".join(f"\\{sign}" if sign in '\\"$`' else sign for sign in text)
