"""The clip table: which recordings a data set has, and the label, group and fold of each."""

import csv
import logging
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from permafrost.data.dataset import Labels, PatternLabels
from permafrost.data.label_tables import groups_from_index, labels_from_table
from permafrost.data.naming import AUDIO_EXTENSIONS, clip_id_of
from permafrost.errors import PermafrostError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Clip:
    """One labelled recording. ``clip_id`` is ``path`` without its extension; ``path`` is relative to the data set's
    folder with ``/`` between folders; ``group`` and ``fold`` are empty where unknown."""

    clip_id: str
    path: str
    label: str
    group: str
    fold: str


@dataclass(frozen=True)
class ClipRow(Clip):
    """A row of clips.csv: a kept clip, with the length in seconds and the sample rate in Hz of its file."""

    seconds: float
    sample_rate: int


def find_clips(root: Path, labels: Labels) -> list[Clip]:
    """The labelled recordings below ``root``, sorted by path; hidden files and folders are left out.

    Raises:
        PermafrostError: no such folder, no audio in it, nothing labelled, two files of one id, or a single class.
    """
    paths = audio_files(root)
    if isinstance(labels, PatternLabels):
        found = _labels_from_pattern(paths, labels.pattern)
        rule = f"the pattern {labels.pattern!r} (dataset.labels.pattern)"
    else:
        found = labels_from_table(root, paths, labels)
        rule = f"the table {root / labels.file} (dataset.labels.file)"
    if not found:
        raise PermafrostError(
            f"{rule} gives a label to none of the {len(paths)} audio files in {root}; the first is {paths[0]!r}. "
            "Paths are relative to dataset.path and the whole path must match; mend the rule or the path"
        )
    _warn_of_unlabelled(paths, found, rule)
    _refuse_duplicates(found)
    clips = [Clip(clip_id_of(path), path, *found[path]) for path in paths if path in found]
    if labels.groups is not None:
        groups = groups_from_index(root, (clip.clip_id for clip in clips), labels.groups)
        clips = [replace(clip, group=groups.get(clip.clip_id, clip.group)) for clip in clips]
    classes = {clip.label for clip in clips}
    if len(classes) < 2:
        raise PermafrostError(
            f"{root}: all {len(clips)} clips have the label {clips[0].label!r} by {rule}; expected at least two classes"
        )
    return clips


def audio_files(root: Path) -> list[str]:
    """Relative paths of the audio files below ``root``, sorted; linked folders are followed once."""
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise PermafrostError(f"dataset.path: {root} {what}; expected the folder that holds the recordings")
    paths, seen = [], set()
    for folder, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        # A folder that links to one of its parents would be walked for ever.
        folders[:] = [] if real in seen else sorted(name for name in folders if not name.startswith("."))
        if real not in seen:
            relative = Path(folder).relative_to(root)
            paths += [
                (relative / name).as_posix()
                for name in files
                if not name.startswith(".") and Path(name).suffix.lower() in AUDIO_EXTENSIONS
            ]
        seen.add(real)
    if not paths:
        known = ", ".join(extension.removeprefix(".") for extension in AUDIO_EXTENSIONS)
        raise PermafrostError(f"dataset.path: {root} holds no audio file ({known}); check the folder")
    for path in paths:
        if not _is_text(path):
            raise PermafrostError(f"{root}: the file name {path!a} is not UTF-8 text; rename the file")
    return sorted(paths)


def _is_text(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _labels_from_pattern(paths: list[str], pattern: str) -> dict[str, tuple[str, str, str]]:
    compiled = re.compile(pattern)
    found = {}
    for path in paths:
        if (match := compiled.fullmatch(path)) and match["label"]:
            named = match.groupdict()
            found[path] = (named["label"], named.get("group") or "", named.get("fold") or "")
    return found


def _warn_of_unlabelled(paths: list[str], found: dict[str, tuple[str, str, str]], rule: str) -> None:
    left = [path for path in paths if path not in found]
    if left:
        names = ", ".join(left[:5]) + (", ..." if len(left) > 5 else "")
        log.warning("warning: %d of %d audio files get no label by %s: %s", len(left), len(paths), rule, names)


def _refuse_duplicates(paths: Iterable[str]) -> None:
    by_id: dict[str, str] = {}
    for path in paths:
        other = by_id.setdefault(clip_id_of(path), path)
        if other != path:
            raise PermafrostError(
                f"{other} and {path} are one clip ({clip_id_of(path)!r}) but for their extension; remove one of them "
                "or leave one out by dataset.labels"
            )


def write_clips(path: Path, rows: Sequence[ClipRow]) -> None:
    """Write clips.csv in the order of ``rows``."""
    names = [field.name for field in fields(ClipRow)]
    _write(path, names, ([*asdict(row).values()] for row in rows))


def read_clips(path: Path) -> list[ClipRow]:
    """Read clips.csv.

    Raises:
        PermafrostError: the file is missing, has other columns, or a number does not read.
    """
    names = [field.name for field in fields(ClipRow)]
    rows = []
    for number, row in enumerate(read_table(path, names, made_by="preprocess"), start=2):
        try:
            seconds, rate = float(row.pop("seconds")), int(row.pop("sample_rate"))
        except ValueError as error:
            raise PermafrostError(f"{path}: line {number}: {error}; expected seconds and a sample rate") from None
        rows.append(ClipRow(**row, seconds=seconds, sample_rate=rate))
    return rows


def write_rejected(path: Path, rejected: Iterable[tuple[str, str]]) -> None:
    """Write rejected.csv: (relative path, reason) of each recording that was not kept."""
    _write(path, ["path", "reason"], rejected)


def read_rejected(path: Path) -> dict[str, str]:
    """Relative path → reason, from rejected.csv."""
    return {row["path"]: row["reason"] for row in read_table(path, ["path", "reason"], made_by="preprocess")}


def read_table(path: Path, names: list[str], made_by: str) -> list[dict[str, str]]:
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
