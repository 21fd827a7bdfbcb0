"""What each clip contributed to a score, as arrays: the samples that the bootstrap draws from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from permafrost.evaluation.cell_files import PROBABILITY
from permafrost.evaluation.cells import Cells

FLOOR = float(np.finfo(np.float64).eps)  # as in scores.log_loss


@dataclass(frozen=True)
class Answers:
    """The answers of one model's strategies to the clips of one subset.

    ``splits`` [seeds] numbers the sets of clips that the seeds were asked about: all 0 where they share one. Only then
    there are ``labels`` [clips] and ``predicted`` [strategies, seeds, clips], numbers of classes, and ``loss``
    [strategies, seeds, clips] in nats; else these are None.
    """

    splits: np.ndarray
    labels: np.ndarray | None = None
    predicted: np.ndarray | None = None
    loss: np.ndarray | None = None

    @property
    def correct(self) -> np.ndarray | None:
        """1 where the answer was right, else 0: [strategies, seeds, clips]."""
        return None if self.predicted is None else (self.predicted == self.labels).astype(float)


def answers(cells: Cells, model: str, subset: str) -> Answers:
    """The answers of ``model`` to the clips of ``subset`` (valid or test), in the study's order of both."""
    rows = cells.predictions
    rows = rows[(rows["model"] == model) & (rows["subset"] == subset)]
    tables = {
        key: table.set_index("clip_id").sort_index() for key, table in rows.groupby(["freeze", "seed"], sort=False)
    }
    ordered = [[tables[freeze, seed] for seed in cells.seeds] for freeze in cells.freezes]
    clips = pd.Series([tuple(table.index) for table in ordered[0]])
    splits = pd.factorize(clips)[0]
    if splits.any():
        return Answers(splits)
    code = {name: number for number, name in enumerate(cells.classes)}
    labels = ordered[0][0]["label"].map(code).to_numpy()
    predicted = np.array([[table["predicted"].map(code).to_numpy() for table in line] for line in ordered])
    loss = np.array([[_loss(table, labels, cells.classes) for table in line] for line in ordered])
    return Answers(splits, labels, predicted, loss)


def drawn_f1(given: Answers, seeds: np.ndarray, clips: np.ndarray, classes: int) -> np.ndarray:
    """Macro F1 of each strategy in each draw of a bootstrap: [draws, strategies].

    Args:
        given: answers to shared clips.
        seeds: how much each seed counts in each draw [draws, seeds].
        clips: how much each clip counts in each draw [draws, clips].
        classes: their number. As in scores.macro_f1, a class counts where it occurs as a label or as an answer.
    """
    strategies, runs, _ = given.predicted.shape
    identity = np.eye(classes, dtype=np.float32)
    labels = identity[given.labels]
    asked = clips @ labels
    result = np.zeros((len(seeds), strategies))
    for strategy in range(strategies):
        for run in range(runs):
            answered = identity[given.predicted[strategy, run]]
            both = asked + clips @ answered
            right = clips @ (labels * answered)
            f1 = np.divide(2 * right, both, out=np.zeros_like(both), where=both > 0)
            result[:, strategy] += seeds[:, run] * f1.sum(1) / (both > 0).sum(1)
    return result


def _loss(table: pd.DataFrame, labels: np.ndarray, classes: list[str]) -> np.ndarray:
    probabilities = table[[PROBABILITY + name for name in classes]].to_numpy(float)
    return -np.log(np.clip(probabilities[np.arange(len(labels)), labels], FLOOR, 1.0))
