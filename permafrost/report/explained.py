"""plots/explain/pictures.csv: the pictures that explain a model, and what each shows in words."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from permafrost.errors import PermafrostError

LIST = "pictures.csv"


@dataclass(frozen=True)
class Picture:
    """One picture: ``name`` of what it explains, its ``path`` within plots/explain, ``words`` for who cannot see it."""

    name: str
    path: str
    words: str


COLUMNS = [field.name for field in fields(Picture)]


def write_pictures(folder: Path, pictures: Sequence[Picture], keep: bool = False) -> None:
    """Write the list; without pictures it has a header alone, so that Git and DVC have a file to keep.

    ``keep``: pictures of other models that are listed already stay listed.
    """
    if keep and (folder / LIST).exists():
        new = {picture.name for picture in pictures}
        pictures = [*(picture for picture in read_pictures(folder) if picture.name not in new), *pictures]
    with (folder / LIST).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(astuple(picture) for picture in pictures)


def read_pictures(folder: Path) -> list[Picture]:
    """The list as written.

    Raises:
        PermafrostError: it is missing, has other columns, or names a picture that is not there.
    """
    path = folder / LIST
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except FileNotFoundError:
        raise PermafrostError(f"{path} does not exist; run `dvc repro explain`") from None
    if not rows or rows[0] != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise PermafrostError(f"{path}: expected the columns {', '.join(COLUMNS)}; run `dvc repro explain`")
    pictures = [Picture(*row) for row in rows[1:]]
    for picture in pictures:
        if not (folder / picture.path).is_file():
            raise PermafrostError(f"{path} lists {picture.path}, which is not there; run `dvc repro explain`")
    return pictures
