"""Baselines in a figure of strategies: a line across it for each, its interval at the right edge, its name beside."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from permafrost.report.spreading import spread
from permafrost.report.style import REFERENCE
from permafrost.report.wording import percent

FIRST, STEP = 0.1, 0.16  # where their intervals stand, in strategies right of the last one's place
LINE = 0.05  # least distance of two names, as a share of the axis' height


def room_for(count: int) -> float:
    """How much further right the axis reaches for ``count`` baselines, in strategies."""
    return 0.0 if not count else FIRST + STEP * count


def draw_reference_lines(ax: Axes, baselines: Mapping[str, Mapping[str, Any]], edge: float) -> None:
    """Draw ``baselines`` (name to numbers of summary.json, fractions) right of ``edge``, the end of the strategies.

    The vertical limits must stand already: names keep their distance within them.
    """
    named = sorted(baselines.items(), key=lambda item: item[1]["mean"])
    low, high = ax.get_ylim()
    heights = spread([100 * numbers["mean"] for _, numbers in named], LINE * (high - low), low, high)
    for number, ((name, numbers), height) in enumerate(zip(named, heights, strict=True)):
        place, mean = edge + FIRST + STEP * number, 100 * numbers["mean"]
        ax.axhline(mean, color=REFERENCE, linewidth=0.9, linestyle=(0, (5, 3)), alpha=0.6, zorder=1.5)
        ends = [100 * numbers[end] for end in ("ci_low", "ci_high") if numbers[end] is not None]
        if ends:
            ax.vlines(place, *ends, color=REFERENCE, linewidth=2.2, zorder=4)
        ax.scatter([place], [mean], s=26, color=REFERENCE, marker="s", edgecolors="white", linewidths=0.9, zorder=5)
        ax.annotate(
            f"{name} {percent(mean / 100)}",
            (1, height),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            fontsize=8,
            color=REFERENCE,
            annotation_clip=False,
        )
