"""Where names stand beside dots so that none covers another: worked out for a chart as narrow as on a phone."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 270, 240  # pixels of the plot on a phone that is 390 wide; a wider chart has only more room
LETTER, LINE, DOT = 6.2, 13, 13  # pixels


@dataclass(frozen=True)
class Side:
    """A place beside a dot: shift of the name in pixels, and which end of it stands there."""

    dx: int
    dy: int
    align: str


SIDES = (
    Side(0, -12, "center"),
    Side(-10, 0, "right"),
    Side(10, 0, "left"),
    Side(0, 14, "center"),
    Side(-8, -11, "right"),
    Side(8, -11, "left"),
    Side(-8, 13, "right"),
    Side(8, 13, "left"),
)
Box = tuple[float, float, float, float]


def sides(points: Sequence[tuple[float, float, str]]) -> list[Side | None]:
    """The side at which each name goes; None where there is no room for it. Earlier names have the first choice.

    ``points`` are x from 0 (left) to 1, y from 0 (bottom) to 1, and the name.
    """
    centres = [(x * WIDTH, (1 - y) * HEIGHT) for x, y, _ in points]
    taken: list[Box] = [(x - DOT / 2, y - DOT / 2, x + DOT / 2, y + DOT / 2) for x, y in centres]
    chosen: list[Side | None] = []
    for number, ((x, y), (_, _, name)) in enumerate(zip(centres, points, strict=True)):
        others = [box for place, box in enumerate(taken) if place != number]
        free = (
            (side, box)
            for side in SIDES
            if _inside(box := _box(x, y, name, side)) and not any(_overlap(box, other) for other in others)
        )
        side, box = next(free, (None, None))
        chosen.append(side)
        if box is not None:
            taken.append(box)
    return chosen


def _box(x: float, y: float, name: str, side: Side) -> Box:
    width = LETTER * len(name)
    left = x + side.dx - {"left": 0.0, "center": width / 2, "right": width}[side.align]
    return left, y + side.dy - LINE / 2, left + width, y + side.dy + LINE / 2


def _inside(box: Box) -> bool:
    # A name may stand over the axis' numbers a little, and over the frame.
    return box[0] >= -30 and box[2] <= WIDTH + 20 and box[1] >= -20 and box[3] <= HEIGHT + 6


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
