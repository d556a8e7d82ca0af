"""The smallest StackGAN that has every part, by the published recipe: tests change one thing at a time."""

# The published losses and normalization, where a preset has others.
PUBLISHED = {
    "normalization": "batch",
    "text.objective": "structured",
    "text.reading_weight": 0.0,
    "text.picture_reading_weight": 0.0,
    "text.picture_noise": 0.0,
    "stage1.adversarial_loss": "logistic",
    "stage1.augment": [],
    "stage1.matching_weight": 0.0,
    "stage1.matching_negatives": 0,
    "stage1.matching_blur": 0,
    "stage1.matching_noise": 0.0,
    "stage1.reading_weight": 0.0,
    "stage1.discriminative_reading": False,
    "stage1.guidance_halve_every": 0,
    "stage2.adversarial_loss": "logistic",
    "stage2.halve_every": 0,
    "stage2.sketch_skip": False,
    "stage2.feature_skip": False,
    "stage2.restoring_weight": 0.0,
}

SMALL = {
    **PUBLISHED,
    "noise_dim": 4,
    "conditioning_dim": 4,
    "text.width": 6,
    "text.image_width": 4,
    "text.embedding_dim": 8,
    "text.epochs": 1,
    "text.batch_size": 8,
    "stage1.width": 4,
    "stage1.discriminator_width": 4,
    "stage1.epochs": 2,
    "stage1.batch_size": 8,
    "stage2.width": 4,
    "stage2.discriminator_width": 4,
    "stage2.residual_blocks": 0,
    "stage2.epochs": 1,
    "stage2.batch_size": 8,
}

# The same for a run whose caption encoder is not trained: without what its training is set by.
_TRAINED = ("text.width", "text.image_width", *(name for name in PUBLISHED if name.startswith("text.")))
SMALL_UNTRAINED_TEXT = {name: value for name, value in SMALL.items() if name not in _TRAINED}


def small_config():
    """Returns its configuration."""
    from stackgan_k3.config import load_preset

    return load_preset("stackgan-tiny", SMALL)


def small_data(folder, count=40):
    """Prepares some birds at 128 px in a folder."""
    from stackgan_k3.data.prepare import prepare

    prepare("synthetic-birds", folder, size=128, limit=count, seed=2, workers=1)
    return folder
