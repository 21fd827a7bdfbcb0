"""The tables behind the report and the plots. Each function gives a data frame; ``write_csv`` writes it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.study_results import StudyResults


def all_curves(cells: Cells) -> pd.DataFrame:
    """``learning_curves`` of the models, then of the baselines that train by epochs, with depth -1: a closed fit has
    no curve."""
    tables = [learning_curves(cells)]
    if cells.baselines:
        epochs = cells.baselines.histories.groupby("model")["epoch"].transform("max")
        curves = learning_curves(replace(cells.baselines, histories=cells.baselines.histories[epochs > 1]))
        tables += [curves.assign(depth=-1)] * bool(len(curves))
    return pd.concat(tables, ignore_index=True)


def learning_curves(cells: Cells) -> pd.DataFrame:
    """Mean over seeds, one row a model, strategy and epoch: model, freeze, depth, epoch, losses, accuracies, n.

    ``n`` is the number of seeds that still trained in that epoch: fewer at the end, where patience stopped some. What
    has one epoch where others have more trains nothing, and has no curve.
    """
    columns = ["train_loss", "train_accuracy", "valid_loss", "valid_accuracy"]
    epochs = cells.histories.groupby("freeze")["epoch"].transform("max")
    drawn = cells.histories[epochs >= min(2, epochs.max())]
    grouped = drawn.groupby(["model", "freeze", "epoch"], sort=False)
    table = grouped[columns].mean().assign(valid_accuracy_sd=grouped["valid_accuracy"].std(), n=grouped.size())
    table = table.reset_index().astype({"epoch": int})
    table.insert(2, "depth", table["freeze"].map(cells.freezes.index))
    places = table["model"].map(cells.models.index)
    return table.iloc[np.lexsort((table["epoch"], table["depth"], places))].reset_index(drop=True)


def runs_table(cells: Cells) -> pd.DataFrame:
    """One row a cell, the columns of ``Cells.runs`` without seconds, which are others each time, and sentences;
    those of baselines last, with depth -1: they have none."""
    rows = cells.runs.to_dict("records")
    if cells.baselines:
        rows += cells.baselines.runs.assign(depth=-1).to_dict("records")
    return pd.DataFrame(rows).drop(columns=["seconds_total", "rates_from", "after"])


def confusion_rows(results: StudyResults) -> pd.DataFrame:
    """Test predictions of the chosen strategy, one row a seed and clip: model, freeze, seed, label, predicted."""
    rows = results.cells.predictions
    rows = rows[(rows["model"] == results.model) & (rows["freeze"] == results.freeze) & (rows["subset"] == "test")]
    return rows[["model", "freeze", "seed", "label", "predicted"]].reset_index(drop=True)


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write ``table`` with six significant digits, the same bytes for the same numbers on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n", encoding="utf-8")
