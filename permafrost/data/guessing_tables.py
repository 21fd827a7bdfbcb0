"""Which CSV table beside the recordings labels them, and by which of its columns."""

import csv
from collections.abc import Sequence
from pathlib import Path

from permafrost.data.dataset import Columns, TableLabels
from permafrost.data.divisions import are_subsets
from permafrost.data.naming import clip_id_of

LARGEST = 50_000_000  # bytes
LABELS = ("label", "class", "category", "classname", "class_name", "genre", "species", "emotion", "target", "word")
GROUPS = ("group", "speaker", "artist", "source", "src_file", "patient", "subject", "fsid", "speaker_id", "client_id")
FOLDS = ("fold", "folds", "cv_fold")
DIVISIONS = ("split", "subset", "partition", "set")


def table_labels(root: Path, paths: Sequence[str]) -> TableLabels | None:
    """The first table in ``root`` or a folder of it that names at least half of the recordings and has a column of
    labels; None where there is none."""
    for file in sorted([*root.glob("*.[ct]sv"), *root.glob("*/*.[ct]sv")]):
        if not file.is_file() or file.name.startswith(".") or file.stat().st_size > LARGEST:
            continue
        try:
            with file.open(encoding="utf-8-sig", newline="") as handle:
                head = handle.readline()
                delimiter = max(",;\t", key=head.count)
                handle.seek(0)
                rows = list(csv.DictReader(handle, delimiter=delimiter, restval=""))
        except (UnicodeDecodeError, csv.Error):
            continue
        names = [name for name in (rows[0] if rows else {}) if name]
        label, group, fold, subset = (_first(names, known) for known in (LABELS, GROUPS, FOLDS, DIVISIONS))
        if subset and not are_subsets({row[subset] for row in rows}):
            subset = None
        found = next((found for name in names if (found := _prefix(name, rows, paths)) is not None), None)
        if label is not None and found is not None:
            columns = Columns(path=found[0], label=label, group=group, fold=fold, subset=subset)
            place = file.relative_to(root).as_posix()
            return TableLabels(kind="table", file=place, columns=columns, path_prefix=found[1], delimiter=delimiter)
    return None


def _first(names: Sequence[str], known: Sequence[str]) -> str | None:
    by_lower = {name.strip().lower(): name for name in reversed(names)}
    return next((by_lower[name] for name in known if name in by_lower), None)


def _prefix(column: str, rows: Sequence[dict[str, str]], paths: Sequence[str]) -> tuple[str, str] | None:
    """The column, or the template that it is part of, and what must stand before its values, where these then name
    most of the recordings."""
    ids = {clip_id_of(path) for path in paths}
    values = [clip_id_of(row[column] or "") for row in rows]
    first = values[0]
    ends = [name for name in ids if first and (name == first or name.endswith("/" + first))]
    if len(ends) != 1:
        return None
    prefix = ends[0].removesuffix(first)
    if sum(prefix + value in ids for value in values) >= 0.5 * len(ids):
        return column, prefix
    template = _template(column, rows, {Path(name).name: name.split("/")[:-1] for name in ids})
    return None if template is None else (template, "")


def _template(column: str, rows: Sequence[dict[str, str]], folders: dict[str, list[str]]) -> str | None:
    """``audio/fold{fold}/{file}`` where ``column`` has bare names and the folders of nearly all rows follow from
    another column; ``folders`` are those of each recording by its bare name."""
    pairs = [(row, folders[name]) for row in rows if (name := clip_id_of(row[column] or "")) in folders]
    if len(pairs) < 0.9 * len(folders) or len({len(names) for _, names in pairs}) != 1:
        return None
    parts = []
    for level, example in enumerate(pairs[0][1]):
        if all(names[level] == example for _, names in pairs):
            parts.append(example.replace("{", "{{").replace("}", "}}"))
            continue
        for other, value in pairs[0][0].items():
            head = example.removesuffix(value or "") if value else example
            if value and all(names[level] == head + row[other] for row, names in pairs):
                parts.append(f"{head}{{{other}}}")
                break
        else:
            return None
    return "/".join([*parts, f"{{{column}}}"])
