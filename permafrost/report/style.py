"""The look of what matplotlib draws (SHAP values, mel pictures), in files of the same bytes for the same numbers."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from permafrost.report.fonts import families, warn_of_undrawable

INK, FAINT, GRID = "#24292F", "#6E7781", "#E6E8EB"
# A README column is about 860 pixels wide, in which 9 pt stay readable; `dvc plots` shows pictures at full size.
WIDTH_INCHES, DOTS_PER_INCH = 8.8, 150
TITLE, DATA_NAME, IN_TITLE = 70, 34, 22  # letters that have room: of a title, of a name below it, of one within it

_SETTINGS = {
    # Names of classes and data sets are the user's: a dollar is a dollar, no formula begins with it.
    "text.parse_math": False,
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "savefig.dpi": DOTS_PER_INCH,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw within this; a user's own matplotlibrc has no say."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        mpl.rcParams["font.family"] = families()
        yield


def new_figure(height: float) -> Figure:
    """An empty figure of the usual width (inches), free of pyplot's global state and of any window system."""
    figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.06, wspace=0.03, hspace=0.05)
    return figure


def headline(figure: Figure, title: str, subtitle: str, top: float) -> None:
    """Title and subtitle, left, above everything else; ``top`` is the height in inches that they take."""
    height = figure.get_size_inches()[1]
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - top / height))
    figure.text(0.012, 1 - 0.10 / height, title, ha="left", va="top", fontsize=12, fontweight="bold")
    figure.text(0.012, 1 - 0.34 / height, subtitle, ha="left", va="top", fontsize=9, color=FAINT)


def save(figure: Figure, path: Path, colours: int | None = None, tight: bool = False) -> None:
    """Write a PNG without date, version or anything else that would differ between equal figures.

    ``colours``: no more than these, for pictures of many shades, which then take a third of the room; ``tight``: cut
    to what is drawn.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    warn_of_undrawable(text.get_text() for text in figure.findobj(Text) if text.get_visible())
    with house_style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # has been said, in words
        figure.savefig(path, metadata={"Software": None}, bbox_inches="tight" if tight else None)
    if colours is not None:
        with Image.open(path) as image:
            fewer = image.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
        fewer.save(path, "PNG", optimize=True)
