"""Learning curves of a sweep's experiments in one picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import altair as alt
import pandas as pd

from permafrost.report.html.curve_chart import EPOCHS
from permafrost.report.html.figure import save_figure
from permafrost.report.html.theme import finished, series, series_marks, values

HEIGHT = 240
PANELS = {"valid_accuracy": "validation accuracy", "valid_loss": "validation loss", "train_loss": "training loss"}


def draw_sweep(path: Path, curves: Mapping[str, pd.DataFrame], title: str, labels: Sequence[str]) -> None:
    """One line an experiment in each of three panels: accuracy and loss in validation, loss in training.

    Args:
        path: of the PNG.
        curves: by experiment, rows of plots/learning_curves.csv of one model and strategy, epochs ascending.
        title: what was swept, of which model.
        labels: one an experiment, in the order of ``curves``: the value that it stands for.
    """
    # From dark to light in the order of the sweep: a value's place can be read without the legend.
    rows = pd.concat([table.assign(strategy=str(place)) for place, table in enumerate(curves.values())])
    drawn = alt.Chart(values(rows[["strategy", "epoch", *PANELS]])).mark_line(strokeWidth=2, point=True)
    y = {name: alt.Y(f"{name}:Q", title=None, scale=alt.Scale(zero=False)) for name in PANELS}
    colour = series([str(place) for place in range(len(labels))])
    facets = [
        (panel, finished(drawn.encode(x=EPOCHS, y=y[name], color=colour), HEIGHT)) for name, panel in PANELS.items()
    ]
    save_figure(path, title, "means over seeds", [facets], series_marks(labels), len(labels))
