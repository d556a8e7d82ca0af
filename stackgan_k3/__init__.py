"""Text-to-image stacked GANs in Keras 3.

The names below are loaded when they are first used: ``import stackgan_k3`` and
``import stackgan_k3.inference`` bring in neither Keras nor a backend, so a service
can draw pictures with numpy and onnxruntime alone.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stackgan_k3.config import load_preset as load_preset
    from stackgan_k3.data.loader import Loader as Loader
    from stackgan_k3.data.prepare import prepare as prepare
    from stackgan_k3.data.records import Records as Records
    from stackgan_k3.inference import TextToImage as TextToImage
    from stackgan_k3.training.load_run import load_run as load_run
    from stackgan_k3.training.recipes.stackgan import build_stage as build_stage
    from stackgan_k3.training.recipes.stackgan import compile_stage as compile_stage
    from stackgan_k3.training.recipes.stackgan import stage_loader as stage_loader
    from stackgan_k3.training.run import Run as Run
    from stackgan_k3.training.text_phase import embedding_table as embedding_table
    from stackgan_k3.training.train import train as train

__version__ = "0.1.0"

_HOMES = {
    "Loader": "stackgan_k3.data.loader",
    "Records": "stackgan_k3.data.records",
    "Run": "stackgan_k3.training.run",
    "TextToImage": "stackgan_k3.inference",
    "build_stage": "stackgan_k3.training.recipes.stackgan",
    "compile_stage": "stackgan_k3.training.recipes.stackgan",
    "embedding_table": "stackgan_k3.training.text_phase",
    "load_preset": "stackgan_k3.config",
    "load_run": "stackgan_k3.training.load_run",
    "prepare": "stackgan_k3.data.prepare",
    "stage_loader": "stackgan_k3.training.recipes.stackgan",
    "train": "stackgan_k3.training.train",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'stackgan_k3' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
