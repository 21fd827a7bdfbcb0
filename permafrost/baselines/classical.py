"""Support vector machine, logistic regression and gradient boosting on descriptors, through scikit-learn.

Scaling is part of what is fitted: within each inner fold, from that fold's training clips alone.
"""

from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from permafrost.baselines.recipe import Boosting, Classical, Logistic, Svm
from permafrost.errors import PermafrostError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MODEL = "model"  # the pipeline's last step
TEMPERATURES = (-4.0, 4.0)  # natural logarithms of the smallest and largest


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes:
        pipeline: scaling and model; its classes are 0 … classes - 1.
        chosen: the grid's best point.
        inner_accuracy: its mean accuracy over the inner folds; None where the grid has one point.
        temperature: divides an SVM's decision values before the softmax; 1 for models with probabilities of their own.
        columns: the descriptors that it reads, as places among those it is given.
    """

    pipeline: Pipeline
    chosen: dict[str, Any]
    inner_accuracy: float | None
    temperature: float
    columns: tuple[int, ...]

    def probabilities(self, values: Floats) -> Floats:
        """Class probabilities [clips, classes] of descriptors [clips, all]; the largest is the prediction."""
        return softmax(raw_scores(self.pipeline, values[:, self.columns]) / self.temperature, axis=1)


def make_model(settings: Classical, point: dict[str, Any], seed: int) -> Pipeline:
    """The unfitted pipeline of ``settings`` at one ``point`` of its grid."""
    if isinstance(settings, Svm):
        # Ties between pairwise votes go to the larger decision value, so that the prediction is their maximum.
        model: BaseEstimator = SVC(break_ties=True, cache_size=500, **point)
    elif isinstance(settings, Logistic):
        model = LogisticRegression(max_iter=5000, **point)
    elif isinstance(settings, Boosting):
        # No early stopping: it would hold clips out at random, whatever their group.
        model = HistGradientBoostingClassifier(
            max_iter=settings.rounds, early_stopping=False, random_state=seed, **point
        )
    else:
        raise TypeError(f"no classical model for {type(settings).__name__}")
    return Pipeline([("scale", StandardScaler()), (MODEL, model)])


def grid(settings: Classical) -> list[dict[str, list[Any]]]:
    """The grid, as lists of values; a kernel meets only the settings that it has."""
    if isinstance(settings, Svm):
        return [
            {"kernel": [kernel], "C": sorted(settings.C)}
            | ({"gamma": sorted(settings.gamma)} if kernel == "rbf" else {})
            for kernel in dict.fromkeys(settings.kernel)
        ]
    if isinstance(settings, Logistic):
        return [{"C": sorted(settings.C)}]
    if isinstance(settings, Boosting):
        return [{"learning_rate": sorted(settings.learning_rate), "max_leaf_nodes": sorted(settings.max_leaf_nodes)}]
    raise TypeError(f"no classical model for {type(settings).__name__}")


def fit(
    settings: Classical,
    values: Floats,
    labels: Integers,
    groups: list[str],
    seed: int,
    threads: int = 1,
    columns: tuple[int, ...] | None = None,
) -> Fit:
    """Choose the grid's best point by inner folds and fit it to all of ``values``.

    Args:
        settings: which model, which grid.
        values: descriptors of the training clips [clips, columns].
        labels: their classes, 0 … classes - 1.
        groups: what may not stand on two sides of a fold; an empty string is a group of its own.
        seed: shuffles the inner folds; seeds boosting.
        threads: fits of the grid at a time.
        columns: the descriptors to read; all by default.

    Raises:
        PermafrostError: a class has a single clip or group, and the grid more than one point.
    """
    columns = tuple(range(values.shape[1])) if columns is None else columns
    values = values[:, columns]
    points = grid(settings)
    single = _size(points) == 1
    # Nothing to choose, and nothing to hold out: then probabilities stay as they are.
    without = single and fewest_groups(labels, groups)[1] < 2
    folds = [] if without else inner_folds(settings.inner_folds, labels, groups, seed)
    if single:
        point = {name: options[0] for name, options in points[0].items()}
        pipeline, accuracy = make_model(settings, point, seed).fit(values, labels), None
    else:
        prefixed = [{f"{MODEL}__{name}": options for name, options in part.items()} for part in points]
        search = GridSearchCV(make_model(settings, {}, seed), prefixed, scoring="accuracy", cv=folds)
        # libsvm lets go of Python's lock while it fits, so threads are enough and nothing is copied.
        with joblib.parallel_config("threading", n_jobs=threads):
            search.fit(values, labels)
        point = {name.removeprefix(f"{MODEL}__"): value for name, value in search.best_params_.items()}
        pipeline, accuracy = search.best_estimator_, float(search.best_score_)
    temperature = 1.0
    if folds and _is_svm(pipeline):
        temperature = _temperature(make_model(settings, point, seed), values, labels, folds)
    return Fit(pipeline, point, accuracy, temperature, columns)


def inner_folds(
    wanted: int, labels: Integers, groups: list[str], seed: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Row numbers (training, held out) of each inner fold, fewer than ``wanted`` where a class has fewer groups.

    Raises:
        PermafrostError: a class has a single clip or group, which cannot be on both sides.
    """
    grouped = any(groups)
    label, fewest = fewest_groups(labels, groups)
    folds = min(wanted, fewest)
    if folds < 2:
        raise PermafrostError(
            f"class number {label} (in sorted order) has {fewest} training {'groups' if grouped else 'clips'}; inner "
            "folds need two: set one point in each list of the grid, split the data otherwise, or take this baseline "
            "out of study.baselines"
        )
    names = _own_groups(groups)
    rows = np.zeros((len(labels), 1))
    if grouped:
        return list(StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(rows, labels, names))
    return list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, labels))


