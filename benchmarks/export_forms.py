"""Pictures a second in onnxruntime: the networks layer by layer against what an export makes of them.

    python benchmarks/export_forms.py --width 32 --width2 16 --image-size 128 --threads 1 2

Both graphs are converted from the same weights in one run and timed in turns, so that what else the
machine does falls on both alike.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import onnxruntime
from stackgan_k3.export.drawing_model import drawing_model
from stackgan_k3.export.onnx_file import write_onnx

from stackgan_k3 import engine
from stackgan_k3.bundle import alphabet, noise
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.models.stage1_generator import Stage1Generator
from stackgan_k3.models.stage2_generator import Stage2Generator
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=32, help="GF of Stage-I")
    parser.add_argument("--width2", type=int, default=16, help="GF of Stage-II")
    parser.add_argument("--image-size", type=int, default=128, choices=(128, 256))
    parser.add_argument("--residual-blocks", type=int, default=1)
    parser.add_argument("--embedding-dim", type=int, default=128)
    parser.add_argument("--text-width", type=int, default=48)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()

    sizes = {"embedding_dim": args.embedding_dim, "conditioning_dim": 32}
    second = {"image_size": args.image_size, "residual_blocks": args.residual_blocks, **sizes}
    networks = Pipeline(
        [Stage1Generator(args.width, noise_dim=32, **sizes), Stage2Generator(args.width2, **second)],
        text_encoder=CharCNNRNN(args.text_width, args.embedding_dim),
    )
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for name, form in (("plain", "plain"), ("transposed", "transposed"), ("folded", None)):
            file = Path(folder, f"{name}.onnx")
            start = time.perf_counter()
            with engine.using_upsampling_form(form or "plain"):
                graph = write_onnx(drawing_model(networks, folded=form is None), file)
            seconds = time.perf_counter() - start
            nodes, size = len(graph.graph.node), file.stat().st_size / 1e6
            print(f"{name:>10}: {nodes:4d} nodes, {size:7.2f} MB, converted in {seconds:5.1f} s")
            files[name] = file
        batch = {
            "characters": alphabet.encode(["a small red bird with a black wing"] * args.batch),
            "noise": np.stack([noise.normal(0, index, networks.noise_size) for index in range(args.batch)]),
        }
        for threads in args.threads:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            sessions = {
                name: onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
                for name, file in files.items()
            }
            drawn = {name: session.run(["image"], batch)[0].astype(int) for name, session in sessions.items()}
            off = max(abs(image - drawn["plain"]).max() for image in drawn.values())
            best = dict.fromkeys(sessions, float("inf"))
            for _ in range(args.rounds):
                for name, session in sessions.items():
                    start = time.perf_counter()
                    session.run(["image", "preview"], batch)
                    best[name] = min(best[name], time.perf_counter() - start)
            told = ", ".join(
                f"{name} {args.batch / seconds:.1f} pictures/s (x{best['plain'] / seconds:.2f})"
                for name, seconds in best.items()
            )
            print(f"{threads} thread(s): {told}; largest difference {off} grey levels")


if __name__ == "__main__":
    main()
