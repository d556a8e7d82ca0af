"""The report of a run: what is in it, how large it is, and how it looks in a browser."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from small_run import PUBLISHED

from stackgan_k3.cli import main
from stackgan_k3.config import load_preset
from stackgan_k3.errors import UserError
from stackgan_k3.training import report_pictures
from stackgan_k3.training.report import Report
from stackgan_k3.training.report_charts import charts
from stackgan_k3.training.report_pictures import MOST_BYTES, MOST_GRIDS, Pictures, evenly, small_webp

pytestmark = pytest.mark.neutral  # numpy and pictures alone

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CAPTIONS = ["a red bird", "a bird with </script><b>tags</b> & more"]
COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30)]


def row(phase, epoch, **numbers):
    return {"phase": phase, "epoch": epoch, "step": 10 * epoch, "images_per_second": 50.0, **numbers}


@pytest.fixture
def folder(tmp_path):
    """A run of four epochs of Stage-I, without the networks."""
    run = tmp_path / "birds"
    (run / "samples").mkdir(parents=True)
    (run / "config.json").write_text(load_preset("stackgan-tiny", PUBLISHED).to_json())
    info = {
        "title": "Birds of a test",
        "licence": "CC0-1.0",
        "homepage": "https://example.org/birds",
        "splits": {"train": {"records": 1234, "captions": 5}},
        "shards": [],
        "folder": "birds",
        "examples": CAPTIONS,
    }
    (run / "data.json").write_text(json.dumps(info))
    rows = [row("text", 1, loss=0.9, caption_accuracy=0.2)]
    for n in range(1, 5):
        losses = {"discriminator_loss": 1.0 / n, "generator_loss": 1.5, "kl": 0.1 * n}
        judged = {"d_real": 0.97, "d_wrong": 0.1, "d_fake": 0.01, "diversity": 0.6}
        rows.append(
            row("stage1", n, **losses, **judged, discriminator_gradient=0.5, generator_gradient=2.0 / n)
        )
        Image.new("RGB", (130, 64), COLOURS[n - 1]).save(run / "samples" / f"stage1-{n:04d}.png")
    (run / "metrics.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows) + '{"phase": "sta')
    return run


def test_it_holds_curves_equilibria_warnings_samples_settings_and_the_licence(folder):
    content = Report(folder).content()
    assert content["data"]["licence"] == "CC0-1.0" and content["data"]["splits"] == {"train": 1234}
    assert content["captions"] == CAPTIONS
    text, stage1, stage2 = content["phases"]
    assert stage1["epochs"] == {"done": 4, "asked": load_preset("stackgan-tiny").stage1.epochs}
    titles = [chart["title"] for chart in stage1["charts"]]
    assert titles == [
        "Losses", "What the discriminator says", "Gradient norms", "Diversity of the samples", "KL term",
    ]  # fmt: skip
    losses = stage1["charts"][0]
    assert losses["lines"][0]["values"] == [[1, 1.0], [2, 0.5], [3, 0.33333], [4, 0.25]]
    levels = {line["key"]: round(line["value"], 3) for line in losses["references"]}
    assert levels == {"discriminator_loss": 1.386, "generator_loss": 0.693}
    assert "discriminator 1.386, generator 0.693" in losses["note"]
    (warning,) = stage1["warnings"]
    assert (warning["epoch"], warning["title"], warning["until"]) == (3, "discriminator too strong", None)
    assert [grid["epoch"] for grid in stage1["series"][0]["grids"]] == [1, 2, 3, 4]
    assert [chart["title"] for chart in text["charts"]] == ["Loss", "Accuracies"]
    assert stage2["charts"] == [] and stage2["series"] == [] and stage2["epochs"]["done"] == 0
    settings = {table["name"]: dict(table["settings"]) for table in content["settings"]}
    assert (
        settings["run"]["preset"] == "stackgan-tiny"
        and settings["stage1"]["generator_loss"] == "non-saturating"
    )


def test_where_both_losses_have_one_equilibrium_its_line_is_neithers():
    rows = [{"phase": "stage2", "epoch": 1, "discriminator_loss": 1.2, "generator_loss": 3.0}]
    (chart,) = charts(rows, {"discriminator_loss": 1.386294, "generator_loss": 1.386294})
    assert chart["references"] == [{"key": "", "value": 1.386294}] * 2


def test_numbers_that_are_none_are_left_out():
    rows = [{"phase": "vae", "epoch": n, "kl": value} for n, value in enumerate((1.0, float("nan"), 3.0), 1)]
    (chart,) = charts(rows, {})
    assert chart["title"] == "KL term" and chart["lines"][0]["values"] == [[1, 1.0], [3, 3.0]]


def test_text_of_a_data_set_cannot_end_the_script_that_it_stands_in(folder):
    page = Report(folder).page()
    inside = page.split('id="content">')[1].split("</script>")[0]
    assert json.loads(inside)["captions"] == CAPTIONS
    assert "{{" not in page


def test_a_run_that_has_just_begun_has_a_report_too(folder):
    (folder / "metrics.jsonl").unlink()
    shutil.rmtree(folder / "samples")
    assert all(phase["charts"] == [] for phase in Report(folder).content()["phases"])
    assert Report(folder).write().read_text().startswith("<!doctype html>")


def test_many_epochs_are_thinned_out_and_each_is_encoded_once(folder, monkeypatch):
    for n in range(1, 151):
        Image.new("RGB", (8, 8), (n, 0, 0)).save(folder / "samples" / f"stage1-{n:04d}.png")
    calls = []
    real = report_pictures.small_webp
    monkeypatch.setattr(report_pictures, "small_webp", lambda picture: calls.append(1) or real(picture))
    pictures = Pictures(folder / "samples")
    ((name, grids),) = pictures.series()
    epochs = [grid["epoch"] for grid in grids]
    assert name == "stage1" and len(epochs) == MOST_GRIDS and (epochs[0], epochs[-1]) == (1, 150)
    assert np.diff(epochs).max() - np.diff(epochs).min() <= 1
    pictures.series()
    assert len(calls) == MOST_GRIDS
    Image.new("RGB", (8, 8), (9, 9, 9)).save(folder / "samples" / "stage1-0150.png")
    pictures.series()
    assert len(calls) == MOST_GRIDS + 1


def test_a_grid_that_cannot_be_read_is_left_out(folder):
    (folder / "samples" / "stage1-0002.png").write_bytes(b"no picture")
    (folder / "samples" / "other-0001.png").write_bytes(b"")
    pictures = Pictures(folder / "samples")
    with pytest.warns(UserWarning, match=r"(stage1-0002|other-0001)\.png, which cannot be read"):
        series = pictures.series()
    assert [(name, [grid["epoch"] for grid in grids]) for name, grids in series] == [("stage1", [1, 3, 4])]


def test_the_page_stays_below_eight_megabytes():
    assert MOST_GRIDS * MOST_BYTES * 4 / 3 < 7.5e6
    noise = Image.fromarray(np.random.randint(0, 256, (1030, 512, 3)).astype("uint8"))  # nothing is harder
    assert len(small_webp(noise)) <= MOST_BYTES


def test_evenly_keeps_both_ends():
    assert evenly(list(range(100)), 5) == [0, 24, 49, 74, 99]
    assert evenly([1, 2, 3], 5) == [1, 2, 3]


def test_what_is_no_run_or_damaged_is_refused(folder, tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 2
    assert "is not a run: it has no config.json" in capsys.readouterr().err
    (folder / "data.json").write_text("[")
    with pytest.raises(UserError, match=r"data\.json is missing or damaged"):
        Report(folder).write()
    assert not (folder / "report.html").exists()


def test_the_command_loads_no_backend(folder):
    code = (
        "import sys; from stackgan_k3.cli import main; main(['report', sys.argv[1]]);"
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch', 'grain'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"report: {folder / 'report.html'}", "[]"]
    assert (folder / "report.html").stat().st_size < 100_000


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)")
def test_in_a_browser_the_slider_changes_the_picture_and_nothing_is_asked_for(folder):
    from playwright.sync_api import sync_playwright

    path = Report(folder).write()
    asked, errors = [], []
    colour = """() => {
        const image = document.querySelector('.samples img'), canvas = document.createElement('canvas');
        canvas.width = canvas.height = 1;
        const context = canvas.getContext('2d');
        context.drawImage(image, 0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    }"""

    def shown(page):
        page.wait_for_function("document.querySelector('.samples img').complete")
        return np.array(page.evaluate(colour))

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            page = browser.new_page(viewport={"width": 390, "height": 800})
            page.on("request", lambda request: asked.append(request.url))
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda message: errors.append(message.text))
            page.goto(path.as_uri())
            assert np.abs(shown(page) - COLOURS[3]).max() < 12  # the last epoch at first
            slider = page.get_by_role("slider")
            slider.press("Home")
            assert page.locator("output").inner_text() == "epoch 1"
            assert np.abs(shown(page) - COLOURS[0]).max() < 12
            slider.press("ArrowRight")
            assert np.abs(shown(page) - COLOURS[1]).max() < 12
            assert page.locator("svg polyline").count() == 11  # 9 numbers of Stage-I, 2 of the text
            assert page.get_by_text("due since epoch 3").is_visible()
            assert page.get_by_text(CAPTIONS[1]).is_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            page.set_viewport_size({"width": 1280, "height": 800})
            page.locator(".chart svg").first.hover()
            assert page.locator(".legend b").first.inner_text() != "0.25"  # not the last epoch any more
        finally:
            browser.close()
    assert errors == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
