"""Names that users gave (of classes, clips, data sets, revisions): one line, short enough, and plain in Markdown.

HTML needs none of this: the templates escape what they are given.
"""

import re
import unicodedata

MARKUP = re.compile(r"[\\`*\[\]<>&#|~$]|\b_|_\b")
UNSEEN = {"Cc", "Cs", "Zl", "Zp"}


def one_line(name: str) -> str:
    """``name`` without line breaks and control characters; spaces in a row are one."""
    return " ".join("".join(" " if unicodedata.category(letter) in UNSEEN else letter for letter in name).split())


def letters(name: str) -> int:
    """The width of ``name`` in Latin letters: Chinese, Japanese and Korean ones take two."""
    return sum(map(_width, name))


def shortened(name: str, most: int) -> str:
    """``name`` in one line of at most ``most`` letters, an ellipsis for what is left out."""
    name = one_line(name)
    if letters(name) <= most:
        return name
    kept, room = "", most - 1
    for letter in name:
        room -= _width(letter)
        if room < 0:
            break
        kept += letter
    return kept.rstrip() + "…"


def code_span(name: str) -> str:
    """``name`` as code in Markdown, whatever it holds: nothing within is markup."""
    name = one_line(name) or " "
    fence = "`" * (1 + max(map(len, re.findall("`+", name)), default=0))
    pad = " " if name.startswith("`") or name.endswith("`") else ""
    return f"{fence}{pad}{name}{pad}{fence}"


def plain(name: str) -> str:
    """``name`` as text in Markdown; as code where something within would be markup."""
    return code_span(name) if MARKUP.search(name) else one_line(name)


def _width(letter: str) -> int:
    return 0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
