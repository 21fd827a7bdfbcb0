"""Strategies by name, a module each: what learns, how fast and for how long."""

from collections.abc import Iterator
from typing import Any

DEFAULT = "depth"
THEN = "then"  # where a strategy that begins with others' runs says how it goes on


def kinds_of(entry: Any) -> Iterator[str]:
    """The kinds that an entry of section ``freezing`` names: its own, and that of what it goes on with."""
    if isinstance(entry, dict):
        yield entry.get("kind", DEFAULT)
        if THEN in entry:
            yield from kinds_of(entry[THEN])
