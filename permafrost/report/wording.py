"""How numbers and names are written, the same in sentences, tables and figures."""

from collections.abc import Mapping
from typing import Any

MINUS = "−"


def percent(share: float, digits: int = 1) -> str:
    """``0.8312`` as ``83.1``."""
    return _signless(100 * share, digits)


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign: ``+2.3``, ``−0.5``, ``0.0``."""
    text = _signless(100 * difference, 1)
    return f"+{text}" if difference > 0 and float(text) else text


def mean_and_sd(numbers: Mapping[str, Any]) -> str:
    """``83.1 ± 1.2`` in percent; the mean alone where a single seed has no spread."""
    if numbers["sd"] is None:
        return percent(numbers["mean"])
    return f"{percent(numbers['mean'])} ± {percent(numbers['sd'])}"


def interval(numbers: Mapping[str, Any], signed: bool = False) -> str:
    """``[80.1, 86.1]`` in percent, with signs for a difference; empty with a single seed."""
    if numbers["ci_low"] is None:
        return ""
    write = points if signed else percent
    return f"[{write(numbers['ci_low'])}, {write(numbers['ci_high'])}]"


def difference(numbers: Mapping[str, Any]) -> str:
    """``+2.3 [−0.5, +5.1]`` in percentage points."""
    return f"{points(numbers['mean'])} {interval(numbers, signed=True)}".strip()


def count(number: float) -> str:
    """A number of things with thin groups of thousands: ``85.8 M``, ``270 k``, ``650``."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:g}"


def plural(number: float, noun: str) -> str:
    """``1 seed``, ``3 seeds``, ``12 classes``."""
    ending = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{number:g} {noun}{ending}"


def _signless(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if not float(text) else text.replace("-", MINUS)
