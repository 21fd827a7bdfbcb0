"""The fonts of the figures: the same letters on every machine, and a word about those that none of them has."""

import logging
import sys
import unicodedata
from functools import cache

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.text import Text

with mpl.rc_context():  # importing it gives matplotlib IPAexGothic (kana and 11,000 kanji), and would draw all with it
    import matplotlib_fontja  # noqa: F401

# DejaVu comes with matplotlib, IPAexGothic with matplotlib-fontja. What both lack comes from the first of the others
# that is installed and has it.
FIRST = ("DejaVu Sans", "IPAexGothic")
OTHER_SCRIPTS = (
    *("Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans JP", "WenQuanYi Zen Hei", "Droid Sans Fallback"),
    *("PingFang SC", "Microsoft YaHei", "Malgun Gothic", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Nirmala UI", "Noto Sans Thai", "Noto Emoji"),
)
# Nothing is drawn for controls, marks of direction and joining, and spaces; selectors of variants follow a letter.
UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp"}
SELECTORS = range(0xFE00, 0xFE10)

# That a font of one weight alone draws bold text in it too is no news to a user.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

_told: set[str] = set()


def families() -> list[str]:
    """The fonts to draw with, the first that has a letter draws it."""
    installed = {font.name for font in fontManager.ttflist}
    return [*FIRST, *(name for name in OTHER_SCRIPTS if name in installed)]


def undrawable(figure: Figure) -> list[str]:
    """The characters of the figure's visible texts that no font of theirs has, sorted."""
    missing: set[str] = set()
    for text in figure.findobj(Text):
        if text.get_visible():
            font = text.get_fontproperties()
            drawn = (_letters(family, font.get_weight()) for family in font.get_family())
            missing |= set(text.get_text()).difference(*drawn)
    return sorted(
        letter for letter in missing if unicodedata.category(letter) not in UNSEEN and ord(letter) not in SELECTORS
    )


def warn_of_undrawable(figure: Figure) -> None:
    """Say on stderr which characters of the figure are drawn as boxes; each is named once by a process."""
    new = [letter for letter in undrawable(figure) if letter not in _told]
    if new:
        _told.update(new)
        print(
            f"warning: these characters cannot be drawn: {''.join(new)}; install a font that has them (Debian: "
            "fonts-noto-cjk for Chinese and Korean, fonts-noto-core for other scripts)",
            file=sys.stderr,
        )


@cache
def _letters(family: str, weight: str | int) -> frozenset[str]:
    try:
        path = findfont(FontProperties(family=[family], weight=weight), fallback_to_default=False)
    except ValueError:  # not installed
        return frozenset()
    return frozenset(map(chr, get_font(path).get_charmap()))
