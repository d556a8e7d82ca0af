import re

import pytest

from stackgan_k3 import cli

COUNTS = {
    "stackgan-coco": {
        "stage1_generator": "20,020,832",
        "stage1_discriminator": "12,407,425",
        "stage2_generator": "37,130,480",
        "stage2_discriminator": "159,889,538",
    },
    "stackgan-birds": {
        "stage1_generator": "10,301,248",
        "stage1_discriminator": "5,715,713",
        "stage2_generator": "26,290,080",
        "stage2_discriminator": "71,269,122",
    },
}


@pytest.mark.parametrize("preset", COUNTS)
def test_dry_run_shows_configuration_and_parameter_counts(preset, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", preset, "--dry-run", "--set", "stage1.epochs=7"]) == 0
    out = capsys.readouterr().out
    assert '"epochs": 7' in out
    for name, count in COUNTS[preset].items():
        assert re.search(rf"^{name}: {count} trainable parameters$", out, re.MULTILINE), name
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stackgan-tinny", "--dry-run"], "did you mean 'stackgan-tiny'"),
        (["stackgan-tiny", "--dry-run", "--set", "stage1.epoch=1"], "did you mean 'stage1.epochs'"),
        (["stackgan-tiny", "--dry-run", "--epochs", "-1"], "text.epochs"),
        (["stackgan-tiny", "--run", "r"], "train needs --data DIR"),
        (["stackgan-tiny", "--data", "d"], "train needs --run DIR"),
        (["stackgan-tiny", "--data", "nowhere", "--run", "r"], "nowhere"),
        (["stackgan-tiny", "--data", "nowhere", "--run", "r", "--max-minutes", "0"], "max_minutes is 0"),
        (["stackgan-tiny", "--data", "nowhere", "--run", "r", "--phase", "stage3"], "did you mean 'stage"),
    ],
)
def test_bad_input_exits_with_2_and_says_why(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", *arguments]) == 2
    said = capsys.readouterr().err
    assert message in said and "Traceback" not in said
    assert not list(tmp_path.iterdir())
