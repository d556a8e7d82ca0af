"""The Gradio app over a bundle."""

import os

# Before Gradio is imported: it must not report to anyone.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
