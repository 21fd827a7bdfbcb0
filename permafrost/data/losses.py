"""Classes that lose many of their recordings, or all, before anything is trained."""

from collections import Counter
from collections.abc import Iterable

MANY = 1 / 3  # of a class's recordings: more than that is said


def lost_classes(kept: Iterable[str], lost: Iterable[str]) -> list[str]:
    """One line for each class that lost more than a third of its recordings; ``kept`` and ``lost`` are labels."""
    left, gone = Counter(kept), Counter(label for label in lost if label)
    return [
        f"class {label!r} lost all of its {count} recordings: no model will know it"
        if not left[label]
        else f"class {label!r} lost {count} of its {count + left[label]} recordings"
        for label, count in sorted(gone.items())
        if count > MANY * (count + left[label])
    ]
