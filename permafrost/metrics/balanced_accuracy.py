"""Mean over the classes of the share of their clips that is recognised: every class counts the same (Brodersen et al.
2010, "The balanced accuracy and its posterior distribution"). Guessing scores 1 / classes however uneven they are."""

import numpy as np
from sklearn.metrics import recall_score

TITLE, UNIT, RANGE = "balanced accuracy", "%", (0.0, 1.0)
higher_is_better = True


def score(targets: np.ndarray, probabilities: np.ndarray) -> float:
    """0 to 1, of integers [clips] and [clips, classes]; over the classes that have clips."""
    predicted = probabilities.argmax(axis=1)
    return float(recall_score(targets, predicted, labels=np.unique(targets), average="macro"))


def per_clip(targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """0 where the answer is wrong, else clips / (classes · clips of its class), whose mean is the score: [clips]."""
    clips = np.bincount(targets)
    weights = len(targets) / ((clips > 0).sum() * clips[targets])
    return weights * (probabilities.argmax(axis=1) == targets)
