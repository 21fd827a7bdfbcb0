"""How clips are named, and how the lists and indices of others name them."""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from permafrost.audio.formats import SOUND


def clip_id_of(path: str) -> str:
    """A clip's id: its relative path without the audio extension, ``/`` between folders.

    Names without an audio extension stay whole, so that ``blues.00012`` is not cut to ``blues``.
    """
    suffix = PurePosixPath(path).suffix
    return path[: -len(suffix)] if suffix.lower() in SOUND else path


def one_form(name: str) -> str:
    """``name`` as it is compared: macOS writes ``é`` as two signs where most others write one."""
    return unicodedata.normalize("NFC", name)


class Finder:
    """Finds the clip that a list means: published lists shorten paths and name other audio formats.

    ``blues/blues.00012.wav`` finds ``genres_original/blues/blues.00012`` when only one clip ends so; whole path
    components are compared, extensions are not.
    """

    def __init__(self, clip_ids: Iterable[str]) -> None:
        self._by_end: dict[str, list[str]] = {}
        for clip_id in clip_ids:
            parts = one_form(clip_id).split("/")
            for start in range(len(parts)):
                self._by_end.setdefault("/".join(parts[start:]), []).append(clip_id)

    def find(self, name: str) -> list[str]:
        """Ids of the clips that ``name`` may mean: one, none, or several where it is ambiguous.

        A list may also begin higher up than the data set's folder (``genres/blues/blues.00012``): leading folders of
        ``name`` are then dropped until a clip's whole id is left.
        """
        wanted = one_form(clip_id_of(name.strip().replace("\\", "/").removeprefix("./").strip("/")))
        found = self._by_end.get(wanted, [])
        if whole := [clip_id for clip_id in found if one_form(clip_id) == wanted]:
            return whole
        while not found and "/" in wanted:
            wanted = wanted.partition("/")[2]
            found = [clip_id for clip_id in self._by_end.get(wanted, []) if one_form(clip_id) == wanted]
        return found
