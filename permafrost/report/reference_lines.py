"""Baselines and chance in a figure of strategies: a line across it for each, its name beside, outside the axes."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from permafrost.report.names import shortened
from permafrost.report.spreading import spread
from permafrost.report.style import FAINT, REFERENCE
from permafrost.report.wording import percent

FIRST, STEP = 0.1, 0.16  # where their intervals stand, in strategies right of the last one's place
LONGEST_NAME = 16  # letters: a longer one would take the room of the strategies
LINE = 0.065  # least distance of two names, as a share of the axis' height


def room_for(count: int) -> float:
    """How much further right the axis reaches for ``count`` baselines, in strategies."""
    return 0.0 if not count else FIRST + STEP * count


def draw_reference_lines(ax: Axes, baselines: Mapping[str, Mapping[str, Any]], edge: float, chance: float) -> None:
    """Draw ``baselines`` (name to numbers of details.json, fractions) right of ``edge``, the end of the strategies.

    ``chance`` is a fraction. The vertical limits must stand already: names keep their distance within them.
    """
    ax.axhline(100 * chance, color=FAINT, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    named = [(100 * chance, f"chance {percent(chance, 0)}", FAINT)]
    for number, (name, numbers) in enumerate(sorted(baselines.items(), key=lambda item: item[1]["mean"])):
        place, mean = edge + FIRST + STEP * number, 100 * numbers["mean"]
        named.append((mean, f"{shortened(name, LONGEST_NAME)} {percent(mean / 100)}", REFERENCE))
        ax.axhline(mean, color=REFERENCE, linewidth=0.9, linestyle=(0, (5, 3)), alpha=0.6, zorder=1.5)
        ends = [100 * numbers[end] for end in ("ci_low", "ci_high") if numbers[end] is not None]
        if ends:
            ax.vlines(place, *ends, color=REFERENCE, linewidth=2.2, zorder=4)
        ax.scatter([place], [mean], s=26, color=REFERENCE, marker="s", edgecolors="white", linewidths=0.9, zorder=5)
    named.sort()
    low, high = ax.get_ylim()
    heights = spread([mean for mean, _, _ in named], LINE * (high - low), low, high)
    for (_, text, colour), height in zip(named, heights, strict=True):
        ax.annotate(
            text,
            (1, height),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            fontsize=8,
            color=colour,
            annotation_clip=False,
        )
