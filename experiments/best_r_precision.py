"""What R-precision could a judge give real pictures that never errs about what it sees?

    python experiments/best_r_precision.py --data data/birds

Captions name some of a bird's attributes, and others of a hundred may be true of the same picture by
chance. A judge that knows every attribute of the pictures takes the caption that is true and says most, in
bits; where two say as much, it is counted as wrong, as the measure does. For synthetic birds, whose captions
this script understands; on the halves of `evaluate --samples 1000`.
"""

import argparse
import math
from collections.abc import Mapping, Sequence

import numpy as np

from stackgan_k3.data.birds.attributes import VOCABULARY
from stackgan_k3.data.birds.said import said
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.training.held_out import HeldOut

SEEN = {
    "body, wings, belly, background": ("body", "wing", "belly", "background"),
    "and crown": ("body", "wing", "belly", "background", "crown"),
    "and beak": ("body", "wing", "belly", "background", "crown", "beak"),
    "and breast": ("body", "wing", "belly", "background", "crown", "beak", "breast"),
}
"""What the judge sees, a row of the table each."""

Attributes = Mapping[str, str]


def bits(caption: Attributes, picture: Attributes, seen: Sequence[str]) -> float:
    """Returns how much a caption says of what is seen, in bits; -inf where it is not true of the picture."""
    named = [name for name in caption if name in seen]
    if any(caption[name] != picture[name] for name in named):
        return -math.inf
    return sum(math.log2(len(VOCABULARY[name])) for name in named)


def precision(
    captions: Sequence[Attributes],
    pictures: Sequence[Attributes],
    groups: np.ndarray,
    seen: Sequence[str],
    candidates: int = 100,
) -> float:
    """Returns the R-precision of pictures by such a judge; see `stackgan_k3.metrics.r_precision`.

    Args:
        captions: What each picture's own caption says.
        pictures: All attributes of each picture.
        groups: int ``[K, N]``: captions alike by any of them are no candidates for each other.
        seen: The attributes that the judge sees.
        candidates: Captions that a picture is compared with, its own included.
    """
    random, hits = np.random.default_rng(0), 0
    for row, picture in enumerate(pictures):
        others = np.flatnonzero((groups != groups[:, row : row + 1]).all(axis=0))
        chosen = random.choice(others, candidates - 1, replace=False)
        best = max(bits(captions[other], picture, seen) for other in chosen)
        hits += bits(captions[row], picture, seen) > best + 1e-9
    return hits / len(pictures)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True, help="synthetic birds")
    parser.add_argument("--samples", type=int, default=1000)
    args = parser.parse_args()
    records = Records(args.data, "test")
    if records.info["source"] != "synthetic-birds":
        raise UserError(f"{args.data} holds no synthetic birds, whose captions this script understands")
    held_out = HeldOut(records, args.samples)
    captions = [said(line) for line in held_out.captions(held_out.first)]
    pictures = [records[int(number)].attributes for number in held_out.first]
    print("| sees | r_precision of 100 |\n|---|---|")
    for name, seen in SEEN.items():
        print(f"| {name} | {precision(captions, pictures, held_out.groups(held_out.first), seen):.3f} |")


if __name__ == "__main__":
    main()
