"""SHAP values of a classical model: what each descriptor adds to the probability of each class, clip by clip.

Shapley values by whole permutations (Strumbelj and Kononenko 2014; Lundberg and Lee, NIPS 2017), through shap. A
permutation is walked forwards and backwards, so that the values of a clip add up to its prediction exactly, whatever
their number; more permutations make each value steadier.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from permafrost.baselines.classical import Fit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Explanation:
    """What descriptors add to probabilities.

    Attributes:
        names: of the descriptors that the model reads.
        classes: class names, sorted.
        values: [clips, descriptors, classes]: differences of probability.
        base: [classes]: the mean prediction over the background, from which they count.
        data: [clips, descriptors]: the descriptors of the explained clips.
        clip_ids: of the explained clips.
        labels: their classes.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    values: Floats
    base: Floats
    data: Floats
    clip_ids: tuple[str, ...]
    labels: tuple[str, ...]

    def importance(self) -> Floats:
        """Mean absolute value [descriptors] over clips and classes."""
        return np.abs(self.values).mean(axis=(0, 2))


def shap_values(
    fit: Fit, background: Floats, values: Floats, seed: int, permutations: int = 1
) -> tuple[Floats, Floats]:
    """SHAP values [clips, descriptors read, classes] of ``values`` [clips, all], and the base [classes].

    Args:
        fit: the model.
        background: descriptors [clips, all] that stand for "unknown"; the cost grows with their number.
        values: descriptors of the clips to explain.
        seed: draws the permutations.
        permutations: how many a clip.
    """
    import shap  # here: it takes seconds to import, and most who need this module's neighbours do not explain

    columns = list(fit.columns)

    def predict(rows: Floats) -> Floats:
        whole = np.zeros((len(rows), values.shape[1]))
        whole[:, columns] = rows
        return fit.probabilities(whole)

    masker = shap.maskers.Independent(background[:, columns], max_samples=len(background))
    explainer = shap.explainers.Permutation(predict, masker, seed=seed)
    found = explainer(values[:, columns], max_evals=permutations * (2 * len(columns) + 1), silent=True)
    return np.asarray(found.values), np.asarray(found.base_values).reshape(len(values), -1)[0]


def spread_rows(labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.intp]:
    """Up to ``count`` row numbers, ascending, as even over the classes as they allow; drawn by ``seed``."""
    draw = np.random.default_rng(seed)
    turn = np.empty(len(labels), np.intp)  # the how-manieth of its class a row is
    for label in np.unique(labels):
        rows = draw.permutation(np.flatnonzero(labels == label))
        turn[rows] = np.arange(len(rows))
    return np.sort(np.lexsort((labels, turn))[:count])
