"""``stackgan-k3 generate``: sentences drawn by a bundle."""

import argparse
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from stackgan_k3.bundle.manifest import Manifest

HELP = "draw pictures from sentences with a bundle"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Example:
        >>> configure(argparse.ArgumentParser())
    """
    parser.add_argument(
        "bundle", metavar="BUNDLE", nargs="?",
        help="the folder of a bundle; left out, the model of drawn birds that comes with the package draws",
    )  # fmt: skip
    parser.add_argument(
        "captions", metavar="CAPTION", nargs="*",
        help="a sentence, in quotes; a class, or nothing, where the bundle draws classes or from noise alone",
    )  # fmt: skip
    parser.add_argument(
        "--embeddings", metavar="FILE.npy",
        help="embeddings [N, T] in the place of captions, for a bundle without a text encoder",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True,
        help="where to save: a .png or .jpg file (several pictures become a grid), or DIR/ for a file each",
    )  # fmt: skip
    parser.add_argument(
        "-n", "--num-images", metavar="N", type=int, default=1, help="pictures for each caption (default: 1)"
    )
    parser.add_argument(
        "--seed", metavar="S", type=int,
        help="picture k of a caption is drawn from seed S + k; 0 to 2**63 - 1 (default: by chance, and told)",
    )  # fmt: skip
    parser.add_argument(
        "--provider", metavar="NAME", default="auto",
        help="what to run on: auto, cpu, cuda, or a provider's name in onnxruntime (default: auto)",
    )  # fmt: skip
    parser.add_argument("--previews", action="store_true", help="also save the 64 px sketches of Stage-I")


def run(args: argparse.Namespace) -> int:
    """Draws, saves, and tells the provider, the seeds and the files.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Raises:
        UserError: If the bundle, a caption, a number or the output's name is refused;
            nothing is written then.

    Example:
        ```
        stackgan-k3 generate "a small red bird" -n 4 --seed 7 -o red.png
        stackgan-k3 generate bundles/mine "a small red bird" -n 4 --seed 7 -o red.png
        ```
    """
    import numpy as np

    from stackgan_k3.bundle.shipped import bundle_and_captions
    from stackgan_k3.errors import UserError
    from stackgan_k3.inference import TextToImage
    from stackgan_k3.inference.drawing import check_sheet, output_path

    target = output_path(args.output)
    words = args.captions if args.bundle is None else [args.bundle, *args.captions]
    bundle, captions = bundle_and_captions(words)
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        model = TextToImage.load(bundle, provider=args.provider)
        asked: list[str] | np.ndarray | None = captions or None
        if args.embeddings is not None:
            asked = _embeddings(args.embeddings, model.manifest, captions)
        elif model.manifest.condition == "embedding":
            raise UserError(
                f"{bundle} has no text encoder: give --embeddings FILE.npy, float32 "
                f"[N, {model.manifest.embedding_size}], in the place of captions"
            )
        rows = 1 if asked is None or np.ndim(asked) == 0 else len(asked)
        count = max(1, args.num_images) * max(1, rows)
        check_sheet(target, count, args.num_images, model.manifest.image_size)
        drawing = model.generate(asked, num_images=args.num_images, seed=args.seed)
    for note in notes:
        print(f"note: {note.message}", file=sys.stderr)
    files = drawing.save(args.output)
    if args.previews:
        files += drawing.save(_sketches(args.output), previews=True)
    if captions and args.bundle == captions[0]:
        print(f"model: {model.manifest.name}, which comes with the package")
    print(f"provider: {drawing.provider}")
    for caption in dict.fromkeys(drawing.captions):
        drawn = zip(drawing.seeds, drawing.captions, strict=True)
        seeds = list(dict.fromkeys(seed for seed, of in drawn if of == caption))
        several = f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"{seeds[0]}"
        print(f"seed {several}: {caption}" if caption else f"seed {several}")
    for file in files:
        print(file)
    return 0


def _embeddings(path: str, manifest: "Manifest", captions: list[str]) -> "np.ndarray":
    """Reads the embeddings of a file, where the bundle takes such."""
    import numpy as np

    from stackgan_k3.errors import UserError

    if manifest.condition != "embedding":
        raise UserError(f"{manifest.name} is not asked by embeddings; leave --embeddings out")
    if captions:
        raise UserError("there are captions and --embeddings; this bundle is asked by embeddings alone")
    try:
        # Never pickles: they can run code.
        vectors = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise UserError(f"{path} is no .npy file of numbers ({error}); write it with numpy.save") from None
    if not isinstance(vectors, np.ndarray):
        raise UserError(f"{path} holds several arrays; write one, [N, T], with numpy.save")
    return vectors


def _sketches(output: str) -> str:
    """The name for the sketches: the same folder, or the file's name with ``-sketches``."""
    path = Path(output)
    if path.is_dir() or output.endswith("/"):
        return output
    return str(path.with_name(f"{path.stem}-sketches{path.suffix}"))
