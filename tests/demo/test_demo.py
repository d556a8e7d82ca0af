"""The demo as people meet it: started as a process, called over HTTP and clicked in a browser."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from bundles import EXAMPLES, build_bundle
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from stackgan_k3.inference import TextToImage

ROOT = Path(__file__).parents[2]
CAPTION = "a small red bird"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(*words, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "demo", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return build_bundle(tmp_path_factory.mktemp("demo") / "bundle")


@pytest.fixture(scope="module")
def url(bundle, tmp_path_factory):
    port = free_port()
    process = start(bundle, "--port", port, GRADIO_TEMP_DIR=str(tmp_path_factory.mktemp("gradio")))
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(address, timeout=10) as answer:
                    assert answer.status == 200
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    pytest.fail(f"the demo did not start:\n{process.communicate()[0]}")
                time.sleep(0.3)
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def client(url, tmp_path_factory):
    client = Client(url, verbose=False, download_files=tmp_path_factory.mktemp("downloads"))
    yield client
    client.close()


def generate(client, caption=CAPTION, count=2, seed=7, randomise=False):
    return client.predict(caption, count, seed, randomise, api_name="/generate")


def test_the_pictures_are_those_of_the_bundle(client, bundle):
    pictures, sketches, _, report, seed = generate(client)
    expected = TextToImage.load(bundle).generate(CAPTION, num_images=2, seed=7)
    for shown, wanted in ((pictures, expected.images), (sketches, expected.previews)):
        assert [item["caption"] for item in shown] == ["seed 7", "seed 8"]
        for item, picture in zip(shown, wanted, strict=True):
            with Image.open(item["image"]) as file:
                assert (np.asarray(file) == picture).all()
    assert seed == 7
    assert report == "Drawn by CPUExecutionProvider from seeds 7 to 8."


def test_the_download_holds_everything(client, bundle):
    with zipfile.ZipFile(generate(client)[2]) as archive:
        assert sorted(archive.namelist()) == [
            "captions.txt",
            "grid.png",
            "pictures/0000-seed-7.png",
            "pictures/0001-seed-8.png",
            "sketches/0000-seed-7.png",
            "sketches/0001-seed-8.png",
        ]
        assert archive.read("captions.txt").decode() == f"seed 7: {CAPTION}\nseed 8: {CAPTION}\n"
        grid = np.asarray(Image.open(io.BytesIO(archive.read("grid.png"))))
    assert (grid == TextToImage.load(bundle).generate(CAPTION, num_images=2, seed=7).grid()).all()


def test_randomise_takes_a_new_seed_and_tells_it(client):
    _, _, _, report, first = generate(client, count=1, randomise=True)
    *_, second = generate(client, count=1, randomise=True)
    assert first != second
    assert report == f"Drawn by CPUExecutionProvider from seed {first}."


def test_the_largest_seed_is_exact(client):
    assert generate(client, count=1, seed=2**63 - 1)[4] == 2**63 - 1


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"caption": ""}, "the caption is empty"),
        ({"caption": None}, "the caption is missing"),
        ({"caption": "x" * 10_000}, "10,000 characters; at most 1,000"),
        ({"caption": "\u9e1f"}, "no character that is read"),
        ({"count": 0}, "less than minimum"),
        ({"count": 17}, "greater than maximum"),
        ({"count": 2.5}, "whole number from 1 to 16"),
        ({"count": True}, "whole number from 1 to 16"),
        ({"seed": -1}, "out of range"),
        ({"seed": 2**63}, "out of range"),
        ({"seed": None}, "the seed must be a whole number"),
        ({"seed": 1.5}, "the seed must be a whole number"),
    ],
)
def test_bad_requests_are_refused_with_the_reason(client, request_, message):
    with pytest.raises(AppError, match=message):
        generate(client, **request_)


def test_what_is_not_taken_as_written_is_said():
    from demo.requests import notes_on

    assert notes_on(["a red bird", None], [2**53 - 1]) == []
    assert notes_on([None, "bird " * 100], [7]) == ["Only the first 201 characters of a caption are read."]
    (note,) = notes_on(["a red bird"], [2**53 + 2, 7])
    assert "drawn from 9007199254740994, 7." in note


def test_a_long_caption_is_drawn(client):
    assert len(generate(client, caption="bird " * 100)[0]) == 2


def interpolate(client, first=CAPTION, last="two blue fish", seed=7, seed_b=9, steps=4):
    return client.predict(first, last, seed, seed_b, steps, api_name="/interpolate")


def test_between_two_captions_and_two_seeds(client, bundle):
    shown, strip, gif, report = interpolate(client)
    walk = TextToImage.load(bundle).interpolate(CAPTION, "two blue fish", seed=7, seed_b=9, steps=4)
    assert [item["caption"] for item in shown] == ["0.00", "0.33", "0.67", "1.00"]
    for item, picture in zip(shown, walk.images, strict=True):
        with Image.open(item["image"]) as file:
            assert (np.asarray(file) == picture).all()
    with Image.open(strip) as file:
        assert (np.asarray(file) == walk.grid(4)).all()
    with Image.open(gif["path"] if isinstance(gif, dict) else gif) as file:
        assert (file.format, file.n_frames, file.info["loop"]) == ("GIF", 6, 0)
    said = f"{CAPTION} \u2192 two blue fish, seed 7 \u2192 9"
    assert report == f"Drawn by CPUExecutionProvider: {said}."


def test_an_empty_second_caption_keeps_the_first(client, bundle):
    shown, *_ = interpolate(client, last="", steps=2)
    walk = TextToImage.load(bundle).interpolate(CAPTION, seed=7, seed_b=9, steps=2)
    with Image.open(shown[1]["image"]) as file:
        assert (np.asarray(file) == walk.images[1]).all()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"first": ""}, "the caption is empty"),
        ({"first": None}, "the caption is missing"),
        ({"last": " "}, "the caption is empty"),
        ({"last": CAPTION, "seed_b": 7}, "both ends are the same picture"),
        ({"steps": 1}, "less than minimum"),
        ({"steps": 17}, "greater than maximum"),
        ({"steps": 2.5}, "steps must be a whole number from 2 to 16"),
        ({"seed_b": None}, "the seed must be a whole number"),
        ({"seed_b": 0.5}, "the seed must be a whole number"),
        ({"seed": -1}, "out of range"),
    ],
)
def test_bad_ways_are_refused_with_the_reason(client, request_, message):
    with pytest.raises(AppError, match=message):
        interpolate(client, **request_)


def test_the_endpoints_are_two(client):
    described = client.view_api(return_format="dict", print_info=False)
    assert sorted(described["named_endpoints"]) == ["/generate", "/interpolate"]
    assert described["unnamed_endpoints"] == {}


def test_many_at_once_wait_in_the_queue(client):
    with ThreadPoolExecutor(6) as pool:
        seeds = [
            answer[4] for answer in pool.map(lambda seed: generate(client, seed=seed, count=1), range(6))
        ]
    assert seeds == list(range(6))


def test_plain_http(url):
    call = f"{url}/gradio_api/call/generate"
    body = json.dumps({"data": [CAPTION, 1, 3, False]}).encode()
    request = urllib.request.Request(call, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{call}/{event}", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    data = json.loads(lines[lines.index("event: complete") + 1].removeprefix("data: "))
    assert data[4] == 3
    with urllib.request.urlopen(data[0][0]["image"]["url"], timeout=30) as answer:
        assert Image.open(io.BytesIO(answer.read())).size == (128, 128)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)")
def test_in_a_browser(url, tmp_path):
    from playwright.sync_api import sync_playwright

    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        asked, problems = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(url)
        page.fill("#caption textarea", CAPTION)
        page.click("#draw")
        page.wait_for_selector("#pictures img", timeout=60_000)
        page.wait_for_selector("#sketches img", timeout=60_000)
        page.wait_for_selector("#report :text('Drawn by CPUExecutionProvider')")
        page.locator("#report").scroll_into_view_if_needed()  # the pictures load as they come into view
        page.wait_for_function(
            "[...document.querySelectorAll('#pictures img, #sketches img')].every(node => node.naturalWidth)"
        )
        widths = "nodes => nodes.map(node => node.naturalWidth)"
        assert page.eval_on_selector_all("#pictures img", widths) == [128] * 6
        assert page.eval_on_selector_all("#sketches img", widths) == [64] * 6
        page.screenshot(path=tmp_path / "demo.png", full_page=True)
        assert len(np.unique(np.asarray(Image.open(tmp_path / "demo.png")).reshape(-1, 3), axis=0)) > 1000

        with page.expect_download() as download:
            page.click("#download")
        assert download.value.suggested_filename.endswith(".zip")

        page.get_by_text(EXAMPLES[1], exact=True).click()
        page.wait_for_function(f"document.querySelector('#caption textarea').value == {EXAMPLES[1]!r}")
        page.fill("#caption textarea", " ")
        page.click("#draw")
        page.wait_for_selector("text=the caption is empty")

        page.get_by_role("tab", name="Between two").click()
        page.fill("#caption_a textarea", CAPTION)
        page.fill("#caption_b textarea", "two blue fish")
        page.click("#walk")
        page.wait_for_selector("#gif img", timeout=60_000)
        page.wait_for_selector("#between_report :text('two blue fish')")
        page.wait_for_function(
            "[...document.querySelectorAll('#between img, #gif img')].every(node => node.naturalWidth)"
        )
        assert page.eval_on_selector_all("#between img", widths) == [128] * 8
        assert page.eval_on_selector_all("#gif img", widths) == [128]
        with page.expect_download() as download:
            page.click("#strip")
        assert download.value.suggested_filename.endswith(".png")
        page.screenshot(path=tmp_path / "between.png", full_page=True)
        browser.close()
    assert problems == []
    assert [address for address in asked if not address.startswith((url, "data:", "blob:"))] == []


def test_a_port_that_is_taken(bundle):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start(bundle, "--port", taken.getsockname()[1])
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "cannot listen on" in output
    assert "Traceback" not in output


def test_no_bundle_and_no_port():
    from stackgan_k3 import cli

    assert cli.main(["demo", "no-such-bundle"]) == 2
    assert cli.main(["demo", "no-such-bundle", "--port", "0"]) == 2


def test_a_bundle_with_a_changed_byte(tmp_path, capsys):
    from stackgan_k3 import cli

    bundle = build_bundle(tmp_path / "bundle")
    (bundle / "README.md").write_text("# other\n")
    assert cli.main(["demo", str(bundle), "--port", str(free_port())]) == 2
    assert "README.md is not the file" in capsys.readouterr().err
