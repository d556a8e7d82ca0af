import pytest

from stackgan_k3.config import RunConfig, load_preset, parse_changes, preset_names


def test_the_presets_of_the_package():
    assert {"stackgan-tiny", "stackgan-birds", "stackgan-coco", "stackgan-flowers"} <= set(preset_names())
    for name in preset_names():
        config = load_preset(name)
        assert config.preset == name and config.description.endswith(".")
        assert RunConfig.from_json(config.to_json()) == config


def test_changes_reach_the_setting_they_name():
    config = load_preset(
        "stackgan-coco", ["stage1.width=64", "stage2.real_labels=[1, 1]", "precision=mixed_bfloat16"]
    )
    assert (config.stage1.width, config.stage2.width) == (64, 192)
    assert config.stage2.real_labels == (1.0, 1.0) and config.precision == "mixed_bfloat16"
    assert load_preset("stackgan-coco", {"text.margin": 0.5}).text.margin == 0.5


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("stage1.epoch=3", "did you mean 'stage1.epochs'"),
        ("preset=other", "unknown setting 'preset'"),
        ("stage1=3", "unknown setting 'stage1'"),
        ("stage1.epochs=-3", "stage1.epochs: .*greater than or equal to 1.*-3"),
        ("stage1.epochs=many", "stage1.epochs: .*integer.*many"),
        ("stage1.generator_rate=nan", "generator_rate: .*finite"),
        ("precision=float8", "precision: .*mixed_bfloat16"),
        ("stage2.image_size=100", "image_size: .*128 or 256"),
        ("stage1.width=30", "multiple of 4"),
        ("stage1.real_labels=[0.2, 1]", "real_labels are 0.2 to 1.0"),
        ("stage1.real_labels=[1.0, 0.9]", "in order"),
        ('stage1.augment=["color", "color"]', "named twice: color, color"),
        ("seed=-1", "seed: .*greater than or equal to 0"),
        ("epochs", "not a setting; write KEY=VALUE"),
    ],
)
def test_bad_settings_are_named(setting, message):
    with pytest.raises(ValueError, match=message):
        load_preset("stackgan-tiny", [setting])


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'stackgan-tiny'"):
        load_preset("stackgan-tinny")


def test_values_are_toml_or_else_strings():
    assert parse_changes(["a=1", "b=1e-3", "c=true", "d=text", "e=[1, 2]", "f=x=y"]) == {
        "a": 1,
        "b": 1e-3,
        "c": True,
        "d": "text",
        "e": [1, 2],
        "f": "x=y",
    }


def test_a_damaged_configuration_is_refused():
    with pytest.raises(ValueError, match="not valid JSON"):
        RunConfig.from_json("{")
    with pytest.raises(ValueError, match=r"Extra inputs|extra"):
        RunConfig.from_json('{"preset": "x", "colour": 1}')
    with pytest.raises(ValueError, match="unknown system"):
        RunConfig.from_json('{"preset": "x", "system": []}')
