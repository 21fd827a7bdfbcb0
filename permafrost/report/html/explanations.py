"""The pictures that explain models, inside a page."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from permafrost.report.explained import read_pictures


@dataclass(frozen=True)
class Shown:
    """One picture as a data address, and what it shows."""

    source: str
    words: str


def explained(folder: Path) -> Mapping[str, list[Shown]]:
    """The pictures of each explained model, in the order in which they were drawn; ``folder`` is plots/explain.

    Raises:
        PermafrostError: see ``explained.read_pictures``.
    """
    found: dict[str, list[Shown]] = {}
    for picture in read_pictures(folder):
        data = base64.b64encode((folder / picture.path).read_bytes()).decode("ascii")
        found.setdefault(picture.name, []).append(Shown(f"data:image/png;base64,{data}", picture.words))
    return found
