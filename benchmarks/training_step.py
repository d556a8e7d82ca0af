"""How much the form of the upsampling convolution changes a Stage-I training step, as a ratio in one run.

KERAS_BACKEND=torch python benchmarks/training_step.py --width 64 --batch 32
"""

import argparse
import time

import keras
import numpy as np

from stackgan_k3.draws import draw_batch
from stackgan_k3.engine import upsampling_form, using_upsampling_form
from stackgan_k3.engine.forms import UPSAMPLING_FORMS
from stackgan_k3.models.discriminator import Discriminator
from stackgan_k3.models.stackgan_stage import StackGANStage
from stackgan_k3.models.stage1_generator import Stage1Generator


def seconds_a_step(form: str, width: int, batch: int, steps: int) -> float:
    """Times the median step of a fresh Stage-I that was built with one form."""
    with using_upsampling_form(form):
        stage = StackGANStage(Stage1Generator(width), Discriminator(max(4, width // 2)))
        stage.compile()
        generator = np.random.default_rng(0)
        data = {
            "image": generator.integers(0, 256, (batch, 64, 64, 3)).astype("uint8"),
            "embedding": generator.normal(size=(batch, 1024)).astype("float32"),
            **draw_batch(stage.draws, seed=0, step=0, batch_size=batch),
        }
        stage.train_on_batch(data)  # compiles
        times = []
        for _ in range(steps):
            started = time.perf_counter()
            stage.train_on_batch(data)
            times.append(time.perf_counter() - started)
    return float(np.median(times))


def main() -> None:
    """Prints images a second of every form, and its ratio to the plain one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=32, help="GF of the generator; DF is half of it")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=8)
    args = parser.parse_args()
    print(f"backend {keras.backend.backend()}, its own choice: {upsampling_form()}")
    plain = None
    for form in UPSAMPLING_FORMS:
        seconds = seconds_a_step(form, args.width, args.batch, args.steps)
        plain = plain or seconds
        print(f"{form:<10} {args.batch / seconds:7.1f} images/s   × {plain / seconds:.2f}")


if __name__ == "__main__":
    main()
