"""The page: a sentence in, sketches and pictures out, and the same as a named API endpoint."""

import io
import os
import secrets
import socket
import tempfile
import zipfile
from collections import deque
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from stackgan_k3.bundle import alphabet
from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.errors import UserError
from stackgan_k3.inference import Drawing, TextToImage

MAX_IMAGES = 16
_WAITING = 32  # requests in the queue; one more is told to come back later
_KEPT = 32  # zip files on the disk
_HOUR = 3600
_TITLES = {
    "characters": "pictures from sentences",
    "label": "pictures of classes",
    "none": "pictures from noise",
}
_CSS = """
.gradio-container { max-width: 1200px !important; margin: 0 auto !important; }
#pictures .grid-wrap, #sketches .grid-wrap { min-height: 0; max-height: none; }
#pictures .grid-container { grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); }
#sketches .grid-container { grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); }
@media (max-width: 640px) {
    #pictures .grid-container { grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); }
}
#sketches img { image-rendering: pixelated; }
#pictures .caption-label { font-size: 11px; padding: 0 6px; bottom: 4px; right: 4px; opacity: 0.85; }
#sketches .caption-label { display: none; }
#report p { margin: 0; opacity: 0.75; }
"""


def build(model: TextToImage) -> gr.Blocks:
    """Builds the page over an opened bundle.

    The page has one named API endpoint, ``/generate``: caption (text), number of
    pictures (1 to 16), seed (0 to 2**63 - 1) and whether to take a seed by chance instead;
    it returns the pictures, the sketches, a zip file of both, a line that tells provider
    and seeds, and the first seed. What is refused comes back as an error with its reason.

    Args:
        model: An opened bundle.

    Returns:
        The page, with its queue; ``launch()`` shows it, and `serve` does so with the
        theme that needs no network.

    Example:
        ```python
        build(TextToImage.load("birds")).launch()
        ```
    """
    manifest = model.manifest
    folder = tempfile.TemporaryDirectory(prefix="stackgan-k3-demo-")
    kept: deque[Path] = deque()

    def generate(
        caption: str, num_images: float, seed: float | None, randomise: bool
    ) -> tuple[list[tuple[Any, str]], list[tuple[Any, str]], str, str, int]:
        try:
            asked = None if manifest.condition == "none" else _caption(caption)
            drawing = model.generate(asked, _count(num_images), _seed(seed, randomise))
        except UserError as error:
            raise gr.Error(str(error), title="This cannot be drawn", print_exception=False) from None
        if asked is not None and len(alphabet.normalise(asked)) > alphabet.MAX_CHARACTERS:
            gr.Warning(f"Only the first {alphabet.MAX_CHARACTERS} characters of the caption are read.")
        path = Path(folder.name) / f"pictures-seed-{drawing.seeds[0]}-{os.urandom(4).hex()}.zip"
        path.write_bytes(_zip(drawing))
        kept.append(path)
        while len(kept) > _KEPT:  # Gradio serves copies of its own
            kept.popleft().unlink(missing_ok=True)
        labels = [f"seed {seed}" for seed in drawing.seeds]
        return (
            list(zip(drawing.images, labels, strict=True)),
            list(zip(drawing.previews, labels, strict=True)),
            str(path),
            _report(drawing),
            drawing.seeds[0],
        )

    with gr.Blocks(
        title=f"{manifest.name}: {_TITLES[manifest.condition]}",
        analytics_enabled=False,
        delete_cache=(_HOUR, _HOUR),
    ) as page:
        gr.Markdown(f"# {manifest.name}\n{_explanation(manifest)}")
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                caption = _asking(manifest)
                num_images = gr.Slider(
                    1, MAX_IMAGES, value=6, step=1, label="Number of pictures", elem_id="num_images"
                )
                with gr.Group():
                    seed = gr.Number(value=0, precision=0, label="Seed", elem_id="seed")
                    randomise = gr.Checkbox(value=True, label="A new seed each time", elem_id="randomise")
                draw = gr.Button("Draw", variant="primary", elem_id="draw")
                if manifest.examples and manifest.condition == "characters":
                    gr.Examples(
                        [[example] for example in manifest.examples],
                        inputs=[caption],
                        label="Captions to try",
                        api_visibility="private",
                    )
            with gr.Column(scale=3, min_width=320):
                gr.Markdown(f"### Pictures, {manifest.image_size} px")
                pictures = gr.Gallery(
                    label="Pictures",
                    show_label=False,
                    format="png",
                    height="auto",
                    object_fit="contain",
                    buttons=["download", "fullscreen"],
                    elem_id="pictures",
                )
                gr.Markdown(f"### Sketches, {manifest.preview_size} px", visible=_has_sketches(manifest))
                sketches = gr.Gallery(
                    label="Sketches",
                    visible=_has_sketches(manifest),
                    show_label=False,
                    format="png",
                    height="auto",
                    object_fit="contain",
                    buttons=["download"],
                    elem_id="sketches",
                )
                with gr.Row(equal_height=True):
                    report = gr.Markdown(f"Runs on {model.provider}.", elem_id="report")
                    download = gr.DownloadButton(
                        "Download", elem_id="download", interactive=False, scale=0, min_width=140
                    )
        drawn = gr.on(
            [draw.click, *([caption.submit] if isinstance(caption, gr.Textbox) else [])],
            generate,
            inputs=[caption, num_images, seed, randomise],
            outputs=[pictures, sketches, download, report, seed],
            api_name="generate",
            show_progress_on=[pictures],
        )
        drawn.success(
            lambda: gr.DownloadButton(interactive=True), outputs=[download], api_visibility="private"
        )
    page.queue(max_size=_WAITING, default_concurrency_limit=1)
    return page


