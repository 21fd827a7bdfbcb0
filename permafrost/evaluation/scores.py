"""Scores from predictions: accuracy, macro F1, recall of each class, log loss, confusion matrix.

numpy alone, so that the trainer can call it every epoch and a stage that only scores does not import scikit-learn
(1.3 s). The definitions are scikit-learn's, and the tests compare with it.
"""

import numpy as np
from numpy.typing import ArrayLike

from permafrost.errors import PermafrostError


def scores(labels: ArrayLike, probabilities: ArrayLike) -> dict[str, float]:
    """Accuracy, macro F1 and log loss of probabilistic predictions.

    Args:
        labels: integers [clips], each below the number of classes.
        probabilities: [clips, classes]; each row sums to one. The prediction is the largest (the first, on a tie).

    Returns:
        ``accuracy`` and ``macro_f1`` in 0..1, ``loss`` in nats a clip.

    Raises:
        PermafrostError: a probability is not finite, which means that training diverged.
        ValueError: shapes or labels that do not fit together, or no clip at all.
    """
    labels, probabilities = _checked(labels, probabilities)
    table = confusion(labels, probabilities.argmax(axis=1), probabilities.shape[1])
    return {
        "accuracy": accuracy(table),
        "macro_f1": macro_f1(table),
        "loss": log_loss(labels, probabilities),
    }


def confusion(labels: ArrayLike, predicted: ArrayLike, classes: int) -> np.ndarray:
    """Count table [classes, classes]: row = true class, column = predicted class (integers, both below ``classes``)."""
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    if labels.shape != predicted.shape or labels.ndim != 1:
        raise ValueError(f"labels {labels.shape} and predictions {predicted.shape} must be equally long lists")
    for values in (labels, predicted):
        if len(values) and (values.min() < 0 or values.max() >= classes):
            raise ValueError(f"classes must be in 0..{classes - 1}, got {values.min()}..{values.max()}")
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def accuracy(table: np.ndarray) -> float:
    """Share of right predictions in a count table [classes, classes]; nan when it is empty."""
    total = int(table.sum())
    return float(np.trace(table) / total) if total else float("nan")


def recall(table: np.ndarray) -> np.ndarray:
    """Share of each class's clips that were recognised [classes]; nan for a class without clips."""
    clips = table.sum(axis=1)
    return np.divide(np.diag(table), clips, out=np.full(len(table), np.nan), where=clips > 0)


def macro_f1(table: np.ndarray) -> float:
    """Unweighted mean of the classes' F1, over the classes that occur as a label or as a prediction.

    F1 = 2 TP / (clips of the class + predictions of the class), which is 0 where precision and recall are both 0.
    """
    both = table.sum(axis=0) + table.sum(axis=1)
    occurs = both > 0
    return float(np.mean(2 * np.diag(table)[occurs] / both[occurs])) if occurs.any() else float("nan")


def log_loss(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean of -log p(true class), in nats; p is held above 2.2e-16 so that a sure mistake costs 36, not infinity."""
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    smallest = np.finfo(np.float64).eps
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(right, smallest, 1.0)).mean())


def _checked(labels: ArrayLike, probabilities: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if probabilities.ndim != 2 or labels.ndim != 1 or len(labels) != len(probabilities):
        raise ValueError(
            f"got labels {labels.shape} and probabilities {probabilities.shape}, expected [clips] and [clips, classes]"
        )
    if not len(labels):
        raise ValueError("no clips to score")
    faulty = int((~np.isfinite(probabilities).all(axis=1)).sum())
    if faulty:
        raise PermafrostError(
            f"predictions: {faulty} of {len(labels)} clips have a probability that is not a finite number: training "
            "diverged; lower the recipe's lr or set its clip_norm"
        )
    return labels, probabilities
