from collections import Counter

import numpy as np
import pytest

from stackgan_k3.data.birds import attributes
from stackgan_k3.errors import UserError


def birds(count):
    return [attributes.sample(np.random.default_rng(seed)) for seed in range(count)]


def test_every_attribute_has_a_known_value_and_every_value_occurs():
    drawn = birds(800)
    for key, values in attributes.VOCABULARY.items():
        assert {bird[key] for bird in drawn} == set(values), key
    assert all(list(bird) == list(drawn[0]) for bird in drawn)


def test_what_is_drawn_goes_together():
    for bird in birds(300):
        attributes.check(bird)
        assert (bird["legs"] == "hidden") == (bird["pose"] in ("flying", "swimming"))
        assert bird["eye ring"] != bird["body"] and bird["wing bars"] != bird["wing"]


def test_chosen_attributes_are_kept_and_the_others_stay():
    free = attributes.sample(np.random.default_rng(3))
    fixed = attributes.sample(np.random.default_rng(3), {"crown": "pink", "legs": "hidden"})
    assert fixed["crown"] == "pink"
    assert {key for key in free if free[key] != fixed[key]} <= {"crown", "legs"}
    for pose in attributes.VOCABULARY["pose"]:
        assert attributes.sample(np.random.default_rng(0), {"pose": pose})["pose"] == pose


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"wings": "red"}, "did you mean 'wing'"),
        ({"wing": "purpel"}, "did you mean 'purple'"),
        ({"pose": "swimming", "background": "branch"}, "perched"),
        ({"beak shape": "cone", "beak length": "long"}, "short or medium"),
        ({"wing": "white", "wing bars": "white"}, "would not show"),
    ],
)
def test_what_does_not_go_together_is_refused(chosen, message):
    with pytest.raises(UserError, match=message):
        attributes.sample(np.random.default_rng(0), chosen)


def test_a_tenth_of_the_classes_is_kept_for_testing():
    colours = attributes.VOCABULARY["body"]
    combinations = [{"body": a, "wing": b, "belly": c} for a in colours for b in colours for c in colours]
    kept = [combination for combination in combinations if attributes.is_test(combination)]
    assert len(kept) == 133
    # Each colour of each part is seen in training, and most are tested.
    for key in attributes.CLASS_KEYS:
        counts = Counter(combination[key] for combination in kept)
        assert all(counts[colour] < 40 for colour in colours)
        assert len(counts) == len(colours)


def test_classes_are_numbered_by_their_names():
    assert len(set(attributes.CLASSES)) == len(attributes.CLASSES) == 1331
    for bird in birds(30):
        name = attributes.CLASSES[attributes.class_number(bird)]
        assert name == f"{bird['body']} body, {bird['wing']} wings, {bird['belly']} belly"
