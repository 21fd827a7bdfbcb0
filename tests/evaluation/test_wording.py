"""How numbers are written."""

import pytest

from permafrost.evaluation import wording

SPREAD = {"mean": 0.8312, "sd": 0.0123, "ci_low": 0.801, "ci_high": 0.861, "n": 3}
SINGLE = {"mean": 0.8312, "sd": None, "ci_low": None, "ci_high": None, "n": 1}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.023, "+2.3"), (-0.005, "−0.5"), (0.0, "0.0"), (-0.0, "0.0"), (0.0001, "0.0"), (-0.0001, "0.0"), (1, "+100.0")],
)
def test_points_carry_their_sign_unless_they_round_to_zero(value, text):
    assert wording.points(value) == text


def test_percent_and_intervals():
    assert wording.percent(0.8312) == "83.1"
    assert wording.mean_and_sd(SPREAD) == "83.1 ± 1.2"
    assert wording.interval(-0.05, 0.01) == "[−5.0, +1.0]"
    assert wording.gap_words(-0.02, -0.05, 0.01) == "−2.0 [−5.0, +1.0]"
    assert wording.gap_words(0.023, None, None) == "+2.3"
    assert wording.limits(-0.05, 0.01, signed=True) == "−5.0 to +1.0"


def test_a_single_seed_shows_no_spread():
    assert wording.mean_and_sd(SINGLE) == "83.1"
    assert wording.interval(None, None) == ""
    assert wording.limits(None, None) == "–"


@pytest.mark.parametrize(("p", "text"), [(None, "–"), (0.0004, "< .001"), (0.031, ".031"), (0.9999, "1"), (1.0, "1")])
def test_p_values(p, text):
    assert wording.probability(p) == text


def test_a_p_value_after_a_symbol():
    assert (wording.equals(0.0002), wording.equals(0.25)) == ("< .001", "= .250")


@pytest.mark.parametrize(("number", "text"), [(650, "650"), (269_722, "270 k"), (85_800_000, "85.8 M"), (0, "0")])
def test_counts_are_short(number, text):
    assert wording.count(number) == text


@pytest.mark.parametrize(("seconds", "text"), [(8.512, "8.51 s"), (90, "90 s"), (210, "3.5 min"), (7560, "2.1 h")])
def test_durations_are_in_the_unit_that_reads_best(seconds, text):
    assert wording.duration(seconds) == text


def test_plurals_and_lists():
    assert wording.plural(1, "seed") == "1 seed"
    assert wording.plural(2, "class") == "2 classes"
    assert wording.plural(6, "strategy") == "6 strategies"
    assert [wording.listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_a_half_is_rounded_the_same_by_whatever_sum_it_came():
    sums = [0.8275, 0.82749999999999, 0.82750000000001]
    assert {wording.percent(share) for share in sums} == {"82.8"}
    assert [wording.points(share) for share in (-0.0025, 0.0025, -0.0004)] == ["−0.3", "+0.3", "0.0"]
