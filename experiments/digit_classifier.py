"""Is a 3 that was asked for a 3? A classifier trained on the real digits reads drawn ones.

    KERAS_BACKEND=tensorflow python experiments/digit_classifier.py data/digits runs/conditional-gan-digits

Trains a small network on the training split of a set that `stackgan-k3 prepare digits` wrote, and prints its
accuracy on the real digits of the test split and, by the class that was asked for, on digits drawn by a run.
"""

import argparse

import keras
import numpy as np

from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.layers.pictures import to_float, to_grey
from stackgan_k3.training.run import Run


def real(folder: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns all pictures of a split, float32 [N, 28, 28, 1] in [-1, 1], and their classes, int32 [N]."""
    records = Records(folder, split)
    pictures = np.stack([records[number].picture(28) for number in range(len(records))])
    return seen(pictures), np.array([records[number].label for number in range(len(records))], np.int32)


def seen(pictures: np.ndarray) -> np.ndarray:
    """Turns uint8 [N, 28, 28, 3] into what the classifier sees."""
    grey: np.ndarray = keras.ops.convert_to_numpy(to_grey(to_float(pictures)))
    return grey


def classifier(classes: int) -> keras.Model:
    """Builds two convolutions and a dense layer, with dropout."""
    network = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in (32, 64):
        network.add(keras.layers.Conv2D(filters, 3, activation="relu"))
        network.add(keras.layers.MaxPooling2D(2))
    network.add(keras.layers.Flatten())
    network.add(keras.layers.Dropout(0.5, seed=0))
    network.add(keras.layers.Dense(classes))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(2e-3), loss, metrics=["accuracy"])
    return network


def main() -> None:
    """Prints the accuracies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", help="prepared digits")
    parser.add_argument("run_folder", metavar="run", help="a trained run of a conditional GAN")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--each", type=int, default=100, help="digits drawn of each class")
    args = parser.parse_args()
    run = Run.open(args.run_folder)
    pipeline = run.pipeline()
    if pipeline.condition != "label":
        raise UserError(f"{args.run_folder} cannot be asked for a class; give a run of a conditional GAN")

    keras.utils.set_random_seed(0)
    pictures, labels = real(args.data, "train")
    network = classifier(len(pipeline.classes))
    network.fit(pictures, labels, epochs=args.epochs, batch_size=128, verbose=0)
    held_out, held_out_labels = real(args.data, "test")
    right = np.argmax(network.predict(held_out, batch_size=500, verbose=0), axis=1) == held_out_labels
    print(f"real digits, trained on {len(labels):,}, read right of {len(right):,} others: {right.mean():.2%}")

    asked = np.repeat(np.arange(len(pipeline.classes)), args.each)
    drawn = pipeline.generate(range(len(pipeline.classes)), num_images=args.each, seed=0, batch_size=100)
    found = np.argmax(network.predict(seen(drawn), batch_size=500, verbose=0), axis=1)
    print(f"drawn digits, read as what was asked for, of {len(asked):,}: {(found == asked).mean():.2%}")
    for number, name in enumerate(pipeline.classes):
        shares = np.bincount(found[asked == number], minlength=len(pipeline.classes)) / args.each
        others = [k for k in np.argsort(-shares) if k != number and shares[k]][:3]
        else_ = ", ".join(f"{pipeline.classes[k]} {shares[k]:.0%}" for k in others)
        print(f"  {name:8} {shares[number]:6.1%}" + (f"   else {else_}" if else_ else ""))


if __name__ == "__main__":
    main()
