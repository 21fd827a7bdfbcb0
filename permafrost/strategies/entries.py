"""What an entry of section ``freezing`` refers to, read from its plain values; nothing heavy is imported."""

from collections.abc import Iterator
from typing import Any

DEFAULT = "depth"
THEN = "then"  # where a strategy that begins with others' runs says how it goes on


def kinds_of(values: Any) -> Iterator[str]:
    """The kinds that an entry names: its own, and that of what it goes on with."""
    if isinstance(values, dict):
        yield values.get("kind", DEFAULT)
        if THEN in values:
            yield from kinds_of(values[THEN])


def needed(values: Any) -> tuple[str, ...]:
    """The strategies whose runs one begins with, by name."""
    return tuple(values.get("after") or ()) if isinstance(values, dict) else ()
