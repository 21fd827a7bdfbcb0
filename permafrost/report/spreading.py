"""Names moved apart so that none covers another."""


def spread(heights: list[float], distance: float, low: float, high: float) -> list[float]:
    """Ascending ``heights`` moved apart to at least ``distance``, first upwards, then down from ``high``.

    Where ``low`` to ``high`` has no room for all, they keep their distance and go beyond ``high``.
    """
    moved = list(heights)
    for number in range(1, len(moved)):
        moved[number] = max(moved[number], moved[number - 1] + distance)
    ceiling = max(high, low + distance * (len(moved) - 1))
    for number in reversed(range(len(moved))):
        moved[number] = min(moved[number], ceiling)
        ceiling = moved[number] - distance
    return moved
