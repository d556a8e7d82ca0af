"""What watches a training: checkpoints, measurements, samples, progress."""
