"""How numbers and names are written, the same in sentences, tables and figures."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MINUS = "−"
NONE = "–"


def percent(share: float, digits: int = 1) -> str:
    """``0.8312`` as ``83.1``."""
    return _signless(100 * share, digits)


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign: ``+2.3``, ``−0.5``, ``0.0``."""
    text = _signless(100 * difference, 1)
    return f"+{text}" if difference > 0 and float(text) else text


def plain_points(gap: float) -> str:
    """A gap that was given, in points as it was given: ``4``, ``2.5``."""
    return f"{100 * gap:g}"


def mean_and_sd(numbers: Mapping[str, Any], unit: str = "%") -> str:
    """``83.1 ± 1.2`` in percent, ``0.412 ± 0.020`` in other units; the mean alone where a single seed has no spread."""
    values = [numbers[key] for key in ("mean", "sd") if numbers.get(key) is not None]
    return " ± ".join(percent(value) if unit == "%" else _signless(value, 3) for value in values)


def limits(low: float | None, high: float | None, signed: bool = False) -> str:
    """``80.1 to 86.1`` in percent, with signs for a difference; a dash where there is no interval."""
    if low is None or high is None:
        return NONE
    write = points if signed else percent
    return f"{write(low)} to {write(high)}"


def interval(low: float | None, high: float | None) -> str:
    """``[−0.5, +5.1]``: the limits of a difference; empty where there is no interval."""
    return "" if low is None or high is None else f"[{points(low)}, {points(high)}]"


def gap_words(gap: float, low: float | None, high: float | None) -> str:
    """A difference in points with its interval: ``+2.3 [−0.5, +5.1]``."""
    return f"{points(gap)} {interval(low, high)}".strip()


def probability(p: float | None) -> str:
    """A p value: ``.031``, ``< .001``; a dash where there is none."""
    if p is None:
        return NONE
    return "< .001" if p < 0.001 else "1" if p > 0.9995 else f"{p:.3f}".removeprefix("0")


def equals(p: float) -> str:
    """``= .031`` or ``< .001``, to stand after a symbol."""
    text = probability(p)
    return text if text.startswith("<") else f"= {text}"


def count(number: float) -> str:
    """A number of things with thin groups of thousands: ``85.8 M``, ``270 k``, ``650``."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:g}"


def duration(seconds: float) -> str:
    """``14 s``, ``3.5 min``, ``2.1 h``: seconds of training in the unit that reads best."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def plural(number: float, noun: str) -> str:
    """``1 seed``, ``3 seeds``, ``12 classes``, ``6 strategies``."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{number:g} {noun[:-1]}ies"
    return f"{number:g} {noun}{'es' if noun.endswith('s') else 's'}"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def coded(names: Iterable[str]) -> list[str]:
    """Names of strategies and recipes as Markdown code: they hold no sign that would end it."""
    return [f"`{name}`" for name in names]


def _signless(value: float, digits: int) -> str:
    """``value`` rounded half away from zero, whatever its last bits: 82.75 is ``82.8`` by any sum that gives it."""
    step = Decimal(1).scaleb(-digits)
    text = str(Decimal(repr(round(float(value), digits + 6))).quantize(step, ROUND_HALF_UP))
    return text.removeprefix("-") if not float(text) else text.replace("-", MINUS)
