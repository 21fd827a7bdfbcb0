"""The data block: counts of the splits that the study used, and what guessing gets."""

import pytest

from permafrost.errors import PermafrostError
from permafrost.evaluation.data_facts import data_facts, data_set_name


def repeat(number, train, test, crossing=()):
    return {
        "repeat": number,
        "clips": {"train": sum(train.values()), "valid": 3, "test": sum(test.values())},
        "classes": {"train": train, "valid": {"a": 1, "b": 1, "c": 1}, "test": test},
        "groups_across_subsets": list(crossing),
        "duplicates_across_subsets": [],
    }


AUDIT = {
    "clips": 20,
    "classes": {"a": 8, "b": 6, "c": 6},
    "groups": 5,
    "repeats": [
        repeat(0, {"a": 5, "b": 4, "c": 3}, {"a": 1, "b": 1, "c": 2}),
        repeat(1, {"a": 3, "b": 5, "c": 5}, {"a": 1, "b": 2, "c": 1}, crossing=["anna"]),
        repeat(2, {"a": 9, "b": 1, "c": 1}, {"a": 9, "b": 1, "c": 1}),
    ],
}


def test_counts_and_levels_are_those_of_the_repeats_that_were_used():
    facts = data_facts("birds", AUDIT, rejected=2, split_kind="grouped", repeats=[1, 0, 1])
    assert facts == {
        "name": "birds",
        "clips": 20,
        "classes": 3,
        "groups": 5,
        "rejected": 2,
        "split": "grouped",
        "splits": 2,
        "train_clips": 12.5,
        "valid_clips": 3,
        "test_clips": 4,
        "chance": 0.333333,
        # Repeat 0 answers a (1 of 4 right), repeat 1 answers b, the first of two equally common classes (2 of 4).
        "majority": 0.375,
        "groups_across_subsets": 1,
        "duplicates_across_subsets": 0,
    }


def test_cells_of_a_repeat_that_the_audit_does_not_know_are_refused():
    with pytest.raises(PermafrostError, match=r"no repeat 7, on which cells were trained.*dvc repro"):
        data_facts("birds", AUDIT, rejected=0, split_kind="folds", repeats=[0, 7])


def test_a_folder_of_ones_own_has_its_own_name():
    assert data_set_name("folder", "/home/anna/my-recordings/") == "my-recordings"
    assert data_set_name("synthetic", "data/raw") == "synthetic"
