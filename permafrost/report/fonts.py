"""The fonts of the figures: the same letters on every machine, and a word about those that none of them has."""

import logging
import shutil
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

with mpl.rc_context():  # importing it gives matplotlib IPAexGothic (kana and 11,000 kanji), and would draw all with it
    import matplotlib_fontja

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
_files = TemporaryDirectory(prefix="permafrost-fonts-")  # vl-convert reads them as it draws


def families() -> list[str]:
    """The fonts to draw with, the first that has a letter draws it."""
    installed = {font.name for font in fontManager.ttflist}
    return [*FIRST, *(name for name in OTHER_SCRIPTS if name in installed)]


@cache
def family() -> str:
    """The same fonts as CSS has them, the first two known to vl-convert."""
    import vl_convert

    for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"):  # not their folder: its font of last resort has every sign
        shutil.copy(Path(mpl.get_data_path(), "fonts/ttf", name), _files.name)
    for folder in (_files.name, Path(matplotlib_fontja.__file__).parent / "fonts"):
        vl_convert.register_font_directory(str(folder))
    return ", ".join(families())


def warn_of_undrawable(texts: Iterable[str]) -> None:
    """Say on stderr which characters of ``texts`` are drawn as boxes; each is named once by a process."""
    known = frozenset().union(*map(_letters, families()))
    new = [letter for letter in sorted(set().union(*texts) - known - _told) if _seen(letter)]
    if new:
        _told.update(new)
        print(
            f"warning: these characters cannot be drawn: {''.join(new)}; install a font that has them (Debian: "
            "fonts-noto-cjk for Chinese and Korean, fonts-noto-core for other scripts)",
            file=sys.stderr,
        )


def _seen(letter: str) -> bool:
    return unicodedata.category(letter) not in UNSEEN and ord(letter) not in SELECTORS


@cache
def _letters(family: str) -> frozenset[str]:
    try:
        path = findfont(FontProperties(family=[family]), fallback_to_default=False)
    except ValueError:  # not installed
        return frozenset()
    return frozenset(map(chr, get_font(path).get_charmap()))
