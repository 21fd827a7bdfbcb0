import json
import warnings

import numpy as np
import pytest
from safetensors import safe_open
from sklearn.preprocessing import StandardScaler

from permafrost.baselines.cell import classical_cell
from permafrost.baselines.classical import fit, grid, inner_folds, raw_scores, size
from permafrost.baselines.recipe import Boosting, Logistic, NetworkBaseline, Svm, read_baseline
from permafrost.baselines.stored import load_model, save_model
from permafrost.errors import PermafrostError
from permafrost.transfer.examples import make_examples

CLASSES = ("blues", "jazz", "pop")


def data(clips=90, columns=6, seed=0, spread=1.0):
    """Three clouds that columns 0 and 1 tell apart; the others are noise, one of them a thousand times larger."""
    draw = np.random.default_rng(seed)
    labels = np.arange(clips) % 3
    values = draw.normal(size=(clips, columns))
    values[:, 0] += np.array([0, 3, 6])[labels] / spread
    values[:, 1] += np.array([0, 4, 0])[labels] / spread
    values[:, -1] *= 1000
    return values, labels


@pytest.fixture
def examples():
    values, labels = data()
    subsets = ["train"] * 60 + ["valid"] * 15 + ["test"] * 15
    return make_examples(values, [CLASSES[label] for label in labels], subsets)


MODELS = [
    Svm(kind="svm", C=(1.0, 10.0), gamma=(0.01, 0.1)),
    Logistic(kind="logistic", C=(0.1, 1.0)),
    Boosting(kind="boosting", rounds=20, max_leaf_nodes=(4, 8)),
]


@pytest.mark.parametrize("settings", MODELS, ids=lambda settings: settings.kind)
def test_each_model_learns_and_its_probabilities_are_its_predictions(settings):
    values, labels = data()
    found = fit(settings, values[:60], labels[:60], [""] * 60, seed=0)
    probabilities = found.probabilities(values[60:])
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == found.pipeline.predict(values[60:])).all()
    assert (probabilities.argmax(axis=1) == labels[60:]).mean() > 0.85
    assert found.inner_accuracy > 0.8 and size(found.pipeline) > 10
    assert set(found.chosen) <= {"kernel", "C", "gamma", "learning_rate", "max_leaf_nodes"}


def test_the_grid_has_no_point_twice():
    points = grid(Svm(kind="svm", kernel=("linear", "rbf", "linear"), C=(1.0, 5.0), gamma=(0.01, 0.1, 1.0)))
    assert points == [
        {"kernel": ["linear"], "C": [1.0, 5.0]},
        {"kernel": ["rbf"], "C": [1.0, 5.0], "gamma": [0.01, 0.1, 1.0]},
    ]


def test_scaling_sees_the_training_part_of_each_fold_alone(monkeypatch):
    seen = []
    original = StandardScaler.fit

    def spy(self, values, *rest):
        seen.append(len(values))
        return original(self, values, *rest)

    monkeypatch.setattr(StandardScaler, "fit", spy)
    values, labels = data(60)
    fit(Svm(kind="svm", C=(1.0,), gamma=(0.01, 0.1)), values, labels, [""] * 60, seed=0)
    assert max(seen) == 60 and seen.count(60) == 1, "once on everything, for the fit that is kept"
    assert set(seen) == {48, 60}


def test_inner_folds_keep_groups_on_one_side():
    _, labels = data(60)
    groups = [f"artist{clip // 6}" for clip in range(60)]
    for train, test in inner_folds(5, labels, groups, seed=0):
        assert not {groups[row] for row in train} & {groups[row] for row in test}
        assert set(train) | set(test) == set(range(60)) and set(labels[test]) == {0, 1, 2}
    lone = inner_folds(5, labels, [*["one artist"] * 30, *[""] * 30], seed=0)
    whole = [set(range(30)) <= set(test) or not set(range(30)) & set(test) for _, test in lone]
    assert all(whole), "clips without a group stand by themselves, the artist's stay together"


