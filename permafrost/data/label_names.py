"""Names of classes, groups and folds as people type them: tidied, and those warned of that nearly are one another."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations

INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")  # zero-width signs and the soft hyphen
SHORTEST = 5  # letters of a name that another sign may make a slip: cat and bat are two things
MOST_NAMES = 2_000  # all pairs are compared


def tidy(name: str) -> str:
    """``name`` without outer and with single inner white space, in composed form (NFC)."""
    return " ".join(INVISIBLE.sub("", unicodedata.normalize("NFC", name)).split())


def merged(written: Mapping[str, int]) -> list[str]:
    """One line for each class that is spelt in several ways; ``written`` has the spellings and their clips."""
    spellings = defaultdict(list)
    for name in sorted(written):
        spellings[tidy(name)].append(name)
    return [
        f"{', '.join(f'{ascii_of(name)} ({written[name]})' for name in names)} are one class, {label!r}: names differ "
        "in white space or Unicode form only"
        for label, names in spellings.items()
        if len(names) > 1
    ]


def ascii_of(name: str) -> str:
    """``name`` quoted, with what cannot be told apart by eye written out."""
    return repr(name) if unicodedata.is_normalized("NFC", name) and "\u00a0" not in name else ascii(name)


def near_equal(clips: Mapping[str, int]) -> list[str]:
    """One line for each two classes whose names differ by case, accents, a plural's s, a number's zeros or one letter.

    Args:
        clips: how many clips each class has.
    """
    if len(clips) > MOST_NAMES:
        return []
    return [
        f"{one!r} ({clips[one]} clips) and {other!r} ({clips[other]}) differ by {how} only"
        for one, other in combinations(sorted(clips), 2)
        if (how := _difference(one, other))
    ]


def _difference(one: str, other: str) -> str:
    if one.casefold() == other.casefold():
        return "case"
    first, second = _plain(one), _plain(other)
    if first == second:
        return "accents or separators"
    if first.isdecimal() and second.isdecimal():
        return "leading zeros" if int(first) == int(second) else ""
    short, long = sorted((first, second), key=len)
    if long in (short + "s", short + "es") and len(short) > 2:
        return "a plural"
    return "one letter" if len(short) >= SHORTEST and _one_letter_apart(short, long) else ""


def _plain(name: str) -> str:
    """Without case, Latin accents, white space and ``_ - .``; other scripts' marks are letters, and C# is not C."""
    return re.sub(r"[\u0300-\u036f\s_.-]", "", unicodedata.normalize("NFKD", name.casefold()))


def _one_letter_apart(short: str, long: str) -> bool:
    """Whether one letter is replaced, added, or changes places with its neighbour; another digit is another name."""
    if len(long) - len(short) > 1:
        return False
    at = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    changed = {*short[at : at + 1], *long[at : at + 1]}
    if any(sign.isdigit() for sign in changed) or (at == len(short) and at + 1 == len(long)):
        return False  # song_a and song_b, class1 and class12: they are counted through by their last sign
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    if at == len(short) - 1:
        return False
    swapped = short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    return swapped or short[at + 1 :] == long[at + 1 :]
