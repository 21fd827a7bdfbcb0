"""Unweighted mean of the classes' F1, over the classes that occur as a label or as an answer.

F1 = 2 TP / (clips of the class + answers of the class), which is 0 where precision and recall are both 0. The
definition is scikit-learn's, in numpy: the trainer calls it every epoch, and scikit-learn takes a second to import.
"""

import numpy as np

from permafrost.metrics.confusion import confusion

TITLE, UNIT, RANGE = "macro F1", "%", (0.0, 1.0)
higher_is_better = True


def score(targets: np.ndarray, probabilities: np.ndarray) -> float:
    """0 to 1, of integers [clips] and [clips, classes]."""
    table = confusion(targets, probabilities.argmax(axis=1), probabilities.shape[1])
    both = table.sum(axis=0) + table.sum(axis=1)
    occurs = both > 0
    return float(np.mean(2 * np.diag(table)[occurs] / both[occurs]))


def per_clip(targets: np.ndarray, probabilities: np.ndarray) -> None:
    """It is no mean over clips."""
