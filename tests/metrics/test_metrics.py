"""What every metric must do, checked on all of them; what each is by itself; and how a study shows one."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from permafrost import catalogue
from permafrost.errors import PermafrostError
from permafrost.evaluation.cells import read_study
from permafrost.evaluation.estimates import estimates
from permafrost.evaluation.study_results import study_results
from permafrost.evaluation.summary import details
from permafrost.metrics import accuracy, balanced_accuracy, top3_accuracy
from permafrost.report.strategies_table import strategies_table
from tests.examples import example
from tests.report.test_report import DATA

CLASSES, CLIPS = 5, 400


def drawn(seed=0):
    """Labels of uneven classes, of which the last has no clip, and probabilities without a tie."""
    draw = np.random.default_rng(seed)
    return draw.choice(CLASSES - 1, CLIPS, p=[0.1, 0.2, 0.3, 0.4]), draw.dirichlet(np.ones(CLASSES), CLIPS)


def check_metric(module):
    """What reports rely on. ``module``: an entry of permafrost/metrics."""
    assert module.TITLE and module.UNIT and module.higher_is_better in (True, False)
    targets, guesses = drawn()
    before = targets.copy(), guesses.copy()
    perfect, chance = np.eye(CLASSES)[targets], np.full((CLIPS, CLASSES), 1 / CLASSES)
    wrong = (np.arange(CLASSES) - targets[:, None]) % CLASSES / 10  # the right class last
    scores = [module.score(targets, said) for said in (perfect, chance, guesses, wrong)]
    assert all(type(score) is float and np.isfinite(score) for score in scores)
    best, others = scores[0], scores[1:]
    assert all(other < best if module.higher_is_better else other > best for other in others)
    assert all(other >= scores[3] if module.higher_is_better else other <= scores[3] for other in others[:2])
    lowest, highest = module.RANGE
    assert all(lowest <= score <= highest for score in scores)
    assert best == (highest if module.higher_is_better else lowest)

    # Neither the order of clips nor that of classes counts.
    order, names = np.random.default_rng(1).permutation(CLIPS), np.random.default_rng(2).permutation(CLASSES)
    assert module.score(targets[order], guesses[order]) == pytest.approx(scores[2], abs=1e-12)
    assert module.score(np.argsort(names)[targets], guesses[:, names]) == pytest.approx(scores[2], abs=1e-12)

    for said, score in zip((perfect, chance, guesses, wrong), scores, strict=True):
        each = module.per_clip(targets, said)
        if each is not None:
            assert each.shape == (CLIPS,) and each.mean() == pytest.approx(score, abs=1e-12), "its mean is the score"
    assert np.array_equal(targets, before[0]) and np.array_equal(guesses, before[1])


@pytest.mark.parametrize("name", catalogue.names("metrics"))
def test_every_metric(name):
    check_metric(catalogue.load("metrics", name, "study.metrics"))


def test_the_example_of_the_documentation():
    check_metric(example("permafrost/metrics/weakest_class.py"))


def test_a_metric_may_be_negative_and_so_may_its_interval(cells):
    def score(targets, said):
        return float(sklearn_metrics.cohen_kappa_score(targets, said.argmax(1)))

    kappa = SimpleNamespace(
        TITLE="kappa", UNIT="1", RANGE=(-1, 1), higher_is_better=True, score=score, per_clip=lambda targets, said: None
    )
    check_metric(kappa)
    cells.runs["kappa"] = cells.runs["test_accuracy"] - 0.8
    assert estimates(cells, "vit", 1 / 3, {"kappa": kappa})["head"]["kappa"]["ci_low"] < 0


def test_the_check_finds_faults():
    parts = {
        name: getattr(accuracy, name) for name in ("TITLE", "UNIT", "RANGE", "higher_is_better", "score", "per_clip")
    }
    check_metric(SimpleNamespace(**parts))
    for fault in (
        {"higher_is_better": False},
        {"score": lambda targets, said: 100 * accuracy.score(targets, said)},
        {"score": lambda targets, said: float((said.argmax(1) == targets)[:9].mean())},
        {"per_clip": lambda targets, said: (said.argmax(1) == targets)[:9]},
    ):
        with pytest.raises(AssertionError):
            check_metric(SimpleNamespace(**parts | fault))


@pytest.mark.parametrize("seed", range(3))
def test_they_are_scikit_learns(seed):
    targets, said = drawn(seed)
    top3 = sklearn_metrics.top_k_accuracy_score(targets, said, k=3, labels=range(CLASSES))
    assert top3_accuracy.score(targets, said) == pytest.approx(top3, abs=1e-12)
    with pytest.warns(UserWarning, match="not in y_true"):  # the class without a clip
        balanced = sklearn_metrics.balanced_accuracy_score(targets, said.argmax(1))
    assert balanced_accuracy.score(targets, said) == pytest.approx(balanced, abs=1e-12)


def test_three_classes_and_equal_probabilities_are_no_trouble_to_top3():
    labels, even = np.array([0, 1, 2, 3]), np.full((4, 4), 0.25)
    assert top3_accuracy.score(labels, even) == 0.75
    assert top3_accuracy.score(labels[:2], even[:2, :2]) == 1


FREEZES, SEEDS, SHOWN = (
    ["none", "half", "head"],
    [0, 1, 2],
    ("top3_accuracy", "accuracy", "log_loss", "balanced_accuracy"),
)


@pytest.fixture
def cells(fake_study):
    return read_study(fake_study(["vit"], FREEZES, SEEDS, baselines=["svm"]), ["vit"], FREEZES, SEEDS, ["svm"])


def test_a_study_shows_the_metrics_that_it_names(cells):
    results = study_results("demo", cells, DATA, {}, {}, SHOWN)
    header = strategies_table(results, "vit").header
    assert header[3:-1] == [
        "test accuracy (%)",
        "95 % interval",
        "top-3 accuracy (%)",
        "log loss (nats)",
        "balanced accuracy (%)",
    ]
    assert header[-1] == "validation (%)"
    rows = strategies_table(results, "vit").rows
    assert [len(row) for row in rows] == [len(header)] * 4
    found = details(results)
    for numbers in (found["vit"]["half"], found["baselines"]["svm"]):
        # Classes are even here, so that balanced accuracy is accuracy, interval and all.
        assert numbers["balanced_accuracy"] == numbers["test_accuracy"]
        assert (
            numbers["test_accuracy"]["mean"] < numbers["top3_accuracy"]["mean"] <= numbers["top3_accuracy"]["ci_high"]
        )
        assert numbers.keys() >= {"valid_accuracy", "macro_f1", "test_loss"}
    assert {"balanced_accuracy", "top3_accuracy"} <= set(results.cells.runs) & set(results.cells.baselines.runs)


def test_what_runs_record_is_the_same_whatever_is_shown(cells):
    one, other = (
        details(study_results("demo", cells, DATA, {}, {}, names)) for names in (("accuracy", "macro_f1"), SHOWN)
    )
    for freeze, numbers in one["vit"].items():
        assert {key: other["vit"][freeze][key] for key in numbers} == numbers
    assert one["comparisons"] == other["comparisons"]


def test_the_interval_of_a_metric_that_is_no_mean_over_clips_is_over_seeds(cells, monkeypatch):
    whole = SimpleNamespace(
        TITLE="x", UNIT="%", RANGE=(0, 1), score=accuracy.score, per_clip=lambda targets, said: None
    )
    cells.runs["own"] = cells.runs["test_accuracy"]
    got = estimates(cells, "vit", 1 / 3, {"own": whole})["half"]
    assert got["own"]["mean"] == got["test_accuracy"]["mean"]
    assert (
        got["own"]["ci_high"] - got["own"]["ci_low"] < got["test_accuracy"]["ci_high"] - got["test_accuracy"]["ci_low"]
    )


def test_an_unknown_metric_is_named(cells):
    with pytest.raises(PermafrostError, match=r"study\.metrics: 'balanced_acuracy'.*did you mean 'balanced_accuracy'"):
        study_results("demo", cells, DATA, {}, {}, ["balanced_acuracy"])
