"""The statistics of a study: its cells as the statistics package reads them."""

from typing import Any

import pandas as pd

from permafrost.evaluation.cells import Cells, groups
from permafrost.evaluation.statistics.analysis import analyse
from permafrost.evaluation.statistics.result import Analysis
from permafrost.evaluation.study import REFERENCE, control_of


def analyse_study(cells: Cells, data: dict[str, Any]) -> Analysis:
    """Every planned statement about the strategies: against ``none``, neighbours in depth, transfer gain, baselines.

    Args:
        cells: the study's cells, with the prediction for each clip.
        data: the ``data`` block of details.json: how many clips were trained on and tested, the score of guessing.
    """
    controls = {model: control_of(model, cells.models) for model in cells.models}
    return analyse(
        runs_of(cells),
        outcomes_of(cells),
        validation=outcomes_of(cells, "valid"),
        order=cells.by_depth,
        reference=REFERENCE,
        controls={model: control for model, control in controls.items() if control},
        baselines=cells.baselines.models if cells.baselines else (),
        test_per_train=tested_per_trained(data),
        chance=data.get("chance"),
    )


def tested_per_trained(data: dict[str, Any]) -> float:
    """Test clips by training clips: how much splits that are drawn anew overlap (Nadeau & Bengio 2003)."""
    return data["test_clips"] / data["train_clips"]


def runs_of(cells: Cells) -> pd.DataFrame:
    """One row a cell, baselines last: model, strategy, seed, score (test accuracy), valid_score, split."""
    names = {"model": "model", "freeze": "strategy", "seed": "seed"}
    names |= {"test_accuracy": "score", "valid_accuracy": "valid_score", "repeat": "split"}
    return pd.concat([group.runs[list(names)] for group in groups(cells)], ignore_index=True).rename(columns=names)


def outcomes_of(cells: Cells, subset: str = "test") -> pd.DataFrame:
    """One row a cell and clip, baselines last: model, strategy, seed, clip_id, group (where known), correct (0, 1)."""
    rows = pd.concat([group.predictions for group in groups(cells)], ignore_index=True)
    rows = rows[rows["subset"] == subset]
    columns = ["model", "freeze", "seed", "clip_id", *(["group"] if "group" in rows else [])]
    table = rows[columns].rename(columns={"freeze": "strategy"})
    return table.assign(correct=(rows["label"] == rows["predicted"]).astype(float))
