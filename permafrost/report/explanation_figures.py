"""SHAP values as pictures, by shap's own plots: which descriptors matter, for whom, and why one clip is what it is."""

import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import shap
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from permafrost.report.style import house_style, save

COLOURS = 128
SHOWN = 15  # descriptors in a picture; the rest is one line
SEED = 0  # of the beeswarm's jitter

Floats = NDArray[np.float64]


def draw_beeswarm(path: Path, values: Floats, base: float, data: Floats, names: list[str], label: str) -> None:
    """Each descriptor's effect on the probability of the class ``label``, a dot a clip, coloured by its value.

    Args:
        path: the PNG to write.
        values: SHAP values [clips, descriptors].
        base: the mean prediction from which they count.
        data: descriptors [clips, descriptors].
        names: of the descriptors.
        label: the class.
    """
    found = _explanation(values, base, data, names)
    _draw(
        path,
        lambda: shap.plots.beeswarm(found, max_display=SHOWN, show=False, plot_size=(9, 5.5)),
        f"What raises and lowers the probability of {label}",
        f"SHAP value: change of the probability of {label}",
    )


def draw_heatmap(path: Path, values: Floats, base: float, data: Floats, names: list[str], label: str) -> None:
    """The same values clip by clip, clips of like explanations side by side, the prediction above. Args as above."""
    found = _explanation(values, base, data, names)
    _draw(
        path,
        lambda: shap.plots.heatmap(found, max_display=SHOWN, show=False, plot_width=9),
        f"Clip by clip: the probability of {label}",
        "test clips, those of like explanations together",
    )


def draw_waterfall(
    path: Path, values: Floats, base: float, data: Floats, names: list[str], clip: str, label: str
) -> None:
    """One clip: from the mean prediction to its own, descriptor by descriptor.

    Args:
        path: the PNG to write.
        values: SHAP values [descriptors].
        base: the mean prediction.
        data: descriptors [descriptors].
        names: of the descriptors.
        clip: its id.
        label: the class whose probability is explained.
    """
    found = _explanation(values, base, data, names)
    _draw(
        path,
        lambda: shap.plots.waterfall(found, max_display=SHOWN, show=False),
        f"Why {clip} is taken for {label}, probability {base + values.sum():.2f}",
        None,
    )


def _explanation(values: Floats, base: float, data: Floats, names: list[str]) -> shap.Explanation:
    bases = base if values.ndim == 1 else np.full(len(values), base)
    # Five digits say enough of a roll-off in hertz; shap prints what it is given.
    rounded = np.vectorize(lambda value: float(f"{value:.4g}"))(data)
    return shap.Explanation(values, base_values=bases, data=rounded, feature_names=names)


def _draw(path: Path, plot: Callable[[], object], title: str, label: str | None) -> None:
    """Draw with pyplot, as shap does; the figure is taken from it, titled, written in the house's way and closed."""
    drawn = np.random.get_state()
    with house_style(), warnings.catch_warnings():
        mpl.use("agg")
        warnings.simplefilter("ignore")  # shap's, about its own use of matplotlib and of NumPy's global stream
        plt.rcParams["axes.grid"] = False
        np.random.seed(SEED)
        try:
            plt.figure()
            plot()
            figure = plt.gcf()
            if label is not None:
                figure.axes[0].set_xlabel(label)
            place = figure.axes[0].get_position()
            figure.text(place.x0, place.y1 + 0.07, title, ha="left", va="bottom", fontsize=12, fontweight="bold")
            save(figure, path, COLOURS, tight=True)
        finally:
            np.random.set_state(drawn)
            plt.close("all")
