"""Scores: scikit-learn's numbers, by other means; and what may not be scored."""

import numpy as np
import pytest
from sklearn import metrics

from permafrost.errors import PermafrostError
from permafrost.evaluation import scores as ours
from permafrost.metrics import macro_f1
from permafrost.metrics.confusion import confusion, recall


def random_predictions(seed, clips=97, classes=5):
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.ones(classes), clips)
    return generator.integers(0, classes, clips), probabilities


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_scikit_learns(seed):
    labels, probabilities = random_predictions(seed)
    predicted = probabilities.argmax(axis=1)
    got = ours.scores(labels, probabilities)
    assert got["accuracy"] == pytest.approx(metrics.accuracy_score(labels, predicted), abs=1e-12)
    assert got["macro_f1"] == pytest.approx(metrics.f1_score(labels, predicted, average="macro"), abs=1e-12)
    assert got["loss"] == pytest.approx(metrics.log_loss(labels, probabilities, labels=range(5)), abs=1e-12)
    table = confusion(labels, predicted, 5)
    assert np.array_equal(table, metrics.confusion_matrix(labels, predicted, labels=range(5)))
    assert recall(table) == pytest.approx(metrics.recall_score(labels, predicted, average=None))


def test_a_class_that_never_occurs_does_not_lower_macro_f1_as_in_scikit_learn():
    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    assert macro_f1.score(labels, np.eye(4)[predicted]) == pytest.approx(
        metrics.f1_score(labels, predicted, average="macro")
    )
    assert np.isnan(recall(confusion(labels, predicted, 4))[2:]).all()


def test_a_class_that_is_never_found_counts_as_zero():
    labels, predicted = np.array([0, 0, 1, 2]), np.array([0, 0, 0, 0])
    want = metrics.f1_score(labels, predicted, average="macro", zero_division=0)
    assert macro_f1.score(labels, np.eye(3)[predicted]) == pytest.approx(want)


def test_a_sure_mistake_costs_a_finite_loss():
    assert ours.scores([0], [[0.0, 1.0]])["loss"] == pytest.approx(36.04, abs=0.01)


def test_single_precision_gives_the_same_scores_as_double():
    labels, probabilities = random_predictions(7)
    single = ours.scores(labels, probabilities.astype(np.float32))
    assert single == pytest.approx(ours.scores(labels, probabilities), abs=1e-6)


def test_probabilities_that_are_not_numbers_say_that_training_diverged():
    with pytest.raises(PermafrostError, match=r"1 of 2 clips.*diverged; lower the recipe's lr"):
        ours.scores([0, 1], [[0.5, 0.5], [np.nan, np.nan]])


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([0, 1], [[1.0, 0.0]], r"labels \(2,\) and probabilities \(1, 2\)"),
        ([0], [0.5], "expected"),
        ([], np.empty((0, 3)), "no clips"),
        ([2], [[0.5, 0.5]], r"0\.\.1, got 2\.\.2"),
        ([-1], [[0.5, 0.5]], r"0\.\.1, got -1"),
    ],
)
def test_what_does_not_fit_together_is_refused(labels, probabilities, message):
    with pytest.raises(ValueError, match=message):
        ours.scores(np.array(labels, dtype=int), np.array(probabilities))