def test_fewer_folds_than_wanted_where_a_class_has_fewer_groups():
    _, labels = data(60)
    speakers = [f"speaker{clip // 20}" for clip in range(60)]
    assert len(inner_folds(5, labels, speakers, seed=0)) == 3
    with pytest.raises(PermafrostError, match=r"has 1 training groups.*one point"):
        inner_folds(5, labels, ["the only speaker"] * 60, seed=0)


def test_the_temperature_makes_an_svms_probabilities_honest():
    values, labels = data(600, spread=2.0)
    found = fit(Svm(kind="svm", kernel=("rbf",), C=(1.0,), gamma=(0.1,)), values[:300], labels[:300], [""] * 300, 0)
    scores = raw_scores(found.pipeline, values[300:])
    rows = np.arange(300)

    def loss(temperature):
        e = np.exp(scores / temperature - (scores / temperature).max(axis=1, keepdims=True))
        return -np.log((e / e.sum(axis=1, keepdims=True))[rows, labels[300:]]).mean()

    assert loss(found.temperature) < min(loss(found.temperature * 3), loss(found.temperature / 3))


def test_two_classes_work():
    values, labels = data(60)
    values, labels = values[labels < 2], labels[labels < 2]
    found = fit(Svm(kind="svm", C=(1.0,), gamma=(0.1,)), values, labels, [""] * len(labels), 0)
    probabilities = found.probabilities(values)
    assert probabilities.shape == (40, 2) and (probabilities.argmax(1) == found.pipeline.predict(values)).all()


def test_a_cell_is_recorded_like_a_networks(examples):
    names = tuple("abcdef")
    outcome = classical_cell(MODELS[0], names, examples, [""] * 90, seed=3)
    again = classical_cell(MODELS[0], names, examples, [""] * 90, seed=3, threads=2)
    assert outcome.metrics == again.metrics
    assert outcome.probabilities["test"].shape == (15, 3) and outcome.metrics["test"]["accuracy"] > 0.8
    assert outcome.metrics["epochs"] == outcome.metrics["best_epoch"] == len(outcome.fitted.history) == 1
    assert outcome.metrics["descriptors"] == list(names) and outcome.metrics["chosen"]["kernel"] in ("linear", "rbf")
    json.dumps(outcome.metrics)


def test_validation_clips_are_learnt_only_when_that_is_asked_for(examples):
    alone = classical_cell(MODELS[1], tuple("abcdef"), examples, [""] * 90, seed=0)
    both = classical_cell(
        Logistic(kind="logistic", C=(0.1, 1.0), validation_trains=True), tuple("abcdef"), examples, [""] * 90, seed=0
    )
    assert len(alone.model.values) == 60 and len(both.model.values) == 75


def test_the_best_descriptors_are_found_in_the_training_clips(examples, monkeypatch):
    monkeypatch.setattr("permafrost.baselines.selection.EXPLAINED", 9)
    monkeypatch.setattr("permafrost.baselines.selection.BACKGROUND", 3)
    settings = Svm(kind="svm", kernel=("rbf",), C=(1.0,), gamma=(0.1,), select=2)
    outcome = classical_cell(settings, tuple("abcdef"), examples, [""] * 90, seed=0)
    assert outcome.metrics["descriptors"] == ["a", "b"], "the two that tell the classes apart"
    assert outcome.metrics["test"]["accuracy"] > 0.8
    # What stands in the other clips has no say.
    changed = make_examples(
        np.where(np.arange(90)[:, None] < 60, examples.inputs, 0.0),
        [CLASSES[label] for label in examples.labels],
        ["train"] * 60 + ["valid"] * 15 + ["test"] * 15,
    )
    blind = classical_cell(settings, tuple("abcdef"), changed, [""] * 90, seed=0)
    assert blind.metrics["descriptors"] == ["a", "b"] and blind.metrics["chosen"] == outcome.metrics["chosen"]
    with pytest.raises(PermafrostError, match="select: got 9, expected at most 6"):
        classical_cell(Svm(kind="svm", select=9), tuple("abcdef"), examples, [""] * 90, seed=0)


