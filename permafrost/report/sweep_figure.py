"""Learning curves of a sweep's experiments in one picture."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from permafrost.report.names import shortened
from permafrost.report.style import IN_TITLE, TITLE, headline, house_style, new_figure

PANELS = (("valid_accuracy", "validation accuracy"), ("valid_loss", "validation loss"), ("train_loss", "training loss"))


def sweep_figure(curves: Mapping[str, pd.DataFrame], title: str, labels: Sequence[str]) -> Figure:
    """One line an experiment in each of three panels: accuracy and loss in validation, loss in training.

    Args:
        curves: by experiment, rows of plots/learning_curves.csv of one model and strategy, epochs ascending.
        title: what was swept, of which model.
        labels: one an experiment, in the order of ``curves``: the value that it stands for.
    """
    with house_style():
        figure = new_figure(3.4)
        headline(figure, shortened(title, TITLE), "means over seeds", 0.62)
        panels = figure.subplots(1, len(PANELS))
        # From dark to light in the order of the sweep: a value's place can be read without the legend.
        colours = mpl.colormaps["viridis"]
        for number, table in enumerate(curves.values()):
            shade = colours(0.05 + 0.8 * number / max(1, len(curves) - 1))
            for panel, (column, _) in zip(panels, PANELS, strict=True):
                # A single epoch has no line.
                marker = "o" if len(table) == 1 else None
                panel.plot(table["epoch"], table[column], color=shade, linewidth=1.6, marker=marker)
        for panel, (_, name) in zip(panels, PANELS, strict=True):
            panel.set_title(name)
            panel.set_xlabel("epoch")
            panel.xaxis.get_major_locator().set_params(integer=True)
        # Handles of its own: a legend that gathers them leaves out labels that begin with an underscore.
        panels[0].legend(panels[0].get_lines(), [shortened(label, IN_TITLE) for label in labels])
    return figure
