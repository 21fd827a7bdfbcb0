"""Fewer descriptors: the k that matter most to a model, found within the training clips, and the model fitted again.

Nothing of the validation and test clips is seen, so that the cost in accuracy is what a user would pay.
"""

import numpy as np
from numpy.typing import NDArray

from permafrost.baselines.classical import Fit, Floats, Integers, fit
from permafrost.baselines.explaining import shap_values, spread_rows
from permafrost.baselines.recipe import Classical
from permafrost.errors import PermafrostError

# A ranking needs means over many clips, not exact values of each: these numbers take seconds.
EXPLAINED, BACKGROUND = 60, 10


def fit_selected(
    settings: Classical, values: Floats, labels: Integers, groups: list[str], seed: int, threads: int = 1
) -> Fit:
    """Fit; where ``settings.select`` is k, rank the descriptors by mean absolute SHAP value and fit to the best k.

    Args and errors: see ``classical.fit``.

    Raises:
        PermafrostError: k is more than there are descriptors.
    """
    if settings.select is not None and settings.select > values.shape[1]:
        raise PermafrostError(f"select: got {settings.select}, expected at most {values.shape[1]}, all descriptors")
    found = fit(settings, values, labels, groups, seed, threads)
    if settings.select is None or settings.select == values.shape[1]:
        return found
    best = ranking(found, values, labels, seed)[: settings.select]
    return fit(settings, values, labels, groups, seed, threads, tuple(sorted(best.tolist())))


def ranking(found: Fit, values: Floats, labels: Integers, seed: int) -> NDArray[np.intp]:
    """Places of the descriptors that ``found`` reads, those that matter most first."""
    explained = spread_rows(labels, EXPLAINED, seed)
    background = spread_rows(labels, BACKGROUND, seed + 1)
    shap, _ = shap_values(found, values[background], values[explained], seed)
    order = np.argsort(-np.abs(shap).mean(axis=(0, 2)), kind="stable")
    return np.array(found.columns)[order]