def serve(
    bundle: str | os.PathLike[str],
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    provider: str | None = None,
) -> None:
    """Opens a bundle and serves its page until Ctrl-C.

    Args:
        bundle: The bundle's folder.
        host: Address to listen on.
        port: Port to listen on, 1 to 65535.
        provider: See `TextToImage.load`.

    Raises:
        UserError: If the bundle is refused, or the address cannot be listened on.

    Example:
        ```python
        serve("birds", port=7861)
        ```
    """
    _check_address(host, port)
    model = TextToImage.load(bundle, provider)
    if model.manifest.condition == "embedding":
        raise UserError(f"{bundle} is asked by embeddings made elsewhere, not by sentences; it has no page")
    print(f"{model.manifest.name} on {model.provider}: http://{host}:{port} (Ctrl-C stops it)", flush=True)
    build(model).launch(
        server_name=host,
        server_port=port,
        share=False,
        ssr_mode=False,
        enable_monitoring=False,
        quiet=True,
        footer_links=["api"],
        # Fonts of the system: the theme's own come from the network.
        theme=gr.themes.Soft(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        css=_CSS,
    )


def _asking(manifest: Manifest) -> Any:
    """The field that asks for a picture: a sentence, a class, or nothing to be seen."""
    if manifest.condition == "label":
        return gr.Dropdown(
            list(manifest.classes), value=manifest.classes[0], label="Class", elem_id="caption"
        )
    return gr.Textbox(
        label="Caption",
        placeholder=next(iter(manifest.examples), "a small red bird with a black wing"),
        lines=3,
        max_lines=6,
        max_length=alphabet.CAPTION_LIMIT,
        autofocus=True,
        visible=manifest.condition == "characters",
        elem_id="caption",
    )


def _has_sketches(manifest: Manifest) -> bool:
    """Whether the picture is more than the sketch: a bundle of Stage-I alone gives the sketch twice."""
    return manifest.image_size > manifest.preview_size


def _explanation(manifest: Manifest) -> str:
    if not _has_sketches(manifest):
        ask = {"characters": "Write a sentence, see it drawn", "label": "Choose a class, see it drawn"}
        first = ask.get(manifest.condition, "Press Draw to see what comes out of noise,")
        return f"{first} at {manifest.image_size} × {manifest.image_size} pixels."
    return (
        f"Write a sentence. Stage-I sketches it at {manifest.preview_size} × {manifest.preview_size} pixels, "
        f"Stage-II draws the picture at {manifest.image_size} × {manifest.image_size}."
    )


def _caption(caption: object) -> str:
    if not isinstance(caption, str):
        raise UserError("the caption is missing; write a sentence")
    return caption


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise UserError(f"the number of pictures must be a whole number from 1 to {MAX_IMAGES}")
    if not 1 <= value <= MAX_IMAGES:
        raise UserError(f"{int(value)} pictures were asked for; 1 to {MAX_IMAGES} are drawn at a time")
    return int(value)


def _seed(value: object, randomise: bool) -> int:
    if randomise:
        return secrets.randbelow(1_000_000)  # short enough to be read under a picture and told to a friend
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise UserError("the seed must be a whole number from 0 to 2**63 - 1")
    return int(value)


def _report(drawing: Drawing) -> str:
    first, last = drawing.seeds[0], drawing.seeds[-1]
    seeds = f"seed {first}" if first == last else f"seeds {first} to {last}"
    return f"Drawn by {drawing.provider} from {seeds}."


def _zip(drawing: Drawing) -> bytes:
    """Every picture and sketch as a PNG, the grid of all, and the caption with its seeds."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:

        def add(name: str, picture: Any) -> None:
            content = io.BytesIO()
            Image.fromarray(picture).save(content, "PNG")
            archive.writestr(name, content.getvalue())

        add("grid.png", drawing.grid())
        for number, seed in enumerate(drawing.seeds):
            add(f"pictures/{number:04d}-seed-{seed}.png", drawing.images[number])
            add(f"sketches/{number:04d}-seed-{seed}.png", drawing.previews[number])
        lines = [
            f"seed {seed}: {caption}\n" for seed, caption in zip(drawing.seeds, drawing.captions, strict=True)
        ]
        archive.writestr("captions.txt", "".join(lines))
    return file.getvalue()


def _check_address(host: str, port: int) -> None:
    if not 1 <= port <= 65535:
        raise UserError(f"port {port} is out of range; ports go from 1 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise UserError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another --port or --host"
        ) from None
