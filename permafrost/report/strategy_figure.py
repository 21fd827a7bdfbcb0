"""The figure of a study: test accuracy by strategy, its random-weights control beside it, baselines as lines."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from permafrost.evaluation.estimates import by_seed
from permafrost.evaluation.study import BASELINES
from permafrost.evaluation.study_results import StudyResults
from permafrost.report.answer import terms
from permafrost.report.names import shortened
from permafrost.report.reference_lines import draw_reference_lines, room_for
from permafrost.report.style import (
    BAND,
    CONTROL,
    DATA_NAME,
    FACET_NAME,
    IN_TITLE,
    INK,
    OWN,
    REFERENCE,
    WIDTH_INCHES,
    headline,
    house_style,
    new_figure,
    top_legend,
)
from permafrost.report.wording import percent, plural

DODGE = 0.11
MOST_A_ROW = 16  # strategies side by side: beyond that, two facets' values run into each other
ROOM = 0.16  # above the highest and below the lowest mark, as a share of their distance: a line of text
LETTER = 5.2  # points of a tick's name, on average


def strategy_figure(results: StudyResults) -> Figure:
    """A facet a model: mean, 95 % interval and single seeds of each strategy."""
    data, cells, models, baselines = results.data, results.cells, results.models, results.accuracy(BASELINES)
    columns = min(2 if 2 * len(cells.freezes) <= MOST_A_ROW else 1, len(models))
    rows = -(-len(models) // columns)
    with house_style():
        slot = 0.8 * 72 * WIDTH_INCHES / columns / (len(cells.freezes) + room_for(len(baselines)))
        # Names that are turned take their height from below the axes, not from them.
        turned = 0 if _lines(cells.freezes, slot) else 0.64 * LETTER * min(IN_TITLE, max(map(len, cells.freezes))) / 72
        figure = new_figure(1.0 + (3.4 + turned) * rows)
        axes = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
        for number, (model, ax) in enumerate(zip(models, axes, strict=False)):
            _facet(ax, results, model, slot)
            if number % columns == 0:
                ax.set_ylabel("test accuracy (%)")
            if number + columns >= len(models):
                named = f" ({terms(cells.freezes)})" if columns == 1 and terms(cells.freezes) else ""
                ax.set_xlabel(f"freezing strategy{named}, and how many of the units it freezes")
        for ax in axes[len(models) :]:
            ax.set_visible(False)
        _limits(axes[0], results)
        for ax in axes[: len(models)]:
            draw_reference_lines(ax, baselines, len(cells.freezes) - 0.5, data["chance"])
        controlled = any(map(results.control, models))
        subtitle = (
            f"{shortened(data['name'], DATA_NAME)}: {plural(data['classes'], 'class')}, {data['test_clips']:g} test "
            f"clips, {data['split']} split, {plural(len(cells.seeds), 'seed')}"
        )
        headline(figure, "Test accuracy by freezing strategy", subtitle, top=0.86)
        _legend(figure, controlled, len(cells.seeds), bool(baselines))
    return figure


def _facet(ax: Axes, results: StudyResults, model: str, slot: float) -> None:
    cells, control = results.cells, results.control(model)
    chosen = cells.freezes.index(results.chosen[model])
    ax.axvspan(chosen - 0.5, chosen + 0.5, color=BAND, zorder=0)
    sides = {model: -1, control: 1} if control else {model: 0}
    tops = {model: _series(ax, results, model, sides[model], OWN, "o")}
    if control:
        tops[control] = _series(ax, results, control, sides[control], CONTROL, "D")
    for place, freeze in enumerate(cells.freezes):
        means = {name: 100 * by_seed(cells, (name, freeze), "test_accuracy").mean() for name in tops}
        upper = max(means, key=means.get)
        # Beyond the marks of both series: these stand closer than a number is wide.
        low, high = min(ends[place][0] for ends in tops.values()), max(ends[place][1] for ends in tops.values())
        for name, mean in means.items():
            above = name == upper
            ax.annotate(
                percent(mean / 100),
                (place + sides[name] * DODGE, high if above else low),
                xytext=(0, 4 if above else -4),
                textcoords="offset points",
                ha="center",
                va="bottom" if above else "top",
                path_effects=[withStroke(linewidth=2.5, foreground="white")],  # over the line of a baseline
                fontsize=8,
                color=OWN if name == model else CONTROL,
            )
    edge = len(cells.freezes) - 0.5 + room_for(len(results.baselines))
    _ticks(ax, results, model, slot)
    ax.get_xticklabels()[chosen].set_fontweight("bold")
    ax.set_xlim(-0.5, edge)
    ax.set_title(shortened(model, FACET_NAME))


def _series(
    ax: Axes, results: StudyResults, model: str, side: int, colour: str, marker: str
) -> list[tuple[float, float]]:
    """Draw one model's strategies on the left (-1) or right (1) of their place; the lowest and highest of each."""
    cells = results.cells
    places = np.arange(len(cells.freezes)) + side * DODGE
    values = np.array([100 * by_seed(cells, (model, freeze), "test_accuracy") for freeze in cells.freezes])
    means = values.mean(axis=1)
    low, high = values.min(axis=1), values.max(axis=1)
    ax.plot(places, means, color=colour, linewidth=1.1, alpha=0.4, zorder=2)
    if values.shape[1] > 1:
        # Seeds stand beside their mean in the study's order, not at random: the same picture every time.
        beside = (side or 1) * np.linspace(0.09, 0.2, values.shape[1])
        numbers = results.accuracy(model).values()
        ends = 100 * np.array([[item["ci_low"], item["ci_high"]] for item in numbers])
        ax.vlines(places, ends[:, 0], ends[:, 1], color=colour, linewidth=2.2, zorder=4)
        ax.scatter(places[:, None] + beside, values, s=11, color=colour, alpha=0.5, linewidths=0, zorder=3)
        low, high = np.minimum(low, ends[:, 0]), np.maximum(high, ends[:, 1])
    ax.scatter(places, means, s=36, color=colour, marker=marker, edgecolors="white", linewidths=0.9, zorder=5)
    return list(zip(low, high, strict=True))


