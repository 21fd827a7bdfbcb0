"""Names moved apart so that none covers another."""

import numpy as np
from scipy.optimize import isotonic_regression


def spread(heights: list[float], distance: float, low: float, high: float) -> list[float]:
    """Ascending ``heights`` moved apart to at least ``distance``, by the least sum of squared moves, within limits.

    Where ``low`` to ``high`` has no room for all, they keep their distance and go beyond ``high``.
    """
    if not heights:
        return []
    # Heights less their places times the distance need only not fall.
    places = distance * np.arange(len(heights))
    moved = isotonic_regression(np.asarray(heights) - places).x
    return (np.clip(moved, low, max(low, high - places[-1])) + places).tolist()
