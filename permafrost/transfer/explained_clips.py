"""Which clips a picture shows."""

from collections.abc import Sequence

SHOWN = 12


def one_of_each_class(labels: Sequence[str], at_most: int = SHOWN) -> list[int]:
    """The place of the first clip of each class, classes sorted, no more than ``at_most``."""
    return [list(labels).index(label) for label in sorted(set(labels))[:at_most]]
