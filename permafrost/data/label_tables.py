"""Labels from a CSV table and groups from an index file: facts about clips that their paths do not tell."""

import csv
import io
import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from permafrost.data.dataset import GroupIndex, TableLabels
from permafrost.data.naming import Finder, clip_id_of, one_form
from permafrost.data.patterns import Pattern
from permafrost.data.tables import Clip
from permafrost.errors import PermafrostError

LARGEST = 2**30  # bytes of a table or an index

log = logging.getLogger(__name__)


def clips_from_table(root: Path, paths: Sequence[str], labels: TableLabels) -> list[Clip]:
    """The clip of each row of the table, in the order of ``paths``; labels are as they are written.

    Raises:
        PermafrostError: the table is missing or lacks a column; a row has no label, names a file that is not there, or
            names one, or a segment of it, a second time; a start or end is no number of seconds.
    """
    table, columns = root / labels.file, labels.columns
    by_name = {one_form(clip_id_of(path)): path for path in paths} | {one_form(path): path for path in paths}
    places = {path: place for place, path in enumerate(paths)}
    found: dict[str, Clip] = {}
    for number, row in _rows(table, labels):
        name = one_form(labels.path_prefix + columns.path_of(row))
        path = by_name.get(name) or by_name.get(clip_id_of(name))
        where = f"{table}: line {number}"
        if path is None:
            raise PermafrostError(
                f"{where} names {name!r}, which is not an audio file in {root}; complete the folder, or set "
                "dataset.labels.path_prefix to what stands before the column's paths"
            )
        if not row[columns.label].strip():
            raise PermafrostError(f"{where} ({name}) has an empty column {columns.label!r}: no label")
        start, end = _segment(row, labels, where)
        facts = {key: row[column] for key in ("group", "fold", "subset") if (column := getattr(columns, key))}
        group = facts.pop("group", path if columns.start or columns.end else "")
        more = {"fold": facts.get("fold", ""), "subset": facts.get("subset", ""), "start": start, "end": end}
        clip = Clip(path, path, row[columns.label], group, **more)
        clip = replace(clip, clip_id=clip_id_of(path) + clip.name.removeprefix(path))
        if clip.clip_id in found:
            raise PermafrostError(f"{where} names {name!r} a second time; a clip has one row")
        found[clip.clip_id] = clip
    return sorted(found.values(), key=lambda clip: (places[clip.path], clip.start, clip.end or math.inf))


def _segment(row: dict[str, str], labels: TableLabels, where: str) -> tuple[float, float | None]:
    seconds = {"start": 0.0, "end": math.inf}
    for key in seconds:
        if (column := getattr(labels.columns, key)) and row[column].strip():
            try:
                seconds[key] = float(row[column])
            except ValueError:
                seconds[key] = math.nan
    start, end = seconds.values()
    if not (0 <= start < end and start < math.inf):
        raise PermafrostError(f"{where}: got a segment from {start:g} to {end:g}, expected seconds, start before end")
    return start, None if end == math.inf else end


def _rows(table: Path, labels: TableLabels) -> list[tuple[int, dict[str, str]]]:
    text = _text(table, "dataset.labels.file", strict=True)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=labels.delimiter, restval="")
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise PermafrostError(f"{table} is not a UTF-8 CSV file: {error}") from None
    names = reader.fieldnames or []
    wanted = [(key, name) for key, name in labels.columns.model_dump().items() if name is not None and key != "path"]
    for key, name in [*(("path", name) for name in labels.columns.path_columns), *wanted]:
        if name not in names:
            raise PermafrostError(
                f"dataset.labels.columns.{key}: {table} has no column {name!r}; its columns by the delimiter "
                f"{labels.delimiter!r} are {', '.join(names)}"
            )
    return rows


def _text(file: Path, key: str, strict: bool) -> str:
    """The text of a file that the user names: a folder, a pipe or a device is none, and would be read for ever."""
    if not file.exists():
        raise PermafrostError(f"{key}: {file} does not exist; paths are relative to dataset.path")
    if not file.is_file():
        what = "a folder" if file.is_dir() else "a pipe or a device"
        raise PermafrostError(f"{key}: {file} is {what}; expected a text file")
    if file.stat().st_size > LARGEST:
        raise PermafrostError(f"{key}: {file} has more than {LARGEST / 1e9:.1f} GB; expected a text file")
    try:
        # -sig: spreadsheets put a byte order mark first.
        return file.read_bytes().decode("utf-8-sig", errors="strict" if strict else "replace")
    except UnicodeDecodeError as error:
        raise PermafrostError(f"{file} is not a UTF-8 CSV file: {error}") from None
    except OSError as error:
        raise PermafrostError(f"{key}: {file} cannot be read ({error.strerror})") from None


def groups_from_index(root: Path, clip_ids: Iterable[str], index: GroupIndex) -> dict[str, str]:
    """Clip id → group, for the clips whose group an index file names.

    Raises:
        PermafrostError: the file is missing (where it is required), no line matches, a line could mean several clips,
            or two lines give one clip different groups.
    """
    file = root / index.file
    if not index.required and not file.exists():
        log.warning("warning: %s is not there: clips have no group, and leaks between subsets go unseen", file)
        return {}
    try:
        lines = _text(file, "dataset.labels.groups.file", strict=False).splitlines()
    except PermafrostError as error:
        raise PermafrostError(f"{error}; put it right, or go without groups: dataset.labels.groups=null") from None
    finder = Finder(clip_ids)
    pattern = Pattern(index.pattern, "dataset.labels.groups.pattern")
    groups: dict[str, str] = {}
    matched = 0
    for number, line in enumerate(lines, start=1):
        if not (match := pattern.fullmatch(line.strip())):
            continue
        matched += 1
        found = finder.find(match["clip"])
        group = (match["group"] or "").strip()
        if len(found) > 1:
            raise PermafrostError(f"{file}: line {number}: {match['clip']!r} could be {' or '.join(found[:3])}")
        if found and group and groups.setdefault(found[0], group) != group:
            raise PermafrostError(
                f"{file}: line {number}: {found[0]} is in group {group!r} here and in {groups[found[0]]!r} above"
            )
    if not matched:
        raise PermafrostError(
            f"{file}: no line matches dataset.labels.groups.pattern {index.pattern}; the first line is "
            f"{(lines or [''])[0]!r}"
        )
    return groups
