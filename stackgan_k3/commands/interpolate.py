"""``stackgan-k3 interpolate``: the way between two captions, or two noises, drawn by a bundle."""

import argparse
import sys
import warnings

HELP = "draw the way between two captions, or between two seeds, as a strip or a GIF"


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
        help="one caption (with two seeds) or two, in quotes; a class, or nothing, where the bundle draws "
        "classes or from noise alone",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True,
        help="a .png or .jpg file for a strip, a .gif for a loop there and back",
    )  # fmt: skip
    parser.add_argument(
        "--seed", metavar="S", type=int, default=0, help="seed of the first picture (default: 0)"
    )
    parser.add_argument(
        "--seed2", metavar="S", type=int, help="seed of the last picture (default: that of the first)"
    )
    parser.add_argument(
        "--steps", metavar="N", type=int, default=8, help="pictures, both ends included (default: 8)"
    )
    parser.add_argument(
        "--provider", metavar="NAME", default="auto",
        help="what to run on: auto, cpu, cuda, or a provider's name in onnxruntime (default: auto)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Draws, saves, and tells the provider, what each picture is, and the file.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Raises:
        UserError: If the bundle, a caption, a number or the output's name is refused, or
            both ends are the same; nothing is written then.

    Example:
        ```
        stackgan-k3 interpolate birds "a small red bird" "a small blue bird" --seed 7 -o walk.gif
        ```
    """
    from stackgan_k3.bundle.shipped import bundle_and_captions
    from stackgan_k3.errors import UserError
    from stackgan_k3.inference import TextToImage
    from stackgan_k3.inference.drawing import check_sheet
    from stackgan_k3.inference.walk import save_walk, walk_path

    target = walk_path(args.output)
    words = args.captions if args.bundle is None else [args.bundle, *args.captions]
    bundle, captions = bundle_and_captions(words)
    if len(captions) > 2:
        raise UserError(f"{len(captions)} captions were given; there is a way between two")
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        model = TextToImage.load(bundle, provider=args.provider)
        check_sheet(target, args.steps, args.steps, model.manifest.image_size, columns=max(1, args.steps))
        drawing = model.interpolate(*captions, seed=args.seed, seed_b=args.seed2, steps=args.steps)
    for note in notes:
        print(f"note: {note.message}", file=sys.stderr)
    file = save_walk(drawing, args.output)
    print(f"provider: {drawing.provider}")
    for caption in drawing.captions:
        print(caption)
    print(file)
    return 0
