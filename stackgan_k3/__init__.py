"""Text-to-image stacked GANs in Keras 3.

The package loads lazily: ``import stackgan_k3.inference`` brings in neither
Keras nor a backend, so a service can draw pictures with numpy and onnxruntime
alone.
"""

__version__ = "0.1.0"
