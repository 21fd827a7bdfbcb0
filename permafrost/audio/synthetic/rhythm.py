"""Metres: where beats and their subdivisions fall in time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metre:
    """A bar of ``beats``; ``off`` is where the half of a beat falls, ``divisions`` the steps a beat is counted in."""

    beats: int
    off: float
    divisions: tuple[float, ...]


METRES = {
    "four": Metre(4, 0.5, (0.0, 0.5)),
    "swung": Metre(4, 2 / 3, (0.0, 2 / 3)),
    "three": Metre(3, 0.5, (0.0, 0.5)),
    "six": Metre(2, 2 / 3, (0.0, 1 / 3, 2 / 3)),
}


def warp(metre: Metre, position: float) -> float:
    """Move a straight ``position`` (beats) to where the metre puts it: a half beat to ``off``, the rest between."""
    beat, rest = divmod(position, 1.0)
    if rest <= 0.5:
        return beat + rest * 2 * metre.off
    return beat + metre.off + (rest - 0.5) * 2 * (1 - metre.off)


def onsets(metre: Metre, bar: tuple[float, ...]) -> list[float]:
    """Positions (beats) in a bar of the metre for a pattern written straight in four beats; what does not fit goes."""
    return [warp(metre, position) for position in bar if position < metre.beats]


def subdivisions(metre: Metre) -> list[float]:
    """All counted steps of a bar, in beats."""
    return [beat + step for beat in range(metre.beats) for step in metre.divisions]
