import hashlib

from stackgan_k3.data.by_class import spread, spread_places, zero_shot_splits


def test_zero_shot_splits_follow_the_hash() -> None:
    names = [f"class {number}" for number in range(40)]
    for seed in (0, 1):
        splits = zero_shot_splits(names, seed, 1 / 4)
        keys = [hashlib.sha256(f"{seed}/{name}".encode()).hexdigest() for name in names]
        assert [split == "test" for split in splits] == [key in sorted(keys)[:10] for key in keys]
    assert zero_shot_splits(names, 0, 1 / 4) != zero_shot_splits(names, 1, 1 / 4)
    shuffled = zero_shot_splits(names[::-1], 1, 1 / 4)
    assert shuffled[::-1] == zero_shot_splits(names, 1, 1 / 4)


def test_any_beginning_holds_both_splits_and_many_classes() -> None:
    splits = ["test" if number in (0, 1) else "train" for number in range(10)]
    items = spread([[(number, k) for k in range(number + 1)] for number in range(10)], splits)
    assert sorted(items) == [(number, k) for number in range(10) for k in range(number + 1)]
    assert {number for number, _ in items[:10]} == set(range(10))
    assert sum(splits[number] == "test" for number, _ in items[:5]) == 1


def test_classes_in_both_splits() -> None:
    labels = [label for label in range(6) for _ in range(4)]
    splits = ["train", "test"] * 12
    places = spread_places(labels, splits)
    assert sorted(places) == list(range(24))
    first = places[:6]
    assert [splits[place] for place in first].count("test") == 3
    assert len({labels[place] for place in first}) == 6
    assert {(labels[place], splits[place]) for place in places[:12]} == set(zip(labels, splits, strict=True))
    assert spread_places([], []) == []
