"""How a folder of recordings tells classes, groups, folds and subsets: guessed from its folders, names and tables."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from permafrost.data.dataset import FACTS, Columns, PatternLabels, TableLabels
from permafrost.data.divisions import are_folds, are_subsets
from permafrost.data.guessing_tables import table_labels
from permafrost.data.tables import SUBSETS
from permafrost.errors import PermafrostError

# A number at the end of a name that counts the pieces of one recording: song07_03, song07.part2, song07 (3).
PIECE = r"(?:[ ._-]+(?:part|piece|chunk|seg|segment|slice|clip)?\(?\d{1,4}\)?)?"
LEAST_SHARED = 1.5  # clips a group, on average, for file names to be read as naming groups


@dataclass(frozen=True)
class Guess:
    """``labels`` as the ``dataset`` section has them, the ``split.kind`` that they allow, and both in words."""

    labels: PatternLabels | TableLabels
    split: Literal["stratified", "grouped", "folds", "subsets"]
    words: tuple[str, ...]


@dataclass(frozen=True)
class _Reading:
    """A pattern under trial, and what it reads from each path that it matches: (label, group, fold, subset)."""

    pattern: str
    words: tuple[str, ...]
    rows: tuple[tuple[str, str, str, str], ...]

    def has(self, fact: str) -> bool:
        return any(row[FACTS.index(fact)] for row in self.rows)


def guess(root: Path, paths: Sequence[str]) -> Guess:
    """What the recordings ``paths``, relative to ``root``, are named after.

    A table beside them is used where the folders tell no class, or where it knows groups, folds or subsets and they do
    not.

    Raises:
        PermafrostError: neither folders, names nor a table tell at least two classes.
    """
    reading = _by_folders(paths)
    table = table_labels(root, paths)
    if table is not None and (
        reading is None or (_kind(table.columns) != "stratified" and _kind(reading) == "stratified")
    ):
        columns = table.columns.model_dump(exclude_none=True).items()
        named = ", ".join(f"{key} from column {name!r}" for key, name in columns)
        return Guess(table, _kind(table.columns), (f"the table {table.file}: {named}",))
    reading = reading or _by_names(paths)
    if reading is None:
        raise PermafrostError(
            f"{root}: no classes are found. Expected one folder a class (dog/1.wav), names that begin with the class "
            "(dog_1.wav), or a CSV table with a column of file names and a column label, class or category. Write "
            "conf/dataset/NAME.yaml yourself: copy folder.yaml (a pattern) or esc50.yaml (a table)"
        )
    return Guess(PatternLabels(kind="pattern", pattern=reading.pattern), _kind(reading), reading.words)


def _kind(source: _Reading | Columns) -> Literal["stratified", "grouped", "folds", "subsets"]:
    """The split that a pattern or a table allows."""
    has = source.has if isinstance(source, _Reading) else lambda fact: getattr(source, fact) is not None
    return "subsets" if has("subset") else "folds" if has("fold") else "grouped" if has("group") else "stratified"


def _by_folders(paths: Sequence[str]) -> _Reading | None:
    """Folders as wrapper, fold or subset, class and group, from the outside in; None without a level of classes."""
    folders = [path.split("/")[:-1] for path in paths]
    # A few recordings that lie higher up than the rest get no label: find_clips names them.
    depth = sorted(map(len, folders))[len(folders) // 20]
    deep = [names for names in folders if len(names) >= depth]
    before, words = "", []
    for level in range(depth):
        found = Counter(names[level] for names in deep)
        known = "(?P<label>" in before
        if len(found) == 1:
            before += re.escape(next(iter(found))) + "/"
        elif are_subsets(found):
            words.append(f"the subset is the folder's name ({_some(found)})")
            before += "(?P<subset>[^/]+)/"
        elif _are_folds(deep, level, beside=level - 1 if known else level + 1):
            words.append(f"{len(found)} folds: the folders {_some(found)}")
            before += "(?P<fold>[^/]+)/"
        elif known:
            break
        else:
            words.append(f"the class is the folder's name ({_some(found)})")
            before += "(?P<label>[^/]+)/"
    else:
        level = depth
    plain = _read(before + ".+", words, paths) if "(?P<label>" in before else None
    if plain is None:
        return None
    if level < depth and (grouped := _grouped_by_folder(before, words, paths)):
        return grouped
    # Folds and subsets are somebody's own decision about what must stay together.
    return plain if plain.has("fold") or plain.has("subset") else _grouped_by_name(before, words, paths) or plain


def _are_folds(folders: Sequence[Sequence[str]], level: int, beside: int) -> bool:
    """Whether a level's folders are folds: of such names and, because folders 0 … 9 may as well be classes, with one
    set of classes again and again ``beside`` them, a level below or above."""
    classes = defaultdict(set)
    for names in folders:
        if beside < len(names):
            classes[names[level]].add(names[beside])
    if not are_folds(classes if beside < level else (f"fold{name}" if name.isdecimal() else name for name in classes)):
        return False
    return len(set.union(*classes.values())) < sum(map(len, classes.values())) / 2


def _grouped_by_folder(label: str, words: Sequence[str], paths: Sequence[str]) -> _Reading | None:
    said = [*words, "the folder below it is the group: its recordings stay on one side of a split"]
    reading = _read(label + "(?P<group>[^/]+)/.+", said, paths)
    return reading if reading and _fit_for_groups(reading, least=1.0) else None


def _grouped_by_name(label: str, words: Sequence[str], paths: Sequence[str]) -> _Reading | None:
    """Pieces of one recording, ``song07_03``: what stands before the number is their group."""
    inner = "(?:.+/)?" if any(path.count("/") > label.count("/") for path in paths) else ""
    reading = _read(f"{label}{inner}(?P<group>[^/]+?){PIECE}\\.[^/.]+", words, paths)
    if reading is None or not _fit_for_groups(reading, LEAST_SHARED):
        return None
    groups = Counter(group for _, group, *_ in reading.rows)
    often = groups.most_common(1)[0]
    said = (
        f"names that share a stem are pieces of one recording and stay on one side of a split ({len(groups)} stems, "
        f"{often[0]!r} of {often[1]} clips)"
    )
    return _Reading(reading.pattern, (*reading.words, said), reading.rows)


def _by_names(paths: Sequence[str]) -> _Reading | None:
    """No folders: ``class_group_number`` or ``class_number``."""
    words = ["the class is what the file's name begins with"]
    inner = "(?:.*/)?" if any("/" in path for path in paths) else ""
    three = [*words, "the group is what follows: its recordings stay on one side of a split"]
    reading = _read(inner + r"(?P<label>[^/_-]+)[_-](?P<group>[^/_-]+)[_-][^/_-]+\.[^/.]+", three, paths)
    if reading and _fit_for_groups(reading, LEAST_SHARED):
        return reading
    reading = _read(inner + r"(?P<label>[^/]*?[^\W\d_])[ _-]*\d+\.[^/.]+", words, paths)
    return reading or _read(inner + r"(?P<label>[^/_-]+)[_-][^/]+\.[^/.]+", words, paths)


def _read(pattern: str, words: Sequence[str], paths: Sequence[str]) -> _Reading | None:
    """What the pattern reads; None unless it matches nearly all, and gives at least two classes of several clips."""
    matches = [match for match in map(re.compile(pattern).fullmatch, paths) if match]
    rows = tuple(tuple(match.groupdict().get(key) or "" for key in FACTS) for match in matches)
    classes = {label for label, *_ in rows}
    if len(matches) < 0.9 * len(paths) or not 2 <= len(classes) <= len(rows) / 2:
        return None
    if are_folds(classes) or are_subsets(classes) or all(label.isdecimal() and len(label) > 3 for label in classes):
        return None  # divisions of the data, or numbers of recordings
    return _Reading(pattern, tuple(words), rows)


def _fit_for_groups(reading: _Reading, least: float) -> bool:
    """Whether every class has groups enough for a grouped split, and groups hold ``least`` clips on average."""
    groups = defaultdict(set)
    for label, group, *_ in reading.rows:
        groups[label].add(group)
    pairs = sum(map(len, groups.values()))
    return min(map(len, groups.values())) >= len(SUBSETS) and len(reading.rows) >= least * pairs > 0


def _some(names: Counter[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:3]) + (", …" if len(listed) > 3 else "")
