"""Share of the clips whose class is among the three most probable: for many classes that are hard to tell apart."""

import numpy as np

TITLE, UNIT, RANGE = "top-3 accuracy", "%", (0.0, 1.0)
higher_is_better = True
PLACES = 3


def score(targets: np.ndarray, probabilities: np.ndarray) -> float:
    """0 to 1, of integers [clips] and [clips, classes]; of equal probabilities the first class stands before."""
    return float(per_clip(targets, probabilities).mean())


def per_clip(targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """1 where the class is among the first three, else 0: [clips]."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :PLACES]
    return (best == targets[:, None]).any(axis=1).astype(float)
