"""Mel pictures with what a network looked at: the loud parts in grey, the decisive ones in colour."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from permafrost.report.explained import Picture
from permafrost.report.style import CONTROL, headline, house_style, new_figure, save

COLUMNS = 3
COLOURS = 96
# From nothing to the accent colour: what does not matter leaves the picture as it is.
_OVER = LinearSegmentedColormap.from_list("saliency", [(1, 1, 1, 0), CONTROL])


def caption(label: str, answer: str, probability: float) -> str:
    """``jazz: found, 0.93`` or ``jazz: taken for blues, 0.41``."""
    said = "found" if answer == label else f"taken for {answer}"
    return f"{label}: {said}, {probability:.2f}"


def draw_saliency(
    out: Path,
    name: str,
    method: str,
    pictures: NDArray[np.float32],
    maps: NDArray[np.float32],
    captions: Sequence[str],
) -> Picture:
    """Write ``out/name/saliency.png`` with a panel a clip; what it shows.

    Args:
        out: plots/explain.
        name: of the model.
        method: how the maps were made, for the subtitle.
        pictures: [clips, height, width], low frequencies first.
        maps: [clips, height, width] in 0 … 1.
        captions: one a clip.
    """
    title = f"What {name} looks at"
    rows = -(-len(pictures) // COLUMNS)
    with house_style():
        figure = new_figure(0.7 + 1.75 * rows)
        headline(figure, title, f"grey: the mel picture; colour: {method}, the strongest place of each clip full", 0.62)
        panels = figure.subplots(rows, COLUMNS, squeeze=False)
        for panel in panels.flat:
            panel.axis("off")
        for panel, picture, map_, caption in zip(panels.flat, pictures, maps, captions, strict=False):
            panel.imshow(picture, aspect="auto", origin="lower", cmap="gray", interpolation="nearest")
            panel.imshow(map_, aspect="auto", origin="lower", cmap=_OVER, vmin=0, vmax=1, alpha=0.75)
            panel.set_title(caption, fontsize=8.5, fontweight="normal")
        save(figure, out / name / "saliency.png", COLOURS)
    words = f"Mel pictures of one clip a class, where {name} looks coloured ({method}): {'; '.join(captions)}"
    return Picture(name, f"{name}/saliency.png", words)
