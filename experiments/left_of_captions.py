"""What is left of a caption on its way to the picture? Small classifiers read its attributes off each stage.

    python experiments/left_of_captions.py runs/birds --data data/birds

For a StackGAN with conditioning augmentation that was trained on synthetic birds: what its captions name
(colours of body, wings, belly, crown and beak; the place) is read off the captions' embeddings, off the mean
of the condition, and off the condition itself, which is the mean and noise of standard deviation σ. No
generator can show more than the last row. Trained on captions of the training set, tested on held-out
combinations.
"""

import argparse
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from stackgan_k3.data.birds.said import said
from stackgan_k3.data.records import Records
from stackgan_k3.data.targets import Targets
from stackgan_k3.errors import UserError
from stackgan_k3.training.asked_birds import ASKED
from stackgan_k3.training.encoders import Encoders
from stackgan_k3.training.run import Run

Captions = tuple[list[str], dict[str, np.ndarray]]


def captions(records: Records, values: Mapping[str, Sequence[str]], each: int) -> Captions:
    """Returns some captions of every picture, and the number of each attribute's value; -1 if not named."""
    numbers = Targets(records, values=values).numbers
    lines, of = [], []
    for number in range(len(records)):
        for line in records[number].captions[:each]:
            lines.append(line)
            of.append(number)
    named = [said(line) for line in lines]
    return lines, {
        name: np.where([name in found for found in named], numbers[name][of], -1) for name in ASKED
    }


def stations(run: Run, embeddings: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns mean and standard deviation of what each station hands on, float32 [N, D] each."""
    generator = run.pipeline().generators[0]
    if run.config.conditioning != "augmentation":
        raise UserError(
            f"{run.folder} has no conditioning augmentation; its condition has no noise to look at"
        )
    condition = keras.Model(
        [generator.input["embedding"], generator.input["conditioning_noise"]],
        generator.get_layer("conditioning").output,
    )
    silence = np.zeros((len(embeddings), generator.conditioning_dim), "float32")
    _, mean, log_variance = condition.predict([embeddings, silence], batch_size=512, verbose=0)
    return {
        "embedding": (embeddings, np.zeros_like(embeddings)),
        "mean of the condition": (mean, silence),
        "condition": (mean, np.exp(0.5 * log_variance)),
    }


def read_right(
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    right: tuple[np.ndarray, np.ndarray],
    epochs: int,
) -> float:
    """Trains a classifier with one hidden layer; returns the share of the test set that it reads right."""
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    classes = int(max(right[0].max(), right[1].max())) + 1
    network = keras.Sequential(
        [
            keras.Input((train[0].shape[1],)),
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dense(classes),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(1e-3), loss)

    def drawn(mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        return (mean + deviation * rng.standard_normal(mean.shape)).astype("float32")

    known = [np.flatnonzero(numbers >= 0) for numbers in right]
    for epoch in range(epochs):
        if epoch == epochs * 2 // 3:
            network.optimizer.learning_rate = 2.5e-4
        inputs = drawn(train[0][known[0]], train[1][known[0]])
        network.fit(inputs, right[0][known[0]], batch_size=128, verbose=0)
    found = network.predict(drawn(test[0][known[1]], test[1][known[1]]), batch_size=512, verbose=0)
    return float((found.argmax(axis=1) == right[1][known[1]]).mean())


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run_folder", metavar="run", help="a run whose Stage-I is trained")
    parser.add_argument("--data", required=True, help="synthetic birds")
    parser.add_argument("--each", type=int, default=3, help="captions read of each picture (3)")
    parser.add_argument("--epochs", type=int, default=12, help="of each classifier (12)")
    args = parser.parse_args()
    run = Run.open(args.run_folder)
    records = Records(args.data, "train")
    if records.info["source"] != "synthetic-birds":
        raise UserError(f"{args.data} holds no synthetic birds, whose captions this script understands")
    values = Targets(records, ASKED).values
    train, test = (captions(Records(args.data, split), values, args.each) for split in ("train", "test"))
    encoders = Encoders(run)
    of_train, of_test = (stations(run, encoders.captions(lines)) for lines, _ in (train, test))
    print(f"trained on {len(train[0]):,} captions, tested on {len(test[0]):,}")
    print("| read off the | " + " | ".join(ASKED) + " |\n|---|" + "---|" * len(ASKED))
    for station in of_train:
        row = [
            read_right(of_train[station], of_test[station], (train[1][name], test[1][name]), args.epochs)
            for name in ASKED
        ]
        print(f"| {station} | " + " | ".join(f"{share:.3f}" for share in row) + " |", flush=True)


if __name__ == "__main__":
    main()
