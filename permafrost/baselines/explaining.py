"""SHAP values of a classical model: what each descriptor adds to the probability of each class, clip by clip.

Shapley values by whole permutations (Strumbelj and Kononenko 2014; Lundberg and Lee, NIPS 2017), as shap's permutation
explainer has them: a permutation is walked forwards and backwards, so that the values of a clip add up to its
prediction exactly, whatever the number of permutations; more make each value steadier. Written out because shap takes
ten seconds to load and compile, in each cell that selects descriptors; its pictures are used.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from permafrost.baselines.classical import Fit
from permafrost.baselines.stored import StoredModel
from permafrost.data.tables import Clip
from permafrost.settings import choose

Floats = NDArray[np.float64]

EXPLAINED, BACKGROUND = 80, 20  # clips: about a minute for ten classes and 57 descriptors


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

    def ranked(self) -> list[str]:
        """The descriptors, the most important first."""
        return [self.names[column] for column in np.argsort(-self.importance(), kind="stable")]

    def class_number(self, label: str | None) -> int:
        """The place of the class ``label``, or of the one whose probability the descriptors move most.

        Raises:
            PermafrostError: no such class.
        """
        if label is None:
            return int(np.abs(self.values).mean(axis=(0, 1)).argmax())
        choose(label, list(self.classes), "--label")
        return self.classes.index(label)

    def clip_number(self, clip_id: str | None) -> int:
        """The place of a clip among the explained ones; the first, for None.

        Raises:
            PermafrostError: it is not among them.
        """
        if clip_id is None:
            return 0
        choose(clip_id, list(self.clip_ids), "--clip")
        return self.clip_ids.index(clip_id)


def explain_model(stored: StoredModel, values: Floats, clips: Sequence[Clip], wanted: str | None = None) -> Explanation:
    """SHAP values of up to ``EXPLAINED`` clips, even over the classes, against training clips.

    Args:
        stored: the model with what it was fitted to.
        values: descriptors [clips, all] of the clips to explain.
        clips: these clips.
        wanted: a clip that is to be among the explained ones.
    """
    labels = np.array([stored.classes.index(clip.label) for clip in clips])
    rows = spread_rows(labels, EXPLAINED, stored.seed)
    rows = np.union1d(rows, [row for row, clip in enumerate(clips) if clip.clip_id == wanted]).astype(np.intp)
    background = stored.values[spread_rows(stored.labels, BACKGROUND, stored.seed)]
    shap, base = shap_values(stored.fit, background, values[rows], stored.seed)
    columns = list(stored.fit.columns)
    return Explanation(
        tuple(stored.names[column] for column in columns),
        stored.classes,
        shap,
        base,
        values[rows][:, columns],
        tuple(clips[row].clip_id for row in rows),
        tuple(clips[row].label for row in rows),
    )


def write_importance(path: Path, explanation: Explanation) -> None:
    """A CSV: descriptor, mean absolute SHAP value over clips and classes, then for each class; the largest first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    importance, by_class = explanation.importance(), np.abs(explanation.values).mean(axis=0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["descriptor", "importance", *explanation.classes])
        for column in np.argsort(-importance, kind="stable"):
            numbers = [f"{value:.6f}" for value in (importance[column], *by_class[column])]
            writer.writerow([explanation.names[column], *numbers])


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
    columns = np.array(fit.columns)
    count, unknown = len(columns), len(background)
    draw = np.random.default_rng(seed)
    base = fit.probabilities(background).mean(axis=0)
    found = np.zeros((len(values), count, len(base)))
    for clip, own in enumerate(values):
        for _ in range(permutations):
            forwards = draw.permutation(count)
            for order in (forwards, forwards[::-1]):
                # Step k knows the first k descriptors of the order: from none, which is the base, to all.
                known = np.empty(count, np.intp)
                known[order] = np.arange(count)
                steps = known[None, :] < np.arange(1, count + 1)[:, None]
                rows = np.tile(background, (count, 1, 1))
                rows[:, :, columns] = np.where(steps[:, None, :], own[columns], background[:, columns])
                means = fit.probabilities(rows.reshape(count * unknown, -1)).reshape(count, unknown, -1).mean(axis=1)
                found[clip, order] += np.diff(means, axis=0, prepend=base[None])
    return found / (2 * permutations), base


def spread_rows(labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.intp]:
    """Up to ``count`` row numbers, ascending, as even over the classes as they allow; drawn by ``seed``."""
    draw = np.random.default_rng(seed)
    turn = np.empty(len(labels), np.intp)  # the how-manieth of its class a row is
    for label in np.unique(labels):
        rows = draw.permutation(np.flatnonzero(labels == label))
        turn[rows] = np.arange(len(rows))
    return np.sort(np.lexsort((labels, turn))[:count])
