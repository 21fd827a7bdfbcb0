"""Find the recordings of a data set, and the label, group and fold of each."""

import logging
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from permafrost.data.dataset import Labels, PatternLabels
from permafrost.data.label_tables import groups_from_index, labels_from_table
from permafrost.data.naming import AUDIO_EXTENSIONS, clip_id_of
from permafrost.data.tables import Clip
from permafrost.errors import PermafrostError

log = logging.getLogger(__name__)


def find_clips(root: Path, labels: Labels) -> list[Clip]:
    """The labelled recordings below ``root``, sorted by path; hidden files and folders are left out.

    Raises:
        PermafrostError: no such folder, no audio in it, nothing labelled, two files of one id, or a single class.
    """
    paths = audio_files(root)
    if isinstance(labels, PatternLabels):
        found = _labels_from_pattern(paths, labels.pattern)
        rule = f"the pattern {labels.pattern} (dataset.labels.pattern)"
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
