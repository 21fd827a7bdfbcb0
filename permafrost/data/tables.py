"""The tables that stages hand to each other: clips.csv, rejected.csv, remarks.csv and splits.csv.

Apart from what fills them, so that training depends on the tables and not on the code that finds or splits clips.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path

from permafrost.errors import PermafrostError

SUBSETS = ("train", "valid", "test")


@dataclass(frozen=True)
class Clip:
    """One labelled recording: a file, or the segment of it from ``start`` to ``end`` in seconds (None: to its end).

    ``clip_id`` is ``path`` without its extension, followed by ``@start-end`` where it is a segment; ``path`` is
    relative to the data set's folder with ``/`` between folders; ``group``, ``fold`` and ``subset`` (train, valid or
    test, as the data set's makers have it) are empty where unknown.
    """

    clip_id: str
    path: str
    label: str
    group: str
    fold: str
    subset: str = field(default="", kw_only=True)
    start: float = field(default=0.0, kw_only=True)
    end: float | None = field(default=None, kw_only=True)

    @property
    def name(self) -> str:
        """Its path, followed by the seconds where it is a segment."""
        if self.end is None and not self.start:
            return self.path
        return f"{self.path}@{self.start:.12g}-{'' if self.end is None else f'{self.end:.12g}'}"


@dataclass(frozen=True)
class ClipRow(Clip):
    """A row of clips.csv: a kept clip, with its length in seconds and the sample rate in Hz of its file."""

    seconds: float
    sample_rate: int


@dataclass(frozen=True)
class RejectedRow:
    """A file, or a segment of one, that is no clip, and why. ``label`` is empty where its path gives none: it may be no
    recording at all. rejected.csv has path and reason."""

    path: str
    label: str
    reason: str


@dataclass(frozen=True)
class SplitRow:
    """A row of splits.csv: in repeat ``repeat`` (from 0), the clip is in ``subset``: train, valid or test."""

    clip_id: str
    repeat: int
    subset: str


def write_clips(path: Path, rows: Sequence[ClipRow]) -> None:
    """Write clips.csv in the order of ``rows``."""
    names = [column.name for column in fields(ClipRow)]
    place = names.index("start")
    values = (astuple(row) for row in rows)  # an empty start and end: the whole file
    _write(path, names, (row if row[place] else (*row[:place], "", *row[place + 1 :]) for row in values))


def read_clips(path: Path) -> list[ClipRow]:
    """Read clips.csv.

    Raises:
        PermafrostError: the file is missing, has other columns, or a number does not read.
    """
    names = [column.name for column in fields(ClipRow)]
    rows = []
    for number, row in enumerate(_read(path, names, made_by="preprocess"), start=2):
        start, end, seconds, rate = (row.pop(name) for name in ("start", "end", "seconds", "sample_rate"))
        try:
            numbers = {"start": float(start or 0), "end": float(end) if end else None}
            numbers |= {"seconds": float(seconds), "sample_rate": int(rate)}
        except ValueError as error:
            raise PermafrostError(f"{path}: line {number}: {error}; expected seconds and a sample rate") from None
        rows.append(ClipRow(**row, **numbers))
    return rows


def write_rejected(path: Path, rejected: Iterable[tuple[str, str]]) -> None:
    """Write rejected.csv: (relative path, why it became no clip), in the given order."""
    _write(path, ["path", "reason"], rejected)


def read_rejected(path: Path) -> dict[str, str]:
    """Relative path → why it was rejected, from rejected.csv."""
    return {row["path"]: row["reason"] for row in _read(path, ["path", "reason"], made_by="preprocess")}


def write_remarks(path: Path, remarks: Iterable[tuple[str, str]]) -> None:
    """Write remarks.csv: (relative path, what was done to the recording that its file does not say)."""
    _write(path, ["path", "remark"], remarks)


def read_remarks(path: Path) -> list[tuple[str, str]]:
    """(relative path, remark), from remarks.csv."""
    return [(row["path"], row["remark"]) for row in _read(path, ["path", "remark"], made_by="preprocess")]


def write_splits(path: Path, rows: Sequence[SplitRow]) -> None:
    """Write splits.csv in the order of ``rows``."""
    _write(path, [column.name for column in fields(SplitRow)], (astuple(row) for row in rows))


def read_splits(path: Path) -> list[SplitRow]:
    """Read splits.csv.

    Raises:
        PermafrostError: the file is missing or empty, has other columns, or a value does not read.
    """
    rows = []
    for number, row in enumerate(_read(path, ["clip_id", "repeat", "subset"], made_by="split"), start=2):
        if not row["repeat"].isdecimal() or row["subset"] not in SUBSETS:
            raise PermafrostError(
                f"{path}: line {number}: got repeat {row['repeat']!r} and subset {row['subset']!r}, expected a number "
                f"and one of {', '.join(SUBSETS)}; run `dvc repro split`"
            )
        rows.append(SplitRow(row["clip_id"], int(row["repeat"]), row["subset"]))
    if not rows:
        raise PermafrostError(f"{path} has no row; run `dvc repro split`")
    return rows


def subsets_for_seed(rows: Sequence[SplitRow], seed: int) -> tuple[int, dict[str, str]]:
    """The repeat that a cell of ``seed`` reads (seed mod the number of repeats), and clip id → subset in it."""
    repeat = seed % (max(row.repeat for row in rows) + 1)
    return repeat, {row.clip_id: row.subset for row in rows if row.repeat == repeat}


def _read(path: Path, names: list[str], made_by: str) -> list[dict[str, str]]:
    """The rows of one of the pipeline's own CSV files, which must have exactly the columns ``names``."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except FileNotFoundError:
        raise PermafrostError(f"{path} does not exist; stage {made_by} writes it: run `dvc repro {made_by}`") from None
    if reader.fieldnames != names or any(None in row or None in row.values() for row in rows):
        raise PermafrostError(
            f"{path}: got the columns {', '.join(reader.fieldnames or [])}, expected {', '.join(names)} in every line; "
            f"run `dvc repro {made_by}`"
        )
    return rows


def _write(path: Path, header: list[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
