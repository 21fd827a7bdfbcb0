"""Which classes are taken for which, as a table of counts."""

import numpy as np
from numpy.typing import ArrayLike


def confusion(labels: ArrayLike, predicted: ArrayLike, classes: int) -> np.ndarray:
    """Count table [classes, classes]: row = true class, column = predicted class (integers, both below ``classes``)."""
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    if labels.shape != predicted.shape or labels.ndim != 1:
        raise ValueError(f"labels {labels.shape} and predictions {predicted.shape} must be equally long lists")
    for values in (labels, predicted):
        if len(values) and (values.min() < 0 or values.max() >= classes):
            raise ValueError(f"classes must be in 0..{classes - 1}, got {values.min()}..{values.max()}")
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def recall(table: np.ndarray) -> np.ndarray:
    """Share of each class's clips that were recognised [classes]; nan for a class without clips."""
    clips = table.sum(axis=1)
    return np.divide(np.diag(table), clips, out=np.full(len(table), np.nan), where=clips > 0)