@pytest.mark.parametrize("settings", [*MODELS, Svm(kind="svm", C=(1.0,), gamma=(0.1,), select=2)], ids=lambda s: s.kind)
def test_a_stored_model_answers_as_the_fitted_one_did(examples, tmp_path, settings, monkeypatch):
    monkeypatch.setattr("permafrost.baselines.selection.EXPLAINED", 9)
    outcome = classical_cell(settings, tuple("abcdef"), examples, [""] * 90, seed=0)
    path = tmp_path / "model.safetensors"
    save_model(path, outcome.model)
    first = path.read_bytes()
    save_model(path, outcome.model)
    assert path.read_bytes() == first
    stored = load_model(path)
    new = np.random.default_rng(1).normal(size=(20, 6))
    assert np.array_equal(stored.fit.probabilities(new), outcome.model.fit.probabilities(new))
    assert stored.classes == CLASSES and stored.names == tuple("abcdef")
    with safe_open(path, "np") as file:
        assert set(file.keys()) == {"values", "labels"}, "numbers alone: nothing that could run"


def test_other_files_are_no_stored_models(tmp_path):
    with pytest.raises(PermafrostError, match="not there"):
        load_model(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").write_bytes(b"\x80\x04pickle")
    with pytest.raises(PermafrostError, match="another kind of file"):
        load_model(tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "svn"}, "did you mean 'svm'"),
        ({"C": [1]}, "kind: svm, logistic, boosting, network"),
        ({"kind": "svm", "gama": [1]}, r"baselines\.x\.gama: unknown key.*did you mean 'gamma'"),
        ({"kind": "svm", "C": []}, r"baselines\.x\.C"),
        ({"kind": "svm", "C": [0]}, r"baselines\.x\.C"),
        ({"kind": "svm", "kernel": ["poly"]}, r"baselines\.x\.kernel"),
        ({"kind": "logistic", "gamma": [1]}, "gamma: unknown key"),
        ({"kind": "svm", "input": {"kind": "logmel"}}, r"baselines\.x\.input"),
        ({"kind": "network", "backbone": "cnn"}, "input: missing"),
        ("svm", "expected a mapping"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(values, message):
    with pytest.raises(PermafrostError, match=message):
        read_baseline(values, "baselines.x")


def test_a_network_recipe_is_a_training_recipe():
    recipe = read_baseline(
        {"kind": "network", "backbone": "cnn", "input": {"kind": "waveform", "sample_rate": 22050}, "lr": 0.1}, "b.x"
    )
    assert isinstance(recipe, NetworkBaseline) and recipe.lr == 0.1 and recipe.epochs == 20


def test_constant_descriptors_do_no_harm():
    values, labels = data(60)
    values[:, 3] = 5.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fit(Svm(kind="svm", C=(1.0,), gamma=(0.1,)), values, labels, [""] * 60, 0)
    assert np.isfinite(found.probabilities(values)).all()


def test_one_point_needs_no_inner_folds():
    draw = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 4)
    values = draw.normal(size=(12, 3)) + 4 * labels[:, None]
    alone = [f"artist {label}" for label in labels]
    found = fit(Svm(kind="svm", kernel=("linear",), C=(1.0,)), values, labels, alone, seed=0)
    assert found.chosen == {"kernel": "linear", "C": 1.0} and found.inner_accuracy is None
    assert (found.probabilities(values).argmax(1) == labels).all()
    with pytest.raises(PermafrostError, match=r"class number 0 .* has 1 training groups"):
        fit(Svm(kind="svm"), values, labels, alone, seed=0)