def fewest_groups(labels: Integers, groups: list[str]) -> tuple[int, int]:
    """The class with the fewest groups, and how many it has."""
    names = _own_groups(groups)
    by_class = {int(label): len(set(names[labels == label])) for label in np.unique(labels)}
    return min(by_class.items(), key=lambda item: item[1])


def _own_groups(groups: list[str]) -> NDArray[np.str_]:
    """A clip without a group is one of its own."""
    return np.array([group or f"\0{row}" for row, group in enumerate(groups)])


def raw_scores(pipeline: Pipeline, values: Floats) -> Floats:
    """Scores [clips, classes] whose maximum is the prediction: an SVM's decision values, else log probabilities."""
    if not _is_svm(pipeline):
        return np.log(np.maximum(pipeline.predict_proba(values), np.finfo(np.float64).tiny))
    decisions = pipeline.decision_function(values)
    return np.stack([-decisions, decisions], axis=1) if decisions.ndim == 1 else decisions


def size(pipeline: Pipeline) -> int:
    """How many fitted numbers the model holds: support vectors and their coefficients, coefficients, or tree nodes."""
    model = pipeline[-1]
    if isinstance(model, SVC):
        return int(model.support_vectors_.size + model.dual_coef_.size + model.intercept_.size)
    if isinstance(model, LogisticRegression):
        return int(model.coef_.size + model.intercept_.size)
    return int(sum(tree.get_n_leaf_nodes() for round_ in model._predictors for tree in round_))


def _temperature(
    pipeline: Pipeline, values: Floats, labels: Integers, folds: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
) -> float:
    """What the decision values must be divided by for the softmax's log loss on held-out clips to be least.

    Temperature scaling (Guo et al., On calibration of modern neural networks, ICML 2017) on the inner folds: unlike
    Platt's, it cannot change which class is predicted.
    """
    classes = len(np.unique(labels))
    held_out = np.zeros((len(labels), classes))
    for train, test in folds:
        if len(np.unique(labels[train])) == classes:
            held_out[test] = raw_scores(pipeline.fit(values[train], labels[train]), values[test])
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return -log_softmax(held_out / np.exp(log_temperature), axis=1)[rows, labels].mean()

    return float(np.exp(minimize_scalar(loss, bounds=TEMPERATURES, method="bounded").x))


def _is_svm(pipeline: Pipeline) -> bool:
    return isinstance(pipeline[-1], SVC)


def _size(points: list[dict[str, list[Any]]]) -> int:
    return sum(int(np.prod([len(options) for options in part.values()])) for part in points)
