"""The parts of ``synthetic-birds``: attributes, captions and the drawing."""
