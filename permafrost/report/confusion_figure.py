"""Which classes are taken for which: the confusion matrix of one strategy."""

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from permafrost.evaluation.study_results import StudyResults
from permafrost.metrics.confusion import confusion, recall
from permafrost.report.names import letters, shortened
from permafrost.report.style import DATA_NAME, FAINT, IN_TITLE, headline, house_style, new_figure
from permafrost.report.tables import confusion_rows
from permafrost.report.wording import plural

# Beyond this many classes, numbers in the fields are too small to read.
MOST_CLASSES_WITH_NUMBERS = 16
LONGEST_NAME = 18


def confusion_figure(results: StudyResults) -> Figure:
    """Shares of each true class's test clips (rows, percent, with counts) by predicted class: the chosen strategy."""
    cells, model, freeze, data = results.cells, results.model, results.freeze, results.data
    rows, classes = confusion_rows(results), cells.classes
    code = {name: number for number, name in enumerate(classes)}
    table = confusion(rows["label"].map(code), rows["predicted"].map(code), len(classes))
    clips = table.sum(axis=1, keepdims=True)
    shares = np.divide(100 * table, clips, out=np.zeros(table.shape), where=clips > 0)
    numbered = len(classes) <= MOST_CLASSES_WITH_NUMBERS
    names = [shortened(name, LONGEST_NAME) for name in classes]
    true_names = [
        f"{name}  {100 * share:.0f} % of {count}" if share == share else name
        for name, share, count in zip(names, recall(table), clips[:, 0], strict=True)
    ]
    with house_style():
        height = min(10.5, 2.2 + 0.42 * len(classes))
        figure = new_figure(height)
        ax = figure.subplots()
        text = np.array(
            [
                [f"{share:.0f} %\n{count}" if count else "" for share, count in zip(*row, strict=True)]
                for row in zip(shares, table, strict=True)
            ]
        )
        sns.heatmap(
            shares,
            ax=ax,
            cmap=sns.light_palette("#0072B2", as_cmap=True),
            vmin=0,
            vmax=100,
            annot=text if numbered else False,
            fmt="",
            annot_kws={"fontsize": 8 if len(classes) <= 12 else 6.5, "linespacing": 1.05},
            linewidths=0.6 if numbered else 0,
            xticklabels=names,
            yticklabels=true_names,
            cbar_kws={"label": "share of the true class (%)", "pad": 0.015, "aspect": 30},
        )
        crowded = max(map(letters, names)) * len(names) > 90  # characters that fit side by side
        # A letter is as high as its size; 0.75 of a field's height or width leaves a gap between lines.
        size = min(8.5, 0.75 * 72 * min(height - 2.2, 6.0) / len(classes))
        ax.tick_params(axis="x", rotation=90 if crowded else 0, labelsize=size)
        ax.tick_params(axis="y", rotation=0, labelsize=size)
        ax.set(xlabel="predicted", ylabel="true class, and how much of it is found")
        ax.collections[0].colorbar.outline.set_edgecolor(FAINT)
        subtitle = (
            f"{shortened(data['name'], DATA_NAME)}: share of the true class{' and count' if numbered else ''}, "
            f"test clips over {plural(len(cells.seeds), 'seed')}; strategy chosen on validation"
        )
        title = f"Confusion of {shortened(model, IN_TITLE)} with strategy {shortened(freeze, IN_TITLE)}"
        headline(figure, title, subtitle, top=0.62)
    return figure
