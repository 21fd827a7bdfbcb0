"""Tables of descriptors: reading those that others published, and our own one-file form of them.

Our form is a .npy file of named float64 columns, a row a clip: names and numbers cannot come apart, it is read without
executing code, and NumPy alone reads it.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib import recfunctions
from numpy.typing import NDArray

from permafrost.data.naming import Finder
from permafrost.errors import PermafrostError

FILE_COLUMN, LABEL_COLUMN = "filename", "label"
DELIMITERS = ",;\t"
LEAKS = ("length",)  # may be excluded whether or not a table has it


@dataclass(frozen=True)
class Table:
    """Descriptors of recordings.

    Attributes:
        names: of the descriptors [columns].
        values: float64 [rows, columns], finite.
        files: the recording of each row.
        labels: the class of each row; empty strings where the table has none.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    files: tuple[str, ...]
    labels: tuple[str, ...]


def read_descriptor_table(path: Path, exclude: Sequence[str] = LEAKS) -> Table:
    """Read a published CSV table: commas, semicolons or tabs, with or without a byte order mark.

    Args:
        path: the file. It needs a column ``filename``; ``label`` is read where it is there; all others are numbers.
        exclude: columns to leave out.

    Raises:
        PermafrostError: the file is missing, is no such table, lacks an excluded column, lists a recording twice, or a
            value is not a finite number (named by line and column).
    """
    lines = _lines(path)
    header, rows = lines[0], lines[1:]
    if FILE_COLUMN not in header or not rows:
        raise PermafrostError(
            f"{path}: the columns are {', '.join(header)} and there are {len(rows)} rows; expected a column "
            f"{FILE_COLUMN!r} and at least one row"
        )
    if unknown := [name for name in exclude if name not in header and name not in LEAKS]:
        raise PermafrostError(f"exclude: {path} has no column {unknown[0]!r}; its columns are {', '.join(header)}")
    if twice := [name for number, name in enumerate(header) if name in header[:number]]:
        raise PermafrostError(f"{path}: two columns are called {twice[0]!r}; rename one")
    names = [name for name in header if name not in (FILE_COLUMN, LABEL_COLUMN, *exclude)]
    if not names:
        raise PermafrostError(f"{path}: no descriptor is left of {', '.join(header)}; exclude fewer")
    places = [header.index(name) for name in names]
    values = np.empty((len(rows), len(names)))
    for number, row in enumerate(rows):
        if len(row) != len(header):
            raise PermafrostError(f"{path}: line {number + 2} has {len(row)} values, the header {len(header)}")
        values[number] = [_number(path, number + 2, header[place], row[place]) for place in places]
    files = [row[header.index(FILE_COLUMN)] for row in rows]
    if len(set(files)) < len(files):
        name = next(name for number, name in enumerate(files) if name in files[:number])
        raise PermafrostError(f"{path}: {name!r} is listed twice; a recording has one row")
    labels = [row[header.index(LABEL_COLUMN)] for row in rows] if LABEL_COLUMN in header else [""] * len(rows)
    return Table(tuple(names), values, tuple(files), tuple(labels))


def rows_of(table: Table, clip_ids: Sequence[str], path: Path) -> NDArray[np.float64]:
    """The table's rows in the order of ``clip_ids``: float64 [clips, columns].

    A row is a clip's where its file name is the clip's id or the end of it, extensions aside: ``blues.00000.wav`` finds
    ``genres_original/blues/blues.00000``.

    Raises:
        PermafrostError: a clip has no row, or a row could be several clips'.
    """
    finder = Finder(clip_ids)
    row_of: dict[str, int] = {}
    for row, name in enumerate(table.files):
        found = finder.find(name)
        if len(found) > 1:
            raise PermafrostError(f"{path}: {name!r} could be {' or '.join(found[:3])}; give more of its path")
        if found:
            row_of.setdefault(found[0], row)
    if missing := [clip for clip in clip_ids if clip not in row_of]:
        raise PermafrostError(
            f"{path} has no row for {len(missing)} of {len(clip_ids)} clips, first {missing[0]!r}; the column "
            f"{FILE_COLUMN!r} must name every clip of the data set"
        )
    return table.values[[row_of[clip] for clip in clip_ids]]


def save_descriptors(path: Path, names: Sequence[str], values: NDArray[np.float64]) -> None:
    """Write ``values`` [clips, columns] under their ``names`` to a .npy file of named columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dtype = np.dtype([(name, np.float64) for name in names])
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        np.save(file, recfunctions.unstructured_to_structured(np.asarray(values, np.float64), dtype))
    unfinished.replace(path)


def load_descriptors(path: Path) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Names, and values float64 [clips, columns], of a file that ``save_descriptors`` wrote.

    Raises:
        PermafrostError: it is missing or another kind of file.
    """
    try:
        table = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise PermafrostError(f"{path} does not exist; run `dvc repro`, which writes it") from None
    except ValueError as error:
        raise PermafrostError(f"{path} is not an array of descriptors: {error}; run `dvc repro` again") from None
    if not isinstance(table, np.ndarray) or not table.dtype.names:
        raise PermafrostError(f"{path}: got no named columns; expected descriptors: set input.kind to descriptors")
    return table.dtype.names, recfunctions.structured_to_unstructured(table)


def _lines(path: Path) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")  # -sig: spreadsheets put a byte order mark first
    except FileNotFoundError:
        raise PermafrostError(f"{path} does not exist; expected a CSV table of descriptors") from None
    except UnicodeDecodeError as error:
        raise PermafrostError(f"{path} is not UTF-8 text: {error}; save the table as CSV in UTF-8") from None
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    lines = [line for line in csv.reader(text.splitlines(), delimiter=delimiter) if line]
    if not lines:
        raise PermafrostError(f"{path} is empty; expected a CSV table of descriptors")
    return lines


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise PermafrostError(f"{path}: line {line}, column {column!r}: got {text!r}, expected a finite number")
    return value
