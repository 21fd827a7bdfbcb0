"""How numbers are written."""

import pytest

from permafrost.report.wording import count, difference, interval, mean_and_sd, percent, plural, points

SPREAD = {"mean": 0.8312, "sd": 0.0123, "ci_low": 0.801, "ci_high": 0.861, "n": 3}
SINGLE = {"mean": 0.8312, "sd": None, "ci_low": None, "ci_high": None, "n": 1}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.023, "+2.3"), (-0.005, "−0.5"), (0.0, "0.0"), (-0.0, "0.0"), (0.0001, "0.0"), (-0.0001, "0.0"), (1, "+100.0")],
)
def test_points_carry_their_sign_unless_they_round_to_zero(value, text):
    assert points(value) == text


def test_percent_and_intervals():
    assert percent(0.8312) == "83.1"
    assert mean_and_sd(SPREAD) == "83.1 ± 1.2"
    assert interval(SPREAD) == "[80.1, 86.1]"
    assert difference({"mean": -0.02, "ci_low": -0.05, "ci_high": 0.01}) == "−2.0 [−5.0, +1.0]"


def test_a_single_seed_shows_no_spread():
    assert mean_and_sd(SINGLE) == "83.1"
    assert interval(SINGLE) == ""
    assert difference({**SINGLE, "mean": 0.02}) == "+2.0"


@pytest.mark.parametrize(("number", "text"), [(650, "650"), (269_722, "270 k"), (85_800_000, "85.8 M"), (0, "0")])
def test_counts_are_short(number, text):
    assert count(number) == text


def test_plurals():
    assert plural(1, "seed") == "1 seed"
    assert plural(2, "class") == "2 classes"
