"""Share of the clips whose most probable class (the first, on a tie) is the right one."""

import numpy as np

TITLE, UNIT, RANGE = "test accuracy", "%", (0.0, 1.0)
higher_is_better = True


def score(targets: np.ndarray, probabilities: np.ndarray) -> float:
    """0 to 1, of integers [clips] and [clips, classes]."""
    return float(per_clip(targets, probabilities).mean())


def per_clip(targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """1 where the answer is right, else 0: [clips]."""
    return (probabilities.argmax(axis=1) == targets).astype(float)
