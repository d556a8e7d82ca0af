"""The smallest run of every system: what the shared test trains, saves, reloads and exports.

A new system or variant needs an entry here and nothing else to be put through all of it.
"""

from small_run import SMALL

DIGITS = {"size": 28, "limit": 60}
BIRDS = {"size": 128, "limit": 40, "seed": 2}

# Rates far too high to learn by, so that a few steps leave pictures that are not grey.
_GAN = {"gan.epochs": 1, "gan.batch_size": 8, "gan.generator_rate": 0.05}
_STAGES = {"stage1.epochs": 1, "stage1.generator_rate": 0.05, "stage2.generator_rate": 0.05}

# Name: preset, settings, data (source and how it is prepared), what pictures are asked for by.
SYSTEMS = {
    "dcgan": ("dcgan-digits", {**_GAN, "gan.width": 4, "gan.discriminator_width": 4, "gan.noise_dim": 5},
              ("digits", DIGITS), None),
    "stackgan": ("stackgan-tiny", {**SMALL, **_STAGES}, ("synthetic-birds", BIRDS), ["a red bird"]),
}  # fmt: skip
