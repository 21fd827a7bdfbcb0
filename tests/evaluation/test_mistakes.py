"""Which clips are got wrong, which classes are found, and which strategies are worth their cost."""

from types import SimpleNamespace

import pytest

from permafrost.evaluation.cells import read_study
from permafrost.evaluation.costs import Scored, claimed, costs, front
from permafrost.evaluation.mistakes import class_recall, confusions, hard_clips

FREEZES, SEEDS = ["none", "half"], [0, 1, 2]


@pytest.fixture
def cells(fake_study):
    """Every run right about every clip, until a test says otherwise."""
    models = ["vit", "vit_random"]
    read = read_study(fake_study(models, FREEZES, SEEDS, clips=8), models, FREEZES, SEEDS)
    read.predictions["predicted"] = read.predictions["label"]
    return read


def mistake(cells, clip, freeze, seeds, answer, model="vit"):
    rows = cells.predictions
    mine = (rows["clip_id"] == clip) & (rows["freeze"] == freeze) & rows["seed"].isin(seeds) & (rows["model"] == model)
    assert mine.sum() == len(seeds)
    rows.loc[mine, "predicted"] = answer


def test_nothing_wrong_is_no_clip(cells):
    assert hard_clips(cells) == []


def test_the_hardest_come_first_with_what_they_are_taken_for(cells):
    mistake(cells, "test/001", "none", [0], "jazz")  # a third of one strategy: not wrong by its majority
    for freeze in FREEZES:
        mistake(cells, "test/006", freeze, [0, 1], "pop")
        mistake(cells, "test/002", freeze, SEEDS, "pop")
    mistake(cells, "test/002", "half", [2], "blues")
    found = hard_clips(cells)
    assert [clip.clip_id for clip in found] == ["test/002", "test/006", "test/001"]
    first, second, third = found
    assert (first.label, first.taken_for, first.by_all, first.wrong) == ("jazz", "pop", True, 1.0)
    assert first.agreement == pytest.approx(5 / 6)
    assert second.by_all and second.wrong == pytest.approx(4 / 6)
    assert (third.strategies_wrong, third.strategies, third.by_all) == (0, 2, False)


def test_mistakes_of_controls_and_on_validation_clips_do_not_count(cells):
    mistake(cells, "test/001", "none", SEEDS, "jazz", model="vit_random")
    mistake(cells, "valid/001", "none", SEEDS, "jazz")
    assert hard_clips(cells) == []


def test_recall_is_by_class_over_all_seeds(cells):
    mistake(cells, "test/004", "half", [0, 1], "jazz")  # one of two clips of blues, in two of three seeds
    table = class_recall(cells).set_index(["model", "freeze", "label"])
    assert table.loc[("vit", "half", "blues"), "recall"] == pytest.approx(4 / 6)
    assert table.loc[("vit", "half", "blues"), "clips"] == 6
    assert table["recall"].drop(("vit", "half", "blues")).eq(1).all()


def test_confusions_are_shares_of_the_true_class(cells):
    mistake(cells, "test/004", "half", [0, 1], "jazz")
    table = confusions(cells, "vit").set_index(["freeze", "label", "predicted"])
    assert table.loc[("half", "blues", "jazz"), ["answers", "share"]].tolist() == [2, pytest.approx(2 / 6)]
    assert ("none", "blues", "jazz") not in table.index


def places(costs, scores, told_apart=lambda one, other: True):
    return front([Scored(("vit", str(n)), *row) for n, row in enumerate(zip(costs, scores, strict=True))], told_apart)


def test_the_front_is_what_nothing_beats_at_both():
    assert places([1, 2, 3, 4], [0.5, 0.7, 0.6, 0.8]) == [True, True, False, True]
    assert places([1, 1, 2], [0.5, 0.4, 0.5]) == [True, False, False]
    assert places([float("nan"), 1], [0.9, 0.5]) == [False, True]
    assert places([3, 2, 1], [0.8, 0.7, 0.5]) == [True, True, True]


def test_of_strategies_that_cannot_be_told_apart_the_cheapest_stays_on_the_front():
    def told(one, other):
        return abs(one.score - other.score) > 0.1

    assert places([1, 2, 3], [0.50, 0.55, 0.58], told) == [True, False, False]
    assert places([1, 2, 3], [0.50, 0.55, 0.62], told) == [True, False, True]


def test_a_difference_is_supported_by_its_planned_comparison_or_by_intervals_that_lie_apart():
    contrast = SimpleNamespace(strategy="half", minus="none", verdict="different")
    told = claimed(SimpleNamespace(models={"vit": SimpleNamespace(contrasts=[contrast])}))
    none, half = Scored(("vit", "none"), 2, 0.8, 0.7, 0.9), Scored(("vit", "half"), 1, 0.75, 0.65, 0.85)
    assert told(none, half) and told(half, none)
    contrast.verdict = "inconclusive"
    assert not claimed(SimpleNamespace(models={"vit": SimpleNamespace(contrasts=[contrast])}))(none, half)
    far, unknown = Scored(("cnn", "none"), 2, 0.95, 0.91, 0.99), Scored(("cnn", "half"), 2, 0.95)
    assert told(far, half) and told(half, far)
    assert not told(half, Scored(("cnn", "none"), 2, 0.9, 0.84, 0.95)) and not told(half, unknown)


def test_costs_leave_controls_out_and_take_the_time_of_a_whole_training(cells):
    scores = {freeze: {"test_accuracy": {"mean": 0.8, "ci_low": None, "ci_high": None}} for freeze in FREEZES}
    analysis = SimpleNamespace(models={"vit": SimpleNamespace(contrasts=[])})
    results = SimpleNamespace(cells=cells, models=["vit"], scores={"vit": scores}, analysis=analysis)
    table = costs(results).set_index("freeze")
    assert set(table["model"]) == {"vit"}
    assert table.loc["none", "seconds"] == pytest.approx(1.5 * 5 + 1)
