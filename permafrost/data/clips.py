"""Find the recordings of a data set, and the label, group, fold and subset of each."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from permafrost.audio.formats import LIBSNDFILE, SOUND
from permafrost.data.dataset import Labels, PatternLabels
from permafrost.data.divisions import subset_of
from permafrost.data.label_names import merged, near_equal, tidy
from permafrost.data.label_tables import clips_from_table, groups_from_index
from permafrost.data.layouts import lines_for, refuse_divisions_as_classes
from permafrost.data.naming import clip_id_of, one_form
from permafrost.data.patterns import Pattern
from permafrost.data.recordings import find_files, refuse_linked_folders
from permafrost.data.tables import Clip, RejectedRow
from permafrost.errors import PermafrostError

NAMED = 5  # lines or files in a warning

log = logging.getLogger(__name__)


class Found(NamedTuple):
    """The labelled recordings of a folder, sorted by path, and the files that are none: with a label where they are
    sound that is not read and their path gives one."""

    clips: list[Clip]
    left_out: list[RejectedRow]


def find_clips(root: Path, labels: Labels) -> list[Clip]:
    """The clips that ``read_folder`` finds."""
    return read_folder(root, labels).clips


def read_folder(root: Path, labels: Labels, endings: Sequence[str] = SOUND) -> Found:
    """The clips of the recordings below ``root``, files with these ``endings``. Names of classes, groups and folds are
    tidied.

    Raises:
        PermafrostError: no such folder, a link to a folder in it, no audio, nothing labelled, two files of one id, a
            single class, or classes that are folds or subsets.
    """
    refuse_linked_folders(root)
    paths, unread = find_files(root, endings)
    sound = [path for path, reason in unread.items() if not reason.startswith("not understood")]
    if isinstance(labels, PatternLabels):
        everything = _clips_from_pattern([*paths, *sound], labels.pattern)
        rule = f"the pattern {labels.pattern} (dataset.labels.pattern)"
    else:
        everything = clips_from_table(root, [*paths, *sound], labels)
        rule = f"the table {root / labels.file} (dataset.labels.file)"
    written = [clip for clip in everything if clip.path not in unread]
    if not written:
        raise PermafrostError(
            f"{rule} gives a label to none of the {len(paths)} audio files in {root}; the first is {paths[0]!r}. "
            "Paths are relative to dataset.path and the whole path must match; mend the rule or the path"
        )
    _warn(
        f"{len(set(paths) - {clip.path for clip in written})} of {len(paths)} audio files get no label by {rule}",
        sorted(set(paths) - {clip.path for clip in written}),
    )
    clips, copies = _without_copies([_tidied(clip) for clip in written])
    if labels.groups is not None:
        groups = groups_from_index(root, dict.fromkeys(clip_id_of(clip.path) for clip in clips), labels.groups)
        clips = [replace(clip, group=tidy(groups.get(clip_id_of(clip.path), clip.group))) for clip in clips]
    refuse_divisions_as_classes(root, clips, labels)
    classes = Counter(clip.label for clip in clips)
    if len(classes) < 2:
        raise PermafrostError(
            f"{root}: all {len(clips)} clips have the label {clips[0].label!r} by {rule}; expected at least two "
            f"classes: {lines_for(root, paths)}"
        )
    _warn("names of classes were tidied", merged(Counter(clip.label for clip in written)))
    _warn("classes of nearly one name; where two are one, give them one name", near_equal(classes))
    labelled = {clip.path: tidy(clip.label) for clip in everything}
    left_out = [RejectedRow(path, labelled.get(path, ""), reason) for path, reason in unread.items()]
    return Found(clips, sorted([*left_out, *copies], key=lambda row: row.path))


def _clips_from_pattern(paths: Sequence[str], pattern: str) -> list[Clip]:
    compiled = Pattern(pattern, "dataset.labels.pattern")
    found = []
    for path in sorted(paths):
        if (match := compiled.fullmatch(path)) and match["label"]:
            named = {key: value or "" for key, value in match.groupdict().items()}
            facts = {"group": "", "fold": ""} | named
            found.append(Clip(clip_id_of(path), path, **facts))
    return found


def _tidied(clip: Clip) -> Clip:
    names = {key: tidy(getattr(clip, key)) for key in ("label", "group", "fold")}
    if not names["label"]:
        raise PermafrostError(f"{clip.path}: its label {clip.label!r} is white space only; rename the folder or file")
    if clip.subset and not subset_of(clip.subset):
        raise PermafrostError(
            f"{clip.path}: got the subset {clip.subset!r}, expected a name of train, valid or test; let dataset.labels "
            "leave these recordings out, or rename their folder"
        )
    return replace(clip, **names, subset=subset_of(clip.subset))


def _without_copies(clips: Sequence[Clip]) -> tuple[list[Clip], list[RejectedRow]]:
    """The clips, less those that only ffmpeg reads where a file of the same name beside them needs none."""
    by_id: dict[str, Clip] = {}
    copies = {}
    for clip in clips:
        other = by_id.setdefault(one_form(clip.clip_id), clip)
        if other is clip:
            continue
        plain = [Path(one.path).suffix.lower() in LIBSNDFILE for one in (clip, other)]
        if all(plain) or not any(plain):
            raise PermafrostError(
                f"{other.path} and {clip.path} are one clip ({clip.clip_id!r}) but for their extension; remove one of "
                "them or leave one out by dataset.labels"
            )
        kept, left = (clip, other) if plain[0] else (other, clip)
        by_id[one_form(clip.clip_id)] = kept
        copies[left.path] = RejectedRow(left.path, "", f"left out: {kept.path} is the same clip")
    return [clip for clip in clips if clip.path not in copies], list(copies.values())


def _warn(what: str, lines: Iterable[str]) -> None:
    listed = list(lines)
    if listed:
        more = [f"and {len(listed) - NAMED} more"] if len(listed) > NAMED else []
        log.warning("warning: %s:%s", what, "".join(f"\n  {line}" for line in [*listed[:NAMED], *more]))
