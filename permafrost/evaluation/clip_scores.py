"""What each clip contributed to a score, as arrays: the samples that intervals rest on."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pandas as pd

from permafrost.evaluation.cell_files import PROBABILITY
from permafrost.evaluation.cells import Cells
from permafrost.evaluation.statistics.sample import Block, blocks_of


@dataclass(frozen=True)
class Answers:
    """The answers of one model's strategies to the clips of one subset.

    ``splits`` [seeds] numbers the splits that the seeds used, those of both subsets; one block each holds ``labels``
    [1, 1, clips] and ``predicted`` [strategies, runs, clips], numbers of classes. ``shares`` has of each metric what
    each clip contributed [strategies, runs, clips], None where it is no mean over clips.
    """

    splits: np.ndarray
    labels: tuple[Block, ...]
    predicted: tuple[Block, ...]
    shares: Mapping[str, tuple[Block, ...] | None]

    @property
    def correct(self) -> tuple[Block, ...]:
        """1 where the answer was right, else 0: [strategies, runs, clips]."""
        both = zip(self.predicted, self.labels, strict=True)
        return tuple(Block(said.runs, (said.values == true.values).astype(float), said.group) for said, true in both)


def answers(cells: Cells, model: str, subset: str, metrics: Mapping[str, ModuleType]) -> Answers:
    """The answers of ``model`` to the clips of ``subset`` (valid or test), in the study's order of both; what they
    are worth by ``metrics`` (key in the results to the metric)."""
    rows = cells.predictions[cells.predictions["model"] == model]
    groups = rows.groupby(["subset", "freeze", "seed"], sort=False)
    tables = {key: table.set_index("clip_id").sort_index() for key, table in groups}
    # As in statistics/sample.py: seeds of one split share their test clips. Validation follows: two splits that happen
    # to share their validation clips are two.
    repeat = cells.runs.drop_duplicates("seed").set_index("seed")["repeat"]
    tested = [(repeat[seed], tuple(tables["test", cells.freezes[0], seed].index)) for seed in cells.seeds]
    splits = pd.factorize(pd.Series(tested))[0]
    by_seed = [[tables[subset, freeze, seed] for freeze in cells.freezes] for seed in cells.seeds]
    code = {name: number for number, name in enumerate(cells.classes)}
    clips = [_groups(line[0]) for line in by_seed]
    labels = [line[0]["label"].map(code).to_numpy() for line in by_seed]
    predicted = [np.array([table["predicted"].map(code).to_numpy() for table in line]) for line in by_seed]
    columns = [PROBABILITY + name for name in cells.classes]
    said = [[table[columns].to_numpy(float) for table in line] for line in by_seed]
    shares = {}
    for key, metric in metrics.items():
        values = [[metric.per_clip(label, each) for each in line] for line, label in zip(said, labels, strict=True)]
        means = values[0][0] is not None
        shares[key] = blocks_of([np.array(line) for line in values], clips, splits) if means else None
    first = [label[None] for label in labels]
    return Answers(splits, *(blocks_of(values, clips, splits) for values in (first, predicted)), shares)


def drawn_f1(given: Answers, seeds: np.ndarray, groups: np.ndarray, classes: int) -> np.ndarray:
    """Macro F1 of each strategy in each draw of a bootstrap: [draws, strategies].

    Args:
        given: answers.
        seeds: how much each seed counts in each draw [draws, seeds].
        groups: how often each group of clips counts in each draw [draws, groups].
        classes: their number. As in metrics/macro_f1, a class counts where it occurs as a label or as an answer.
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
