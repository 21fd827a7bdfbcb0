"""A comparison as a picture: scores by strategy with every seed, and each gap to the baseline with its interval."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from permafrost.evaluation.comparison import Comparison
from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.result import ModelResult
from permafrost.report.names import shortened
from permafrost.report.style import FAINT, IN_TITLE, INK, OWN, headline, house_style, new_figure, top_legend
from permafrost.report.wording import plural, points

ROW_INCHES = 0.36


def figure(comparison: Comparison) -> Figure:
    """One row of panels a model: left the scores, right the gaps to the baseline (or to the neighbour in depth)."""
    models = list(comparison.analysis.models.values())
    heights = [max(1.6, ROW_INCHES * (len(model.strategies) + 1.6)) for model in models]
    with house_style():
        result = new_figure(1.0 + sum(heights))
        axes = result.subplots(len(models), 2, sharex="col", squeeze=False, height_ratios=heights)
        for (left, right), model in zip(axes, models, strict=True):
            _scores(left, model)
            _gaps(right, model, comparison.analysis.relevant)
        for ax, label in zip(axes[-1], ("score (%)", "points"), strict=True):
            ax.set_xlabel(label)
            ax.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
        subtitle = f"shaded: gaps of less than {100 * comparison.analysis.relevant:g} points"
        headline(result, "Scores by strategy, and what is sure about their differences", subtitle, top=0.86)
        _legend(result)
    return result


def _scores(ax: Axes, model: ModelResult) -> None:
    for place, item in enumerate(model.strategies):
        values = 100 * np.array(list(item.scores.values()))
        # Seeds stand below each other in their own order, not at random: the same picture every time.
        beside = place + np.linspace(-0.22, 0.22, len(values)) if len(values) > 1 else np.array([place])
        ax.scatter(values, beside, s=11, color=OWN, alpha=0.45, linewidths=0, zorder=2)
        if item.low is not None:
            ax.hlines(place, 100 * item.low, 100 * item.high, color=INK, linewidth=1.8, zorder=3)
        ax.scatter(100 * item.mean, place, s=36, color=INK, edgecolors="white", linewidths=0.9, zorder=4)
    ax.set_title(f"{shortened(model.model, IN_TITLE)}, {plural(model.strategies[0].n, 'seed')}")
    _rows(ax, [item.strategy for item in model.strategies])


def _gaps(ax: Axes, model: ModelResult, relevant: float) -> None:
    question = "reference" if model.reference is not None else "neighbours"
    rows = [item for item in model.contrasts if item.question == question]
    ax.axvspan(-100 * relevant, 100 * relevant, color="#F3F6F9", zorder=0)
    ax.axvline(0, color=FAINT, linewidth=1, zorder=1)
    places = {item.strategy: place for place, item in enumerate(model.strategies)}
    for item in rows:
        _gap(ax, places[item.strategy], item)
    title = (
        f"minus {shortened(model.reference, IN_TITLE)}"
        if question == "reference"
        else "minus the strategy before it in depth"
    )
    ax.set_title(title)
    _rows(ax, [item.strategy for item in model.strategies])
    ax.tick_params(labelleft=False)


def _gap(ax: Axes, place: int, item: Contrast) -> None:
    sure = item.verdict == "different"
    if item.low is not None:
        ax.hlines(place, 100 * item.low, 100 * item.high, color=OWN if sure else FAINT, linewidth=1.8, zorder=3)
    ax.scatter(
        100 * item.gap,
        place,
        s=38,
        facecolor=OWN if sure else "white",
        edgecolors=OWN if sure else FAINT,
        linewidths=1.4,
        zorder=4,
    )
    ax.annotate(
        points(item.gap),
        (100 * item.gap, place),
        xytext=(0, 6),
        textcoords="offset points",
        ha="center",
        fontsize=8,
        color=INK,
    )


def _rows(ax: Axes, names: list[str]) -> None:
    ax.set_yticks(range(len(names)), [shortened(name, IN_TITLE) for name in names])
    ax.set_ylim(len(names) - 0.45, -0.65)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.margins(x=0.08)


def _legend(result: Figure) -> None:
    def dot(**more: object) -> Line2D:
        return Line2D([], [], linestyle="", marker="o", **more)

    entries = [
        (dot(color=INK, markersize=6), "mean with 95 % interval"),
        (dot(color=OWN, markersize=3.5, alpha=0.55), "one seed"),
        (dot(color=OWN, markersize=6), "different"),
        (dot(markerfacecolor="white", markeredgecolor=FAINT, markersize=6), "equivalent or inconclusive"),
    ]
    handles, labels = zip(*entries, strict=True)
    top_legend(result, handles, labels, columns=len(entries))
