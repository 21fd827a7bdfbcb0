import csv
from itertools import permutations

import numpy as np
import pytest

from permafrost.baselines.classical import fit
from permafrost.baselines.explaining import explain_model, shap_values, spread_rows, write_importance
from permafrost.baselines.recipe import Svm
from permafrost.baselines.selection import ranking
from permafrost.baselines.stored import StoredModel
from permafrost.data.tables import Clip
from permafrost.errors import PermafrostError


@pytest.fixture(scope="module")
def stored():
    """An SVM that tells three classes by column 1 alone, of columns 1, 2 and 4 that it reads."""
    draw = np.random.default_rng(0)
    labels = np.arange(60) % 3
    values = draw.normal(size=(60, 5))
    values[:, 1] += 5 * labels
    settings = Svm(kind="svm", kernel=("rbf",), C=(1.0,), gamma=(0.1,))
    found = fit(settings, values, labels, [""] * 60, 0, columns=(1, 2, 4))
    return StoredModel(settings, found, tuple("abcde"), ("x", "y", "z"), values, labels, 0)


def test_values_add_up_to_the_prediction(stored):
    clips = stored.values[:7]
    values, base = shap_values(stored.fit, stored.values[:10], clips, seed=0)
    assert values.shape == (7, 3, 3) and base.shape == (3,)
    assert np.allclose(base + values.sum(axis=1), stored.fit.probabilities(clips), atol=1e-9)
    assert np.allclose(base, stored.fit.probabilities(stored.values[:10]).mean(axis=0))
    again, _ = shap_values(stored.fit, stored.values[:10], clips, seed=0)
    assert np.array_equal(values, again)


def test_values_are_shapleys_by_definition(stored):
    """Against the mean over all orders of the three descriptors, for one clip and one background."""
    clip, background = stored.values[3], stored.values[:4]
    total = np.zeros((3, 3))
    for order in permutations(range(3)):
        rows, before = background.copy(), stored.fit.probabilities(background).mean(axis=0)
        for place in order:
            rows[:, stored.fit.columns[place]] = clip[stored.fit.columns[place]]
            after = stored.fit.probabilities(rows).mean(axis=0)
            total[place] += (after - before) / 6
            before = after
    found, _ = shap_values(stored.fit, background, clip[None], seed=0, permutations=400)
    assert np.allclose(found[0], total, atol=0.01)


def test_the_column_that_decides_stands_first(stored):
    assert ranking(stored.fit, stored.values, stored.labels, seed=0)[0] == 1


def test_an_explanation_names_what_it_shows(stored, tmp_path):
    clips = [Clip(f"c{row}", f"c{row}.wav", "xyz"[row % 3], "", "") for row in range(60)]
    found = explain_model(stored, stored.values, clips[:30] + clips[30:], wanted="c59")
    assert found.names == ("b", "c", "e") and found.data.shape == (len(found.clip_ids), 3)
    assert found.clip_number("c59") >= 0 and found.class_number("y") == 1
    assert found.importance().argmax() == 0
    with pytest.raises(PermafrostError, match="--label: 'w' does not exist"):
        found.class_number("w")
    with pytest.raises(PermafrostError, match="--clip: 'c99' does not exist"):
        found.clip_number("c99")
    write_importance(tmp_path / "i.csv", found)
    rows = list(csv.reader((tmp_path / "i.csv").open()))
    assert rows[0] == ["descriptor", "importance", "x", "y", "z"] and rows[1][0] == "b" and len(rows) == 4


def test_rows_are_spread_over_the_classes():
    labels = np.array([0] * 50 + [1] * 4 + [2] * 2)
    rows = spread_rows(labels, 9, seed=0)
    assert sorted(labels[rows].tolist()) == [0, 0, 0, 0, 1, 1, 1, 2, 2] or np.bincount(labels[rows]).tolist()[2] == 2
    assert len(set(rows.tolist())) == 9 and (np.diff(rows) > 0).all()
    assert len(spread_rows(labels, 500, seed=0)) == 56
