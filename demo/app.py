"""The page: a sentence in, sketches and pictures out, and the same as a named API endpoint."""

import io
import os
import socket
import zipfile
from typing import Any

import gradio as gr
from PIL import Image

from stackgan_k3.bundle import alphabet
from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.errors import UserError
from stackgan_k3.inference import Drawing, TextToImage

from .between_tab import between_tab
from .kept_files import KeptFiles
from .requests import MAX_IMAGES, caption_of, count_of, notes_on, seed_of

_WAITING = 32  # requests in the queue; one more is told to come back later
_HOUR = 3600
_TITLES = {
    "characters": "pictures from sentences",
    "label": "pictures of classes",
    "none": "pictures from noise",
}
_TAB = {"characters": "One sentence", "label": "One class", "none": "From noise"}
_CSS = """
.gradio-container { max-width: 1200px !important; margin: 0 auto !important; }
#pictures .grid-wrap, #sketches .grid-wrap, #between .grid-wrap { min-height: 0; max-height: none; }
#pictures .grid-container { grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); }
#between .grid-container { grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); }
#sketches .grid-container { grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); }
@media (max-width: 640px) {
    #pictures .grid-container { grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); }
}
#sketches img { image-rendering: pixelated; }
#pictures .caption-label, #between .caption-label {
    font-size: 11px; padding: 0 6px; bottom: 4px; right: 4px; opacity: 0.85;
}
#sketches .caption-label { display: none; }
#report p { margin: 0; opacity: 0.75; }
"""


def build(model: TextToImage) -> gr.Blocks:
    """Builds the page over an opened bundle.

    The page has two named API endpoints: ``/interpolate`` (see `between_tab`) and
    ``/generate``: caption (text), number of
    pictures (1 to 16), seed (0 to 2**63 - 1) and whether to take a seed by chance instead;
    it returns the pictures, the sketches, a zip file of both, a line that tells provider
    and seeds, and the first seed. What the model or the page refuses comes back as an error with its
    reason; a text where a number belongs, or a number that its slider does not have, Gradio refuses itself.

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
    files = KeptFiles()

    def generate(
        caption: str, num_images: float, seed: float | None, randomise: bool
    ) -> tuple[list[tuple[Any, str]], list[tuple[Any, str]], str, str, int]:
        try:
            asked = None if manifest.condition == "none" else caption_of(caption)
            drawing = model.generate(asked, count_of(num_images), seed_of(seed, randomise))
        except UserError as error:
            raise gr.Error(str(error), title="This cannot be drawn", print_exception=False) from None
        for note in notes_on([asked], drawing.seeds):
            gr.Warning(note)
        path = files.new(f"pictures-seed-{drawing.seeds[0]}", ".zip")
        path.write_bytes(_zip(drawing))
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
        with gr.Tab(_TAB[manifest.condition]), gr.Row():
            with gr.Column(scale=2, min_width=320):
                caption = _asking(manifest)
                num_images = gr.Slider(
                    1, MAX_IMAGES, value=6, step=1, label="Number of pictures", elem_id="num_images"
                )
                with gr.Group():
                    seed = gr.Number(value=0, label="Seed", elem_id="seed")
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
        with gr.Tab("Between two"):
            between_tab(model, files, lambda label, name: _asking(manifest, label, name))
    page.queue(max_size=_WAITING, default_concurrency_limit=1)
    return page


def serve(
    bundle: str | os.PathLike[str] | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    provider: str | None = None,
) -> None:
    """Opens a bundle and serves its page until Ctrl-C.

    Args:
        bundle: The bundle's folder; None for the one that comes with the package.
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


def _asking(manifest: Manifest, label: str | None = None, name: str = "caption") -> Any:
    """The field that asks for a picture: a sentence, a class, or nothing to be seen."""
    first = name == "caption"
    if manifest.condition == "label":
        return gr.Dropdown(
            list(manifest.classes), value=manifest.classes[0], label=label or "Class", elem_id=name
        )
    return gr.Textbox(
        label=label or "Caption",
        placeholder=next(iter(manifest.examples), "a small red bird with a black wing"),
        lines=3 if first else 2,
        max_lines=6,
        max_length=alphabet.CAPTION_LIMIT,
        autofocus=first,
        visible=manifest.condition == "characters",
        elem_id=name,
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
