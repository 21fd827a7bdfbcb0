"""The scores that every run records of its predictions: accuracy, macro F1 and log loss."""

import numpy as np
from numpy.typing import ArrayLike

from permafrost.errors import PermafrostError
from permafrost.metrics import accuracy, log_loss, macro_f1

RECORDED = {"accuracy": accuracy, "macro_f1": macro_f1, "loss": log_loss}  # as files name them


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
    return {name: metric.score(labels, probabilities) for name, metric in RECORDED.items()}


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
