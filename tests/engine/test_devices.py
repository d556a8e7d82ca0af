"""What a processor says of itself, and the precision that follows from it."""

import keras
import pytest

from stackgan_k3.engine import devices, processor
from stackgan_k3.training.setting_up import precision, settled

EPYC = "processor\t: 0\nmodel name\t: EPYC\nflags\t\t: fpu avx2 fma\n\nprocessor\t: 1\nflags\t: amx_bf16\n"
XEON = "processor\t: 0\nmodel name\t: Intel(R) Xeon(R)\nflags\t\t: fpu avx512_bf16 amx_bf16 amx_tile\n"
ZEN4 = "processor\t: 0\nmodel name\t: AMD EPYC 9004\nflags\t\t: fpu avx2 avx512_bf16\n"
ARM = "processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd bf16\n"


@pytest.mark.parametrize(
    ("text", "name", "multiplies"),
    [
        (EPYC, "EPYC", False),
        (XEON, "Intel(R) Xeon(R)", True),
        (ZEN4, "AMD EPYC 9004", True),
        (ARM, None, False),
        ("", None, False),
        (None, None, False),
    ],
)
def test_what_a_processor_says(tmp_path, monkeypatch, text, name, multiplies):
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    assert processor.processor_facts().get("model name") == name
    assert processor.multiplies_bfloat16() is multiplies


@pytest.mark.parametrize("multiplies", [True, False])
def test_auto_is_what_the_processor_is_fast_at(monkeypatch, multiplies):
    monkeypatch.setattr(devices, "multiplies_bfloat16", lambda: multiplies)
    fast = multiplies and keras.backend.backend() != "jax"
    before = keras.config.dtype_policy().name
    with precision("auto"):
        assert keras.layers.Dense(1).compute_dtype == ("bfloat16" if fast else "float32")
        assert keras.layers.Dense(1).variable_dtype == "float32"
    assert keras.config.dtype_policy().name == before
    assert settled("auto") == settled("auto", 128) == ("mixed_bfloat16" if fast else "float32")


def test_auto_leaves_large_pictures_on_a_processor_in_float32(monkeypatch):
    monkeypatch.setattr(devices, "multiplies_bfloat16", lambda: True)
    assert settled("auto", 256) == "float32"
    assert settled("mixed_bfloat16", 256) == "mixed_bfloat16"
    with precision("auto", 256):
        assert keras.layers.Dense(1).compute_dtype == "float32"


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_what_is_asked_for_is_taken(monkeypatch, policy):
    for multiplies in (True, False):
        monkeypatch.setattr(devices, "multiplies_bfloat16", lambda answer=multiplies: answer)
        assert settled(policy) == policy


@pytest.mark.parametrize(
    ("capability", "fast"), [("7.5", False), ("8.0", True), ("10.3", True), ("gfx942", False), ("", False)]
)
def test_what_jax_says_of_gpus(capability, fast):
    assert devices._since_ampere(capability) is fast
