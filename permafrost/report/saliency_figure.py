"""Mel pictures with what a network looked at: the mel picture in grey, the decisive places in colour."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from numpy.typing import NDArray

from permafrost.audio.mel_axes import MelAxes
from permafrost.report.explained import Picture
from permafrost.report.names import shortened
from permafrost.report.style import IN_TITLE, headline, house_style, new_figure, save

COLUMNS = 3
LONGEST_NAME = 14  # letters; two of them stand above a picture
COLOURS = 96
# The mel picture ends at a middle grey and colour at a bright one, so that colour shows on loud and on quiet parts.
_GREYS = LinearSegmentedColormap.from_list("mel", ["#101010", "#B8B8B8"])
# What does not matter leaves the picture as it is.
_OVER = LinearSegmentedColormap.from_list("saliency", [(1, 0.42, 0, 0), (1, 0.42, 0, 0.75), (1, 0.75, 0, 1)])
# Maps have few strong places: the root gives half of the colours to what is weaker than a quarter of the strongest.
_STRENGTH = PowerNorm(0.5, 0, 1)


def caption(label: str, answer: str, probability: float) -> str:
    """``jazz: found, 0.93`` or ``jazz: taken for blues, 0.41``."""
    said = "found" if answer == label else f"taken for {shortened(answer, LONGEST_NAME)}"
    return f"{shortened(label, LONGEST_NAME)}: {said}, {probability:.2f}"


def draw_saliency(
    out: Path,
    name: str,
    method: str,
    pictures: NDArray[np.float32],
    maps: NDArray[np.float32],
    captions: Sequence[str],
    axes: MelAxes,
) -> Picture:
    """Write ``out/name/saliency.png`` with a panel a clip; what it shows.

    Args:
        out: plots/explain.
        name: of the model.
        method: how the maps were made, for the subtitle.
        pictures: [clips, height, width], low frequencies first.
        maps: [clips, height, width] in 0 … 1.
        captions: one a clip.
        axes: of all pictures.
    """
    title = f"What {shortened(name, IN_TITLE)} looks at"
    rows = -(-len(pictures) // COLUMNS)
    with house_style():
        figure = new_figure(1.0 + 1.85 * rows)
        headline(figure, title, f"grey: the mel picture; colour: what decided, by {method}", 0.62)
        panels = figure.subplots(rows, COLUMNS, squeeze=False, sharex=True, sharey=True)
        extent = (0, axes.seconds, 0, 1)
        shown = list(zip(panels.flat, pictures, maps, captions, strict=False))
        for panel, picture, map_, caption in shown:
            panel.grid(False)
            panel.imshow(picture, aspect="auto", origin="lower", cmap=_GREYS, interpolation="nearest", extent=extent)
            over = panel.imshow(map_, aspect="auto", origin="lower", cmap=_OVER, norm=_STRENGTH, extent=extent)
            panel.set_title(caption, fontsize=8.5, fontweight="normal")
            panel.set_yticks(*axes.ticks())
            panel.tick_params(size=2.5, labelbottom=True)
        for panel in panels.flat[len(shown) :]:
            panel.set_visible(False)
        figure.supxlabel("time (s)", fontsize=9)
        figure.supylabel("frequency (kHz, mel scale)", fontsize=9)
        bar = figure.colorbar(over, ax=panels, pad=0.015, aspect=40, ticks=[0, 0.1, 0.25, 0.5, 1])
        bar.ax.set_facecolor("#606060")  # as over a grey picture
        bar.set_label("saliency, as a share of each clip's strongest place")
        save(figure, out / name / "saliency.png", COLOURS)
    words = f"Mel pictures of one clip a class, where {name} looks coloured ({method}): {'; '.join(captions)}"
    return Picture(name, f"{name}/saliency.png", words)
