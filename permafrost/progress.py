"""Progress of long work: a bar on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
SECONDS_BETWEEN_LINES = 10.0


def progress(items: Iterable[Item], total: int | None, label: str, unit: str = "clip") -> Iterator[Item]:
    """Yield ``items`` while showing how many of ``total`` (None: unknown) have passed.

    A tqdm bar where stderr is a terminal, else a line on stderr at most every ten seconds and one at the end.
    """
    if sys.stderr.isatty():
        from tqdm import tqdm  # only where a bar is drawn: a log needs no import

        yield from tqdm(items, total=total, desc=label, unit=unit)
        return
    started = shown = time.monotonic()
    done, of_total = 0, "" if total is None else f"/{total}"
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - shown >= SECONDS_BETWEEN_LINES:
            shown = now
            print(f"{label}: {done}{of_total} {unit}s, {now - started:.0f} s", file=sys.stderr, flush=True)
    print(f"{label}: {done}{of_total} {unit}s in {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
