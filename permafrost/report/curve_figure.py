"""How the strategies learn: validation accuracy by epoch, a facet a model."""

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from permafrost.evaluation.study_results import StudyResults
from permafrost.report.names import shortened
from permafrost.report.style import (
    DATA_NAME,
    FACET_NAME,
    FAINT,
    IN_TITLE,
    INK,
    headline,
    house_style,
    legend_columns,
    new_figure,
    top_legend,
)
from permafrost.report.tables import learning_curves
from permafrost.report.wording import plural

FACETS_A_ROW = 2
ENTRIES_A_ROW = 7


def curve_figure(results: StudyResults) -> Figure:
    """Means over seeds: validation accuracy (lines), and accuracy on the training batches (faint, dashed).

    The paler a line, the deeper the strategy freezes.
    """
    cells, data = results.cells, results.data
    table = learning_curves(cells)
    columns = min(FACETS_A_ROW, len(cells.models))
    rows = -(-len(cells.models) // columns)
    labels = [*(shortened(name, IN_TITLE) for name in cells.freezes), "training"]
    entries = legend_columns(labels, ENTRIES_A_ROW)
    legend_rows = -(-len(labels) // entries)
    with house_style():
        # From dark to pale in even steps of lightness, so that depth reads without colour too.
        colours = sns.color_palette("viridis", as_cmap=True)(np.linspace(0.0, 0.88, len(cells.freezes)))
        figure = new_figure(0.9 + 0.2 * legend_rows + 2.9 * rows)
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for number, (model, ax) in enumerate(zip(cells.models, axes, strict=False)):
            curves = table[table["model"] == model]
            for freeze, colour in zip(cells.freezes, colours, strict=True):
                curve = curves[curves["freeze"] == freeze]
                dot = "o" if len(curve) == 1 else None  # a line of one epoch would not be seen
                ax.plot(
                    curve["epoch"],
                    100 * curve["train_accuracy"],
                    color=colour,
                    linewidth=0.9,
                    alpha=0.5,
                    ls=(0, (3, 2)),
                )
                ax.plot(curve["epoch"], 100 * curve["valid_accuracy"], color=colour, linewidth=1.8, marker=dot)
            ax.axhline(100 * data["chance"], color=FAINT, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
            ax.set_title(shortened(model, FACET_NAME))
            ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            ax.tick_params(labelbottom=True)
            if number % columns == 0:
                ax.set_ylabel("accuracy (%)")
            if number + columns >= len(cells.models):
                ax.set_xlabel("epoch")
        for ax in axes[len(cells.models) :]:
            ax.set_visible(False)
        axes[0].set_ylim(0, None)
        longest = table["epoch"].max()
        axes[0].set_xlim(1 - 0.02 * longest, 1.02 * longest)
        subtitle = f"{shortened(data['name'], DATA_NAME)}, mean over {plural(len(cells.seeds), 'seed')}; dotted: chance"
        headline(figure, "Validation accuracy by epoch", subtitle, top=0.66 + 0.2 * legend_rows)
        handles = [Line2D([], [], color=colour, linewidth=2.2) for colour in colours]
        handles += [Line2D([], [], color=INK, linewidth=0.9, alpha=0.6, ls=(0, (3, 2)))]
        top_legend(figure, handles, labels, entries)
    return figure
