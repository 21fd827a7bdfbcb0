"""What each clip contributed to a score, as arrays: the samples that intervals rest on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from permafrost.evaluation.cell_files import PROBABILITY
from permafrost.evaluation.cells import Cells
from permafrost.evaluation.statistics.sample import Block, blocks_of

FLOOR = float(np.finfo(np.float64).eps)  # as in scores.log_loss


@dataclass(frozen=True)
class Answers:
    """The answers of one model's strategies to the clips of one subset.

    ``splits`` [seeds] numbers the sets of clips that the seeds were asked about; one block each holds ``labels``
    [1, 1, clips] and ``predicted`` [strategies, runs, clips], numbers of classes, and ``loss`` in nats.
    """

    splits: np.ndarray
    labels: tuple[Block, ...]
    predicted: tuple[Block, ...]
    loss: tuple[Block, ...]

    @property
    def correct(self) -> tuple[Block, ...]:
        """1 where the answer was right, else 0: [strategies, runs, clips]."""
        both = zip(self.predicted, self.labels, strict=True)
        return tuple(Block(said.runs, (said.values == true.values).astype(float), said.group) for said, true in both)


def answers(cells: Cells, model: str, subset: str) -> Answers:
    """The answers of ``model`` to the clips of ``subset`` (valid or test), in the study's order of both."""
    rows = cells.predictions
    rows = rows[(rows["model"] == model) & (rows["subset"] == subset)]
    tables = {
        key: table.set_index("clip_id").sort_index() for key, table in rows.groupby(["freeze", "seed"], sort=False)
    }
    by_seed = [[tables[freeze, seed] for freeze in cells.freezes] for seed in cells.seeds]
    splits = pd.factorize(pd.Series([tuple(line[0].index) for line in by_seed]))[0]
    code = {name: number for number, name in enumerate(cells.classes)}
    clips = [_groups(line[0]) for line in by_seed]
    labels = [line[0]["label"].map(code).to_numpy() for line in by_seed]
    predicted = [np.array([table["predicted"].map(code).to_numpy() for table in line]) for line in by_seed]
    loss = [
        np.array([_loss(table, label, cells.classes) for table in line])
        for line, label in zip(by_seed, labels, strict=True)
    ]
    first = [label[None] for label in labels]
    return Answers(splits, *(blocks_of(values, clips, splits) for values in (first, predicted, loss)))


def drawn_f1(given: Answers, seeds: np.ndarray, groups: np.ndarray, classes: int) -> np.ndarray:
    """Macro F1 of each strategy in each draw of a bootstrap: [draws, strategies].

    Args:
        given: answers.
        seeds: how much each seed counts in each draw [draws, seeds].
        groups: how often each group of clips counts in each draw [draws, groups].
        classes: their number. As in scores.macro_f1, a class counts where it occurs as a label or as an answer.
    """
    identity = np.eye(classes, dtype=np.float32)
    result = np.zeros((len(seeds), len(given.predicted[0].values)))
    for true, said in zip(given.labels, given.predicted, strict=True):
        clips = groups[:, said.group].astype(np.float32)
        labels = identity[true.values[0, 0].astype(int)]
        asked = clips @ labels
        for strategy, runs in enumerate(said.values.astype(int)):
            for run, chosen in zip(said.runs, runs, strict=True):
                answered = identity[chosen]
                both = asked + clips @ answered
                right = clips @ (labels * answered)
                f1 = np.divide(2 * right, both, out=np.zeros_like(both), where=both > 0)
                result[:, strategy] += seeds[:, run] * f1.sum(1) / np.maximum((both > 0).sum(1), 1)
    return result


def _groups(table: pd.DataFrame) -> list[tuple[str, str]]:
    """The group of each clip of a table indexed by clip; a clip without one is its own."""
    named = table["group"] if "group" in table else pd.Series("", index=table.index)
    return [(group, "" if group else clip) for clip, group in named.items()]


def _loss(table: pd.DataFrame, labels: np.ndarray, classes: list[str]) -> np.ndarray:
    probabilities = table[[PROBABILITY + name for name in classes]].to_numpy(float)
    return -np.log(np.clip(probabilities[np.arange(len(labels)), labels], FLOOR, 1.0))
