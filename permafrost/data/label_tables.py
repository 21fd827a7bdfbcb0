"""Labels from a CSV table and groups from an index file: facts about clips that their paths do not tell."""

import csv
import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from permafrost.data.dataset import GroupIndex, TableLabels
from permafrost.data.naming import Finder, clip_id_of
from permafrost.errors import PermafrostError

log = logging.getLogger(__name__)


def labels_from_table(root: Path, paths: Sequence[str], labels: TableLabels) -> dict[str, tuple[str, str, str]]:
    """Relative path → (label, group, fold) for each row of the table whose file is among ``paths``.

    Raises:
        PermafrostError: the table is missing or lacks a column; a row has no label, names a file that is not there, or
            names one a second time.
    """
    table = root / labels.file
    by_id = {clip_id_of(path): path for path in paths}
    exact = set(paths)
    columns = labels.columns
    found: dict[str, tuple[str, str, str]] = {}
    for number, row in _rows(table, labels):
        name = labels.path_prefix + (row[columns.path] or "")
        path = name if name in exact else by_id.get(clip_id_of(name))
        if path is None:
            raise PermafrostError(
                f"{table}: line {number} names {name!r}, which is not an audio file in {root}; complete the folder, or "
                "set dataset.labels.path_prefix to what stands before the column's paths"
            )
        label = row[columns.label] or ""
        if not label:
            raise PermafrostError(f"{table}: line {number} ({name}) has an empty column {columns.label!r}: no label")
        if path in found:
            raise PermafrostError(f"{table}: line {number} names {name!r} a second time; a clip has one row")
        group = row[columns.group] if columns.group else ""
        fold = row[columns.fold] if columns.fold else ""
        found[path] = (label, group or "", fold or "")
    return found


def _rows(table: Path, labels: TableLabels) -> list[tuple[int, dict[str, str | None]]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:  # -sig: spreadsheets put a byte order mark first
            reader = csv.DictReader(file, delimiter=labels.delimiter, restval="")
            rows = [(reader.line_num, row) for row in reader]
            names = reader.fieldnames or []
    except FileNotFoundError:
        raise PermafrostError(
            f"dataset.labels.file: {table} does not exist; paths are relative to dataset.path"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise PermafrostError(f"{table} is not a UTF-8 CSV file: {error}") from None
    for key, name in labels.columns.model_dump().items():
        if name is not None and name not in names:
            raise PermafrostError(
                f"dataset.labels.columns.{key}: {table} has no column {name!r}; its columns by the delimiter "
                f"{labels.delimiter!r} are {', '.join(names)}"
            )
    return rows


def groups_from_index(root: Path, clip_ids: Iterable[str], index: GroupIndex) -> dict[str, str]:
    """Clip id → group, for the clips whose group an index file names.

    Raises:
        PermafrostError: the file is missing (where it is required), no line matches, a line could mean several clips,
            or two lines give one clip different groups.
    """
    file = root / index.file
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        if index.required or not isinstance(error, FileNotFoundError):
            raise PermafrostError(
                f"dataset.labels.groups.file: {file} cannot be read ({error.strerror}); put the index there, or set "
                "dataset.labels.groups=null to go without groups"
            ) from None
        log.warning("warning: %s is not there: clips have no group, and leaks between subsets go unseen", file)
        return {}
    finder = Finder(clip_ids)
    pattern = re.compile(index.pattern)
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