def _ticks(ax: Axes, results: StudyResults, model: str, slot: float) -> None:
    """Name each strategy, with how many of the units it freezes, in a ``slot`` of so many points: in lines that fit,
    or turned where no lines do."""
    freezes = results.cells.freezes
    shown = [shortened(freeze, IN_TITLE) for freeze in freezes]
    names = _lines(shown, slot)
    turned = names is None
    labels = []
    for freeze, name in zip(freezes, names or shown, strict=True):
        size = results.size(model, freeze)
        known = size["units"] == size["units"] and size["units"] is not None
        frozen = f"{size['frozen_units']:.0f}/{size['units']:.0f}" if known else ""
        labels.append(f"{name} {frozen}".strip() if turned else f"{name}\n{frozen}".strip())
    more = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if turned else {}
    ax.set_xticks(range(len(labels)), labels, **more)


def _lines(freezes: Sequence[str], slot: float) -> list[str] | None:
    """Names in one line, else broken at ``_`` and ``-``, so that each fits into ``slot`` points; None where they do
    not."""
    for names in (list(freezes), [freeze.replace("_", "\n").replace("-", "\n") for freeze in freezes]):
        if LETTER * max(len(line) + 1 for name in names for line in name.split("\n")) <= slot:
            return names
    return None


def _limits(ax: Axes, results: StudyResults) -> None:
    """From chance, the honest floor, to the best seed or interval, with room for numbers above and below.

    The axis itself, its line and its ticks, keeps within 0 and 100 %.
    """
    drawn = results.extent()
    room = ROOM * max(max(drawn) - min(drawn), 5)
    low, high = min(drawn) - room, max(drawn) + room
    ax.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    ax.set_ylim(low, high)
    ax.set_yticks([tick for tick in ax.get_yticks() if max(0, low) <= tick <= min(100, high)])
    for part in ax.figure.axes:
        part.spines["left"].set_bounds(max(0, low), min(100, high))


def _legend(figure: Figure, controlled: bool, seeds: int, referenced: bool) -> None:
    def marker(shape: str, colour: str, size: float, **more: Any) -> Line2D:
        return Line2D([], [], linestyle="", marker=shape, color=colour, markersize=size, **more)

    entries = [(marker("o", OWN, 6.5), "pretrained weights" if controlled else "mean" if seeds > 1 else "one seed")]
    if controlled:
        entries.append((marker("D", CONTROL, 5.5), "random weights (control)"))
    if referenced:
        entries.append((marker("s", REFERENCE, 5.5), "baseline"))
    if seeds > 1:
        entries.append((marker("|", INK, 12, markeredgewidth=2.2), "95 % interval"))
        entries.append((marker("o", INK, 3.5, alpha=0.55), "one seed"))
    entries.append((Patch(color=BAND), "chosen on validation"))
    handles, labels = zip(*entries, strict=True)
    top_legend(figure, handles, labels, columns=len(entries))
