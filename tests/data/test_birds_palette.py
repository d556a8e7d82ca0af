import numpy as np
import pytest

from stackgan_k3.data.birds import palette


@pytest.mark.parametrize("name", palette.COLOURS)
def test_no_shade_of_a_colour_is_nearer_to_another(name):
    generator = np.random.default_rng(0)
    assert {palette.nearest(palette.jittered(name, generator)) for _ in range(300)} == {name}


@pytest.mark.parametrize("name", palette.COLOURS)
def test_a_colour_keeps_its_name_in_light_and_in_shade(name):
    colour = palette.centre(name)
    light = 0.08 if name == "black" else 0.13
    assert palette.nearest(palette.lighter(colour, light)) == name
    assert palette.nearest(palette.darker(colour, 0.17)) == name


def test_shades_differ():
    generator = np.random.default_rng(0)
    assert len({palette.css(palette.jittered("green", generator)) for _ in range(50)}) > 40


def test_css_stays_within_bounds():
    assert palette.css((-0.5, 0.5, 1.5)) == "#0080ff"
