"""The files of a data set's folder: recordings, and what is neither a recording nor known to be something else."""

import codecs
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from permafrost.audio.formats import CONTAINERS, SOUND
from permafrost.errors import PermafrostError

# Sound that is read here by nobody: named, so that no class goes missing in silence.
UNREAD_SOUND = (".mp2", ".ra", ".rm", ".dsf", ".dff", ".voc", ".sph", ".gsm", ".dts", ".shn", ".avi", ".mpg", ".mpeg")
# What lies beside recordings; text of any ending is known too.
COMPANIONS = (
    *(".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ods", ".odt", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif"),
    *(".tiff", ".webp", ".ico", ".npy", ".npz", ".pkl", ".pt", ".pth", ".h5", ".hdf5", ".mat", ".ini"),
    *(".mid", ".midi", ".db", ".sqlite", ".pyc", ".rda", ".rds"),
)
BEGINNINGS = re.compile(
    rb"(?P<libsndfile>RIFF....WAVE|RF64....WAVE|fLaC|OggS|FORM....AIF|\.snd|caff|ID3)"
    rb"|NIST_1A|Creative Voice|\xff[\xf2\xf3\xfa\xfb]",
    re.DOTALL,
)


def find_files(root: Path, endings: Sequence[str] = SOUND) -> tuple[list[str], dict[str, str]]:
    """Relative paths of the recordings below ``root``, sorted, and path → reason of the files that are left out.

    A recording has one of the ``endings``, or none at all and begins as sound does. Hidden files, text and other known
    companions are neither recordings nor listed. Linked folders are followed once.

    Raises:
        PermafrostError: no such folder, no recording in it, or a name that is not UTF-8.
    """
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise PermafrostError(f"dataset.path: {root} {what}; expected the folder that holds the recordings")
    recordings, left_out, seen = [], {}, set()
    for folder, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        # A folder that links to one of its parents would be walked for ever.
        folders[:] = [] if real in seen else sorted(name for name in folders if not name.startswith("."))
        if real not in seen:
            relative = Path(folder).relative_to(root)
            for name in files:
                if name.startswith("."):
                    continue
                path = (relative / name).as_posix()
                reason = "" if Path(name).suffix.lower() in endings else _why_left_out(Path(folder, name))
                if reason == "":
                    recordings.append(path)
                elif reason is not None:
                    left_out[path.encode("utf-8", "backslashreplace").decode()] = reason
        seen.add(real)
    if not recordings:
        known = ", ".join(ending.removeprefix(".") for ending in endings)
        raise PermafrostError(f"dataset.path: {root} holds no audio file ({known}); check the folder")
    for path in recordings:
        if not _is_text(path):
            raise PermafrostError(f"{root}: the file name {path!a} is not UTF-8 text; rename the file")
    return sorted(recordings), dict(sorted(left_out.items()))


def refuse_linked_folders(root: Path) -> None:
    """Refuse links to folders below ``root``: DVC does not look into them, so what changes there would go unseen.

    Raises:
        PermafrostError: the first of them, where it leads, and the command that puts links to files in its place.
    """
    linked = sorted(
        path for folder, folders, _ in os.walk(root) for name in folders if (path := Path(folder, name)).is_symlink()
    )
    if linked:
        first, target = linked[0], linked[0].resolve()
        raise PermafrostError(
            f"dataset.path: {first} is a link to the folder {target} (such links: {len(linked)}). DVC does not look "
            f"into linked folders, so a recording that changes there would go unseen; links to files it follows: "
            f"`rm {shlex.quote(str(first))} && cp -rs {shlex.quote(str(target))} {shlex.quote(str(first))}`"
        )


def audio_files(root: Path) -> list[str]:
    """Relative paths of the recordings below ``root``, sorted."""
    return find_files(root)[0]


def _is_text(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _why_left_out(file: Path) -> str | None:
    """Why a file without a known ending of sound is no recording: "" where it is one, None for a companion."""
    ending = file.suffix.lower()
    if ending in COMPANIONS:
        return None
    if ending in UNREAD_SOUND:
        return f"not read: {ending[1:]} is not decoded here; convert it to wav or flac"
    try:
        if not file.is_file():
            return "not understood: a link to a file that is not there" if file.is_symlink() else "no regular file"
        with file.open("rb") as handle:
            head = handle.read(512)
    except OSError as error:
        return f"unreadable: {error.strerror}"
    found = BEGINNINGS.match(head)
    if found and found["libsndfile"] and not ending[1:].isalpha():
        return ""
    if found or any(container.begins and container.begins.match(head) for container in CONTAINERS):
        return f"not read: sound by its first bytes, but named {file.name}; give it the ending of its format"
    if head and _is_utf8(head):
        return None
    return "not understood: neither a known format of sound nor text" if head else "not understood: a file of no bytes"


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # incremental: the last letter may be cut
    except UnicodeDecodeError:
        return False
    return b"\0" not in head
