"""The smallest run of every system: what the shared test trains, saves, reloads and exports.

A new system or variant needs an entry here and nothing else to be put through all of it.
"""

from small_run import SMALL, SMALL_UNTRAINED_TEXT

DIGITS = {"size": 28, "limit": 60}
BIRDS = {"size": 128, "limit": 40, "seed": 2}

_GAN = {"gan.epochs": 1, "gan.batch_size": 8}
_STAGES = {"stage1.epochs": 1}

_GAN_CLS_WORDS = {
    **{name: value for name, value in SMALL_UNTRAINED_TEXT.items() if name.startswith("text.")},
    **_GAN, "gan.width": 4, "gan.discriminator_width": 4, "gan.noise_dim": 5, "gan.text_dim": 4,
}  # fmt: skip
_GAN_CLS = {**_GAN_CLS_WORDS, **{name: value for name, value in SMALL.items() if name.startswith("text.")}}

# Name: preset, settings, data (source and how it is prepared), what pictures are asked for by.
SYSTEMS = {
    "conditional-gan": ("conditional-gan-digits", {**_GAN, "gan.width": 4, "gan.discriminator_width": 4,
                        "gan.noise_dim": 5}, ("digits", DIGITS), ["three"]),
    "dcgan": ("dcgan-digits", {**_GAN, "gan.width": 4, "gan.discriminator_width": 4, "gan.noise_dim": 5},
              ("digits", DIGITS), None),
    "gan-cls": ("gan-cls-flowers", _GAN_CLS, ("synthetic-birds", BIRDS), ["a red bird"]),
    "gan-int-cls": ("gan-int-cls-flowers", {**_GAN_CLS, "gan.noise": "uniform"}, ("synthetic-birds", BIRDS),
                    ["a red bird"]),
    "gan-cls-words": ("gan-cls-flowers", {**_GAN_CLS_WORDS, "text.encoder": "word-vectors",
                      "text.vectors": "own"}, ("synthetic-birds", BIRDS), ["a red bird"]),
    "stackgan": ("stackgan-tiny", {**SMALL, **_STAGES}, ("synthetic-birds", BIRDS), ["a red bird"]),
    "stackgan-mixture": ("stackgan-flowers-mixture", {**SMALL, **_STAGES, "normalization": "conditional",
                         "upsampling": "bicubic", "noise": "uniform", "stage2.image_size": 128},
                         ("synthetic-birds", BIRDS), ["a red bird"]),
    "stackgan-plain": ("stackgan-flowers-plain", {**SMALL, **_STAGES, "upsampling": "bilinear",
                       "discriminator_normalization": "conditional",
                       "stage1.generator_loss": "saturating",
                       "stage1.discriminator_optimizer": "sgd", "stage2.image_size": 128,
                       "stage2.sketch_skip": True, "stage2.feature_skip": True,
                       "stage2.restoring_weight": 5.0},
                       ("synthetic-birds", BIRDS), ["a red bird"]),
    "stackgan-recipe": ("stackgan-tiny", {**SMALL, **_STAGES, "stage2.image_size": 128,
                        "stage1.adversarial_loss": "hinge", "stage1.spectral_norm": True,
                        "stage1.r1_weight": 0.01, "stage1.r1_every": 2, "stage1.minibatch_std": True,
                        "stage1.projection": True, "stage1.caption_dropout": 0.2,
                        "stage2.adversarial_loss": "relativistic", "stage2.r1_weight": 0.001,
                        "stage2.minibatch_std": True, "stage2.caption_dropout": 0.2},
                        ("synthetic-birds", BIRDS), ["a red bird"]),
    "stackgan-attention": ("stackgan-attention", {**SMALL, **_STAGES, "stage2.image_size": 128},
                           ("synthetic-birds", BIRDS), ["a red bird"]),
    "stackgan-srgan": ("stackgan-srgan", {**SMALL, **_STAGES, "stage2.image_size": 128,
                       "stage2.residual_blocks": 1}, ("synthetic-birds", BIRDS), ["a red bird"]),
    "vae": ("vae-digits", {"vae.epochs": 1, "vae.batch_size": 8, "vae.width": 4, "vae.latent_dim": 5,
                           "vae.learning_rate": 0.01}, ("digits", DIGITS), None),
}  # fmt: skip
