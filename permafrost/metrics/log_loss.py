"""Mean of -log p(true class), in nats; p is held above 2.2e-16, so that a sure mistake costs 36, not infinity."""

import numpy as np

TITLE, UNIT, RANGE = "log loss", "nats", (0.0, np.inf)
higher_is_better = False
FLOOR = float(np.finfo(np.float64).eps)


def score(targets: np.ndarray, probabilities: np.ndarray) -> float:
    """0 to 36, of integers [clips] and [clips, classes]."""
    return float(per_clip(targets, probabilities).mean())


def per_clip(targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """That of each clip: [clips]."""
    return -np.log(np.clip(probabilities[np.arange(len(targets)), targets], FLOOR, 1.0))
