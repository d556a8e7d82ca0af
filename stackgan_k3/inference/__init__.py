"""A bundle → pictures, with numpy and onnxruntime alone: neither Keras nor a backend is loaded."""

from stackgan_k3.inference.drawing import Drawing
from stackgan_k3.inference.text_to_image import TextToImage

__all__ = ["Drawing", "TextToImage"]
