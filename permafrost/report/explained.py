"""plots/explain/pictures.csv: the pictures that explain a model, and what each shows in words."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import pandas as pd

from permafrost.errors import PermafrostError

LIST = "pictures.csv"


@dataclass(frozen=True)
class Picture:
    """One picture: ``name`` of what it explains, its ``path`` within plots/explain, ``words`` for who cannot see it."""

    name: str
    path: str
    words: str


@dataclass(frozen=True)
class Shown:
    """One picture as a data address, and what it shows."""

    source: str
    words: str


COLUMNS = [field.name for field in fields(Picture)]


def write_pictures(folder: Path, pictures: Sequence[Picture], keep: bool = False) -> None:
    """Write the list; without pictures it has a header alone, so that Git and DVC have a file to keep.

    ``keep``: pictures of other models that are listed already stay listed.
    """
    if keep and (folder / LIST).exists():
        new = {picture.name for picture in pictures}
        pictures = [*(picture for picture in read_pictures(folder) if picture.name not in new), *pictures]
    table = pd.DataFrame(map(astuple, pictures), columns=COLUMNS)
    table.to_csv(folder / LIST, index=False, lineterminator="\n", encoding="utf-8")


def read_pictures(folder: Path) -> list[Picture]:
    """The list as written.

    Raises:
        PermafrostError: it is missing, has other columns, or names a picture that is not there.
    """
    path = folder / LIST
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raise PermafrostError(f"{path} does not exist; run `dvc repro explain`") from None
    if list(table) != COLUMNS:
        raise PermafrostError(f"{path}: expected the columns {', '.join(COLUMNS)}; run `dvc repro explain`")
    pictures = [Picture(*row) for row in table.itertuples(index=False)]
    for picture in pictures:
        if not (folder / picture.path).is_file():
            raise PermafrostError(f"{path} lists {picture.path}, which is not there; run `dvc repro explain`")
    return pictures


def explained(folder: Path) -> Mapping[str, list[Shown]]:
    """The pictures of each explained model for a page, in the order in which they were drawn.

    Raises:
        PermafrostError: see ``read_pictures``.
    """
    found: dict[str, list[Shown]] = {}
    for picture in read_pictures(folder):
        data = base64.b64encode((folder / picture.path).read_bytes()).decode("ascii")
        found.setdefault(picture.name, []).append(Shown(f"data:image/png;base64,{data}", picture.words))
    return found
