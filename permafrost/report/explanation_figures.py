"""SHAP values as pictures, by shap's own plots: which descriptors matter, for whom, and why one clip is what it is."""

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import matplotlib as mpl
import numpy as np
import shap
from matplotlib import pyplot as plt
from matplotlib.text import Text
from numpy.typing import NDArray

from permafrost.report.explained import Picture
from permafrost.report.fonts import families, warn_of_undrawable
from permafrost.report.html.figure import write_png
from permafrost.report.names import shortened

COLOURS, IN_TITLE = 128, 22  # letters of a name in a title
# Names of classes and clips are the user's: a dollar is a dollar, no formula begins with it.
STYLE = {"text.parse_math": False, "font.size": 9, "text.color": "#24292F", "axes.linewidth": 0.8}
SHOWN = 15  # descriptors in a picture; the rest is one line
SEED = 0  # of the beeswarm's jitter

Floats = NDArray[np.float64]


class Explained(Protocol):
    """SHAP values as ``baselines.explaining.Explanation`` has them: ``values`` [clips, descriptors, classes]."""

    names: tuple[str, ...]
    classes: tuple[str, ...]
    values: Floats
    base: Floats
    data: Floats
    clip_ids: tuple[str, ...]

    def ranked(self) -> list[str]:
        """The descriptors, the most important first."""

    def class_number(self, label: str | None) -> int:
        """The place of a class; for None, of the one that varies most."""

    def clip_number(self, clip_id: str | None) -> int:
        """The place of a clip; for None, the first."""


def draw_explanation(out: Path, name: str, found: Explained, label: str | None, clip: str | None) -> list[Picture]:
    """Draw beeswarm, heatmap and waterfall of model ``name`` into ``out/name``; what each shows.

    Args:
        out: plots/explain.
        name: of the model.
        found: its explanation.
        label: the class of beeswarm and heatmap; None for the one that varies most.
        clip: that of the waterfall; None for the first.

    Raises:
        PermafrostError: no such class or clip.
    """
    number, row = found.class_number(label), found.clip_number(clip)
    shown, of_clip = found.classes[number], found.clip_ids[row]
    one_class = _values(found.values[:, :, number], np.full(len(found.values), found.base[number]), found.data, found)
    answers = found.base + found.values[row].sum(axis=0)
    predicted = int(answers.argmax())
    answer = found.classes[predicted]
    one_clip = _values(found.values[row, :, predicted], float(found.base[predicted]), found.data[row], found)
    named, taken, taken_for = (shortened(text, IN_TITLE) for text in (shown, of_clip, answer))
    options = {"max_display": SHOWN, "show": False}
    drawn = {
        "beeswarm": (
            lambda: shap.plots.beeswarm(one_class, plot_size=(9, 5.5), **options),
            f"What raises and lowers the probability of {named}",
            f"SHAP value: change of the probability of {named}",
            f"SHAP values of each descriptor for {shown}, a dot a clip; over all classes the largest are "
            + ", ".join(found.ranked()[:5]),
        ),
        "heatmap": (
            lambda: shap.plots.heatmap(one_class, plot_width=9, **options),
            f"Clip by clip: the probability of {named}",
            "test clips, those of like explanations together",
            f"The same SHAP values for {shown} clip by clip, like explanations together",
        ),
        "waterfall": (
            lambda: shap.plots.waterfall(one_clip, **options),
            f"Why {taken} is taken for {taken_for}, probability {answers[predicted]:.2f}",
            None,
            f"Why {of_clip} is taken for {answer}, descriptor by descriptor",
        ),
    }
    for kind, (plot, title, axis, _) in drawn.items():
        _draw(out / name / f"{kind}.png", plot, title, axis)
    return [Picture(name, f"{name}/{kind}.png", words) for kind, (*_, words) in drawn.items()]


def _values(values: Floats, base: Floats | float, data: Floats, found: Explained) -> shap.Explanation:
    # Five digits say enough of a roll-off in hertz; shap prints what it is given.
    rounded = np.vectorize(lambda value: float(f"{value:.4g}"))(data)
    return shap.Explanation(values, base_values=base, data=rounded, feature_names=list(found.names))


def _draw(path: Path, plot: Callable[[], object], title: str, label: str | None) -> None:
    """Draw with pyplot, as shap does; the figure is taken from it, titled, written and closed: equal values give equal
    bytes, and a user's own matplotlibrc has no say."""
    drawn, file = np.random.get_state(), io.BytesIO()
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.use("agg")
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE | {"font.family": families()})
        warnings.simplefilter("ignore")  # shap's, about its own use of matplotlib and of NumPy's global stream
        np.random.seed(SEED)
        try:
            plt.figure()
            plot()
            figure = plt.gcf()
            if label is not None:
                figure.axes[0].set_xlabel(label)
            place = figure.axes[0].get_position()
            figure.text(place.x0, place.y1 + 0.07, title, ha="left", va="bottom", fontsize=12, fontweight="bold")
            warn_of_undrawable(text.get_text() for text in figure.findobj(Text) if text.get_visible())
            figure.savefig(file, dpi=150, bbox_inches="tight")
        finally:
            np.random.set_state(drawn)
            plt.close("all")
    write_png(path, file.getvalue(), COLOURS)
