import itertools
from collections import Counter, defaultdict

import numpy as np
import pytest

from permafrost.data.grouping import divide_groups
from permafrost.data.tables import Clip
from permafrost.errors import PermafrostError

SHARES = (0.6, 0.2, 0.2)
SUBSETS = ("train", "valid", "test")


def clips_of(table):
    """Clips from {(group, label): count}."""
    return [
        Clip(f"{group}/{label}/{number}", f"{group}/{label}/{number}.wav", label, group, "")
        for (group, label), count in table.items()
        for number in range(count)
    ]


def divide(clips, seed=0, tested=None):
    return divide_groups(clips, SHARES, np.random.default_rng(seed), Counter() if tested is None else tested)


def unevenness(clips, subsets):
    """Mean over classes, and the whole, of the squared distances of three shares from those wished."""
    labels = sorted({clip.label for clip in clips})
    found = []
    for chosen in [[label] for label in labels] + [labels]:
        own = [subsets[clip.clip_id] for clip in clips if clip.label in chosen]
        found.append(
            sum((own.count(subset) / len(own) - share) ** 2 for subset, share in zip(SUBSETS, SHARES, strict=True))
        )
    return np.mean(found[:-1]) + found[-1]


def random_table(seed, groups, labels, most):
    draw = np.random.default_rng(seed)
    table = {
        (f"g{group}", f"l{label}"): int(draw.integers(0, most)) for group in range(groups) for label in range(labels)
    }
    return {key: count for key, count in table.items() if count}


@pytest.mark.parametrize("seed", range(5))
def test_no_group_stands_on_two_sides_and_every_class_on_all(seed):
    clips = clips_of(random_table(seed, groups=25, labels=4, most=12))
    subsets = divide(clips, seed)
    sides, classes = defaultdict(set), defaultdict(set)
    for clip in clips:
        sides[clip.group].add(subsets[clip.clip_id])
        classes[clip.label].add(subsets[clip.clip_id])
    assert all(len(found) == 1 for found in sides.values())
    assert all(found == set(SUBSETS) for found in classes.values())


@pytest.mark.parametrize("seed", range(4))
def test_it_is_as_balanced_as_groups_allow(seed):
    """Against every possible assignment of seven groups."""
    clips = clips_of(random_table(seed, groups=7, labels=2, most=15))
    groups = sorted({clip.group for clip in clips})
    best = np.inf
    for places in itertools.product(SUBSETS, repeat=len(groups)):
        chosen = dict(zip(groups, places, strict=True))
        subsets = {clip.clip_id: chosen[clip.group] for clip in clips}
        if len({(clip.label, subsets[clip.clip_id]) for clip in clips}) == 6:
            best = min(best, unevenness(clips, subsets))
    assert unevenness(clips, divide(clips)) <= best + 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_moving_and_swapping_groups_improves_on_placing_them(seed):
    # Placing alone, the best of eight orders, comes to between 0.0019 and 0.0042 here.
    clips = clips_of(random_table(seed, groups=20, labels=5, most=12))
    assert unevenness(clips, divide(clips)) < 1e-3


def test_equal_groups_give_exactly_the_shares():
    clips = clips_of({(f"{label}-{number}", label): 8 for label in "abc" for number in range(10)})
    subsets = divide(clips)
    for label in "abc":
        assert Counter(subsets[clip.clip_id] for clip in clips if clip.label == label) == {
            "train": 48,
            "valid": 16,
            "test": 16,
        }


def test_a_class_keeps_all_sides_even_where_balance_would_leave_one_empty():
    # Of (35, 35, 30) two in train and one in valid is nearer to 60, 20, 20 than one on each side.
    table = {(f"{label}{size}{number}", label): size for label in "ab" for number, size in enumerate((35, 35, 30))}
    clips = clips_of(table)
    subsets = divide(clips)
    for label in "ab":
        assert {subsets[clip.clip_id] for clip in clips if clip.label == label} == set(SUBSETS)


def test_the_seed_fixes_the_split_whatever_the_order_of_the_clips():
    clips = clips_of(random_table(1, groups=25, labels=4, most=12))
    assert divide(clips, 3) == divide(clips[::-1], 3)
    assert divide(clips, 3) != divide(clips, 4)


def test_repeats_spread_the_testing_over_the_groups():
    clips = clips_of({(f"speaker{number}", label): 5 for number in range(6) for label in "01"})
    tested = Counter()
    for repeat in range(6):
        subsets = divide_groups(clips, (0.68, 0.16, 0.16), np.random.default_rng([0, repeat]), tested)
        assert len({clip.group for clip in clips if subsets[clip.clip_id] == "test"}) == 1
    assert set(tested.values()) == {1} and len(tested) == 6


def test_a_clip_without_a_group_is_a_group_by_itself():
    clips = clips_of({(f"{label}-{number}", label): 6 for label in "ab" for number in range(3)})
    clips += [Clip(f"{label}{number}", "", label, "", "") for label in "ab" for number in range(12)]
    subsets = divide(clips)
    assert {subsets[clip.clip_id] for clip in clips if not clip.group} == set(SUBSETS)


def test_many_groups_are_divided_without_a_table_of_all_pairs():
    clips = clips_of({(f"{label}-{number}", label): 1 + number % 4 for label in "abcd" for number in range(300)})
    assert unevenness(clips, divide(clips)) < 1e-4


def test_a_class_with_too_few_groups_is_named_with_their_count():
    clips = clips_of({("g1", "a"): 9, ("g2", "a"): 9, ("g1", "b"): 9, ("g2", "b"): 9, ("g3", "b"): 9})
    with pytest.raises(PermafrostError, match="class 'a' has 2 groups"):
        divide(clips)


def test_no_groups_at_all():
    with pytest.raises(PermafrostError, match="no clip has a group"):
        divide([Clip(f"{number}", "", "ab"[number % 2], "", "") for number in range(20)])
