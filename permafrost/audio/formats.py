"""Which files hold sound that can be decoded here, told by their endings and, where it counts, by their first bytes."""

import re
import shutil
from pathlib import Path
from typing import NamedTuple

LIBSNDFILE = (
    *(".wav", ".wave", ".w64", ".rf64", ".flac", ".ogg", ".oga", ".opus", ".mp3"),
    *(".au", ".snd", ".aiff", ".aif", ".aifc", ".caf"),
)


class Container(NamedTuple):
    """A kind of file that ffmpeg reads and libsndfile does not: ffmpeg's name of it, its endings, how it begins."""

    demuxer: str
    endings: tuple[str, ...]
    begins: re.Pattern[bytes] | None  # None where its first bytes are too few to tell it from noise


CONTAINERS = (
    Container("mov", (".m4a", ".m4b", ".mp4", ".mov", ".3gp"), re.compile(rb"....ftyp", re.DOTALL)),
    Container("aac", (".aac",), None),
    Container("asf", (".wma", ".asf"), re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11")),
    Container("matroska", (".webm", ".mka", ".mkv"), re.compile(rb"\x1a\x45\xdf\xa3")),
    Container("amr", (".amr", ".awb"), re.compile(rb"#!AMR")),
    Container("ape", (".ape",), re.compile(rb"MAC ")),
    Container("wv", (".wv",), re.compile(rb"wvpk")),
    Container("tta", (".tta",), re.compile(rb"TTA[12]")),
    Container("ac3", (".ac3",), None),
    Container("ogg", (".spx",), re.compile(rb"OggS.{24}(Speex|\x7fFLAC)", re.DOTALL)),
    # libsndfile reads caf too, but not every coding in it.
    Container("caf", (".caf",), re.compile(rb"caff.{4}desc.{16}(?!lpcm|ulaw|alaw)", re.DOTALL)),
)
# The same on every machine, with ffmpeg and without.
SOUND = tuple(dict.fromkeys([*LIBSNDFILE, *(ending for container in CONTAINERS for ending in container.endings)]))


def ffmpeg_program() -> str | None:
    """Path of ffmpeg, where there is one."""
    return shutil.which("ffmpeg")


def decodable_extensions() -> tuple[str, ...]:
    """Endings (".wav", lower case) of the files that can be decoded on this machine."""
    return SOUND if ffmpeg_program() else LIBSNDFILE


def container_of(path: Path, head: bytes) -> Container | None:
    """The container that only ffmpeg reads which a file's first bytes, or else its ending, tell of."""
    begun = (container for container in CONTAINERS if container.begins and container.begins.match(head))
    ending = path.suffix.lower()
    named = (container for container in CONTAINERS if ending in container.endings and ending not in LIBSNDFILE)
    return next(begun, None) or next(named, None)
