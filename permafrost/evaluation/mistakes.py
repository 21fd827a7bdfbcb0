"""Which test clips are got wrong, by how many runs, and what they are taken for."""

from dataclasses import dataclass

import pandas as pd

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.study import is_control


@dataclass(frozen=True)
class HardClip:
    """A test clip: its ``label``, the share of runs and of strategies that got it ``wrong``, the class that those runs
    most often take it for (``taken_for``), and the share of the wrong runs that do (``agreement``)."""

    clip_id: str
    label: str
    wrong: float
    strategies_wrong: int
    strategies: int
    taken_for: str
    agreement: float

    @property
    def by_all(self) -> bool:
        """Whether every strategy gets it wrong."""
        return self.strategies_wrong == self.strategies


def hard_clips(cells: Cells) -> list[HardClip]:
    """The test clips that any run got wrong, the hardest first; random controls are not asked.

    A strategy (of a model) gets a clip wrong when more than half of its seeds that were tested on it do.
    """
    asked = [model for model in cells.models if not is_control(model, cells.models)]
    rows = cells.predictions
    rows = rows[(rows["subset"] == "test") & rows["model"].isin(asked)]
    rows = rows[["model", "freeze", "clip_id", "label", "predicted"]].assign(wrong=rows["label"] != rows["predicted"])
    shares = rows.groupby(["clip_id", "model", "freeze"], sort=False)["wrong"].mean()
    by_clip = (shares > 0.5).groupby(level="clip_id", sort=False).agg(["sum", "size"])
    clips = rows.groupby("clip_id", sort=False).agg(label=("label", "first"), wrong=("wrong", "mean")).join(by_clip)
    # The class named first by the alphabet, where two are named equally often.
    said = rows[rows["wrong"]].groupby("clip_id")["predicted"].value_counts(normalize=True).sort_index()
    taken = said.groupby(level="clip_id").idxmax()
    found = [
        HardClip(clip, label, float(wrong), int(those), int(of), taken[clip][1], float(said[taken[clip]]))
        for clip, label, wrong, those, of in clips.loc[taken.index].itertuples()
    ]
    return sorted(found, key=lambda clip: (-clip.strategies_wrong / clip.strategies, -clip.wrong, clip.clip_id))


def class_recall(cells: Cells) -> pd.DataFrame:
    """Recall of each class: one row a model, freeze and label, in the study's order: ``recall`` (share of the test
    clips of that class that were recognised, over all seeds) and ``clips`` (how many answers that share is of)."""
    rows = cells.predictions[cells.predictions["subset"] == "test"]
    rows = rows.assign(right=rows["label"] == rows["predicted"])
    table = rows.groupby(["model", "freeze", "label"], sort=False)["right"].agg(recall="mean", clips="size")
    wanted = pd.MultiIndex.from_product([cells.models, cells.freezes, cells.classes], names=table.index.names)
    return table.reindex(wanted).dropna().reset_index()


def confusions(cells: Cells, model: str) -> pd.DataFrame:
    """What the strategies of ``model`` take for what: one row a freeze, label and predicted class that occurs:
    ``answers`` (count over seeds) and ``share`` of the answers to clips of that label."""
    rows = cells.predictions[(cells.predictions["subset"] == "test") & (cells.predictions["model"] == model)]
    table = rows.groupby(["freeze", "label", "predicted"]).size().rename("answers").reset_index()
    table["share"] = table["answers"] / table.groupby(["freeze", "label"])["answers"].transform("sum")
    table["depth"] = table["freeze"].map(cells.freezes.index)
    return table.sort_values(["depth", "label", "predicted"], ignore_index=True).drop(columns="depth")
