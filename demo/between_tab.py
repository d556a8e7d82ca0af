"""The tab "Between two": the way from one picture to another, as a strip and as a GIF."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from stackgan_k3.bundle import alphabet
from stackgan_k3.errors import UserError
from stackgan_k3.inference import TextToImage
from stackgan_k3.inference.walk import save_walk

from .kept_files import KeptFiles
from .requests import MAX_IMAGES, caption_of, count_of, notes_on, seed_of


def between_tab(model: TextToImage, files: KeptFiles, asking: Callable[..., Any]) -> None:
    """Builds the tab, inside a ``gr.Tab``.

    Its named API endpoint is ``/interpolate``: two captions (the second may be empty: the
    first stays), two seeds and the number of steps (2 to 16); it returns the pictures with
    what each is, a strip (PNG), a GIF that goes there and back, and a line that tells the provider.

    Args:
        model: An opened bundle.
        files: Where strips and GIFs are kept.
        asking: Makes the field that asks for a picture, given its label and its id.

    Example:
        ```python
        with gr.Blocks() as page, gr.Tab("Between two"):
            between_tab(model, KeptFiles(), asking)
        ```
    """
    kind = model.manifest.condition

    def interpolate(
        caption_a: str, caption_b: str, seed_a: float | None, seed_b: float | None, steps: float
    ) -> tuple[list[tuple[Any, str]], str, str, str]:
        try:
            first = None if kind == "none" else caption_of(caption_a)
            second = caption_of(caption_b) if kind == "characters" and caption_b else None
            walk = model.interpolate(
                first,
                second if second != first else None,
                seed=seed_of(seed_a),
                seed_b=seed_of(seed_b),
                steps=count_of(steps, "steps", least=2),
            )
        except UserError as error:
            raise gr.Error(str(error), title="This cannot be drawn", print_exception=False) from None
        for note in notes_on([first, second], walk.seeds):
            gr.Warning(note)
        name = f"walk-seed-{walk.seeds[0]}-{walk.seeds[-1]}"
        strip, gif = files.new(name, ".png"), files.new(name, ".gif")
        save_walk(walk, strip)
        save_walk(walk, gif)
        labels = [caption.rsplit(": ", 1)[1] for caption in walk.captions]
        pictures = list(zip(walk.images, labels, strict=True))
        return (
            pictures,
            str(strip),
            str(gif),
            f"Drawn by {walk.provider}: {walk.captions[0].rsplit(': ', 1)[0]}.",
        )

    with gr.Row():
        with gr.Column(scale=2, min_width=320):
            caption_a = asking("From" if kind == "characters" else None, "caption_a")
            caption_b = gr.Textbox(
                label="To",
                placeholder="another sentence, or nothing to keep the first",
                lines=2,
                max_lines=6,
                max_length=alphabet.CAPTION_LIMIT,
                visible=kind == "characters",
                elem_id="caption_b",
            )
            with gr.Row():
                seed_a = gr.Number(value=0, label="Seed of the first", elem_id="seed_a")
                seed_b = gr.Number(value=1, label="Seed of the last", elem_id="seed_b")
            steps = gr.Slider(2, MAX_IMAGES, value=8, step=1, label="Steps", elem_id="steps")
            walk = gr.Button("Draw the way", variant="primary", elem_id="walk")
            gr.Markdown(
                "The same seed twice: only the caption changes. The same caption twice: only the noise."
                if kind == "characters"
                else "What is asked for stays; the noise goes from one seed to the other."
            )
        with gr.Column(scale=3, min_width=320):
            pictures = gr.Gallery(
                label="The way",
                show_label=False,
                format="png",
                height="auto",
                object_fit="contain",
                buttons=["download", "fullscreen"],
                elem_id="between",
            )
            gif = gr.Image(
                label="There and back",
                type="filepath",
                format="gif",
                interactive=False,
                buttons=["download"],
                height=280,
                elem_id="gif",
            )
            strip = gr.DownloadButton("Download the strip", elem_id="strip", interactive=False)
            report = gr.Markdown(elem_id="between_report")
    drawn = walk.click(
        interpolate,
        inputs=[caption_a, caption_b, seed_a, seed_b, steps],
        outputs=[pictures, strip, gif, report],
        api_name="interpolate",
        show_progress_on=[pictures],
    )
    drawn.success(lambda: gr.DownloadButton(interactive=True), outputs=[strip], api_visibility="private")
