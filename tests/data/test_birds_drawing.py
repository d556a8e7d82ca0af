import numpy as np
import pytest
from PIL import Image

from stackgan_k3.data.birds.anatomy import Anatomy
from stackgan_k3.data.birds.attributes import POSES, VOCABULARY, sample
from stackgan_k3.data.birds.bird import draw_bird
from stackgan_k3.data.birds.drawing import draw
from stackgan_k3.data.birds.geometry import Frame, feather, inside, lines, ragged, spline
from stackgan_k3.data.birds.palette import nearest
from stackgan_k3.data.birds.sheet import Sheet

SIZE = 96


def picture(bird, seed, size=SIZE):
    return draw(bird, np.random.default_rng(seed)).render(size).astype(int)


@pytest.mark.parametrize("pose", VOCABULARY["pose"])
@pytest.mark.parametrize(
    ("part", "least"),
    [("body", 0.8), ("wing", 1.5), ("belly", 0.6), ("crown", 0.25), ("breast", 0.5)],
)
def test_each_part_shows_in_its_colour_in_every_pose(pose, part, least):
    plain = {"pose": pose, "eye ring": "none", "wing bars": "none", "breast pattern": "plain"}
    for seed, (colour, other) in enumerate([("red", "blue"), ("green", "pink")]):
        bird = sample(np.random.default_rng(seed), plain)
        shown = picture({**bird, part: colour}, seed)
        # The same draws, another colour: what changes is the part.
        where = np.abs(shown - picture({**bird, part: other}, seed)).sum(axis=-1) > 60
        assert where.mean() * 100 > least, f"{part} covers {where.mean():.2%}"
        names = [nearest(tuple(pixel / 255)) for pixel in shown[where][::7]]
        # Edges and feather lines are darker; all the same the name is the commonest by far.
        assert names.count(colour) / len(names) > 0.5


@pytest.mark.parametrize(
    ("key", "first", "second"),
    [
        ("beak shape", "pointed", "curved"), ("beak length", "short", "medium"), ("tail", "short", "long"),
        ("tail shape", "fan", "forked"), ("eye ring", "none", "white"), ("wing bars", "none", "yellow"),
        ("breast pattern", "plain", "spotted"), ("crest", "none", "raised"), ("light", "bright", "sunset"),
        ("legs", "black", "orange"), ("size", "small", "large"), ("beak", "black", "yellow"),
    ],
)  # fmt: skip
def test_each_attribute_shows(key, first, second):
    chosen = {"pose": "standing", "body": "red", "wing": "blue", "breast": "white"}
    chosen |= {"beak shape": "pointed", "beak length": "medium"}
    bird = sample(np.random.default_rng(5), chosen)
    change = np.abs(picture({**bird, key: first}, 1) - picture({**bird, key: second}, 1)).sum(axis=-1) > 60
    assert change.sum() >= 12


@pytest.mark.parametrize("background", POSES)
def test_a_bird_stands_out_from_every_place(background):
    # A white one in the snow, a grey one on a dull day: the edge is darker or lighter than both sides.
    for seed, colour in enumerate(("white", "grey")):
        parts = dict.fromkeys(("body", "wing", "belly", "crown", "breast"), colour)
        chosen = {**parts, "background": background, "light": "overcast", "eye ring": "none"}
        bird = sample(np.random.default_rng(seed), chosen)
        grey = picture(bird, seed).mean(axis=-1)
        steps = np.abs(np.diff(grey[30:70], axis=1)).max(axis=1)
        assert np.median(steps) > 25


def test_the_same_bird_is_drawn_at_every_size():
    for seed in range(6):
        sheet = draw(sample(np.random.default_rng(seed)), np.random.default_rng(seed))
        large = sheet.render(304).astype(float).reshape(76, 4, 76, 4, 3).mean(axis=(1, 3))
        assert np.abs(large - sheet.render(76)).mean() < 4.0


def test_a_large_picture_shows_what_a_small_one_cannot():
    for seed in range(4):
        sheet = draw(sample(np.random.default_rng(seed)), np.random.default_rng(seed))
        small = Image.fromarray(sheet.render(64)).resize((256, 256), Image.Resampling.BICUBIC)
        large = sheet.render(256).astype(float)
        middle = np.s_[64:192, 64:192]
        assert np.abs(large - np.asarray(small))[middle].mean() > 4.5


def test_birds_lie_within_the_picture():
    for seed in range(40):
        generator = np.random.default_rng(seed)
        bird = sample(generator)
        points, ground = draw_bird(Sheet(), bird, Anatomy.build(bird, generator), 0.5, generator)
        assert np.isfinite(points).all() and ground > 0
        # Recoloured wholly, a bird changes no pixel of the outermost rim.
        parts = ("body", "wing", "belly", "crown", "breast")
        marks = {"eye ring": "none", "wing bars": "none"}
        red, blue = (picture({**bird, **marks, **dict.fromkeys(parts, c)}, seed, 64) for c in ("red", "blue"))
        changed = np.abs(red - blue).sum(axis=-1) > 60
        assert changed[2:-2, 2:-2].sum() == changed.sum()
        assert 0.04 < changed.mean() < 0.45


def test_svg_has_nothing_slow():
    for seed in range(8):
        svg = draw(sample(np.random.default_rng(seed)), np.random.default_rng(seed)).svg()
        assert "<filter" not in svg and "clip" not in svg and "nan" not in svg
        assert len(svg) < 150_000


def test_curves_pass_through_their_points():
    corners = [(0.0, 0.0), (10.0, 5.0), (20.0, 0.0)]
    curve = spline(corners, steps=4)
    np.testing.assert_allclose(curve[::4], corners)
    np.testing.assert_allclose(spline(corners, closed=True, steps=4)[::4], corners)
    rough = ragged(curve, 2.0, np.random.default_rng(0))
    np.testing.assert_allclose(rough[[0, -1]], curve[[0, -1]])
    assert 0 < np.abs(rough - curve).max() < 2.0


def test_frames_turn_up_for_a_positive_pitch():
    frame = Frame((1.0, 2.0), np.pi / 2)
    np.testing.assert_allclose(frame(3, 0), (1.0, -1.0), atol=1e-12)
    np.testing.assert_allclose(frame.polar(-90, 2.0), (3.0, 2.0), atol=1e-12)


def test_points_in_a_polygon():
    ring = np.array([(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)], dtype=float)
    assert inside(np.array([(1, 1), (2, 3), (3, 2), (5, 5)], dtype=float), ring).tolist() == [
        True,
        False,
        True,
        False,
    ]


def test_a_sheet_renders_what_is_put_on_it():
    sheet = Sheet()
    sheet.wash(0, 256, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    ramp = sheet.render(64)[:, 10, 0].astype(int)
    assert ramp[0] < 8 and ramp[-1] > 247 and (np.diff(ramp) >= 0).all()
    other = Sheet(prefix="o")
    fill = other.gradient((0, 0), (256, 0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    other.path(lines([(0, 0), (256, 0), (256, 256), (0, 256)]), fill)
    sheet.include(other)
    sheet.path(feather((64, 192), 0.0, 128, 60), "#00ff00")
    picture = sheet.render(64)
    assert picture[8, 1, 0] > 200 and picture[8, 62, 2] > 200
    assert picture[48, 32].tolist() == [0, 255, 0]
