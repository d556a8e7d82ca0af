"""The model card of a bundle: its README.md."""

from collections.abc import Mapping, Sequence

from stackgan_k3 import __version__
from stackgan_k3.bundle import alphabet
from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.metrics.measures import measures

from .about import About
from .asking import Asking


def model_card(manifest: Manifest, about: About, samples: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Writes the model card.

    Args:
        manifest: What ``bundle.json`` will say.
        about: Where the model comes from.
        samples: A caption and the files of its pictures, relative to the bundle.

    Returns:
        Markdown.

    Example:
        ```python
        text = model_card(manifest, about, [("a red bird", ["samples/0.png"])])
        ```
    """
    size, sketch = manifest.image_size, manifest.preview_size
    ask = Asking.of(manifest)
    made = "Imported into" if about.imported else "Trained with"
    stages = " in two stages" if size > sketch else ""
    homepage = about.data.get("homepage", "")
    title = about.data.get("title") or about.data.get("name") or "not recorded"
    parts = ", ".join(f"`{name}` {length}" for name, length in manifest.noise_parts)
    reads = ""
    if manifest.condition == "characters":
        limit = alphabet.MAX_CHARACTERS
        reads = f"- It reads Latin letters, digits and punctuation, and {limit} characters of a caption.\n"
        if manifest.words:
            reads += f"- It knows {len(manifest.words):,} words, not their order; others are skipped.\n"
    pictures = "\n\n".join(
        f"> {_plain(text)}\n\n" + "\n".join(f"![{_plain(text)}]({file})" for file in files)
        for text, files in samples
    )
    return f"""# {manifest.name}

Draws pictures {ask.draws}, {size} × {size} pixels{stages}. {made} stackgan_k3 {__version__} as the
preset `{about.preset}` (system `{about.system}`): {about.idea}

## Samples

Drawn by this bundle, seeds 0 to 3, none picked.

{pictures or "None: the run keeps no captions."}

## Use

On the command line, after `pip install 'stackgan-k3[cpu]'`:

```
stackgan-k3 generate . {ask.shell}-n 4 --seed 7 -o pictures.png
```

In Python, without Keras or a backend:

```python
from stackgan_k3.inference import TextToImage

drawing = TextToImage.load(".").generate({ask.python}num_images=4, seed=7)
drawing.save("pictures.png")
```

{_with_tensorflow(manifest, ask)}Anywhere else, `model.onnx` (any ONNX runtime, opset 18):

| | name | type | shape |
|---|---|---|---|
{ask.row}| input | `noise` | float32 | batch, {manifest.noise_size} |
| output | `image` | uint8, RGB | batch, {size}, {size}, 3 |
| output | `preview` | uint8, RGB | batch, {sketch}, {sketch}, 3 |

{_beside(manifest)}{ask.rule} The noise is N(0, 1), of the parts {parts}.
The stream that belongs to a seed is Philox4x32-10 with the seed as the 64-bit key, then Box-Muller in double
precision; with it, every form of this model draws the same picture from the same seed.

## Training data

{
        _table(
            [
                ("data set", title),
                ("licence", about.data.get("licence") or "not recorded"),
                ("homepage", homepage or "none"),
            ]
        )
    }

{_measured(about)}{_made(about)}## Training settings

{_table(about.settings.items())}

## Last metrics

{_table(about.metrics.items())}

## Limits

- It knows what its training data show, and the words of their captions; of anything else it has no idea.
{reads}- It may draw much the same picture for different seeds, and details that no real thing has.
- Whether its pictures may be used for a purpose depends on the licence of the training data above.
"""


def _measured(about: About) -> str:
    """How good the pictures are, as far as it is known."""
    numbers = about.evaluation
    if not numbers:
        return ""
    rows = [
        (_plain(name), _figure(value, "drawn", "error"), _figure(value, "floor", "floor_error"))
        for name, value in measures(numbers).items()
    ]
    lines = "\n".join(f"| {name} | {drawn} | {real} |" for name, drawn, real in rows)
    seen = f"features `{numbers['features']}`" if "features" in numbers else "a probe's features"
    drawn_for = f"captions of the {numbers['split']} split (seed {numbers['seed']})"
    return f"""## How good it is

Measured on {numbers["samples"]} pictures drawn for {drawn_for}, with
{seen}; the last column is what as many real pictures get. Numbers of other features, data or
sizes cannot be compared with these.

| | drawn | real |
|---|---|---|
{lines}

"""


def _figure(value: Mapping[str, float], name: str, error: str) -> str:
    if name not in value:  # a floor that these real pictures do not give
        return ""
    return f"{value[name]:.4g}" + (f" ± {value[error]:.2g}" if error in value else "")


def _made(about: About) -> str:
    """The commands, the time and the machine, as far as they are known."""
    commands = "\n".join(about.commands)
    parts = [f"```\n{commands}\n```"] if commands else []
    rows = [*about.times.items(), *(("machine", machine) for machine in about.machines)]
    parts += [_table(rows)] if rows else []
    return "\n\n".join(["## How it was made", *parts, ""]) + "\n" if parts else ""


def _with_tensorflow(manifest: Manifest, ask: Asking) -> str:
    """How the SavedModel is used, where the bundle has one."""
    if not any(name.startswith("saved_model/") for name in manifest.files):
        return ""
    return f"""With TensorFlow alone:

```python
import tensorflow as tf

serve = tf.saved_model.load("saved_model").signatures["serving_default"]
image = serve({ask.graph}seed=tf.constant([7], tf.int64))["image"]
```

"""


def _beside(manifest: Manifest) -> str:
    """What the bundle holds beside the drawing model, if anything."""
    names = [name.removesuffix(".onnx") for name in manifest.files if name.endswith(".onnx")]
    others = [f"`{name}.onnx` and, as a SavedModel, `{name}/`" for name in names if name != "model"]
    return f"Beside it: {'; '.join(others)}; inputs and outputs are named in the files.\n\n" if others else ""


def _table(rows: object) -> str:
    lines = [f"| {_plain(str(name))} | {_plain(_number(value))} |" for name, value in rows]  # type: ignore[attr-defined]
    return "\n".join(["| | |", "|---|---|", *lines]) if lines else "Not recorded."


def _number(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _plain(text: str) -> str:
    """One line that Markdown takes as it stands."""
    return " ".join(text.split()).translate({ord(sign): f"\\{sign}" for sign in "\\`*_[]<>|#!"})
