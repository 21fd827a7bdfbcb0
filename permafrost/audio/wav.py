"""Wav files whose headers lie about their sound: what libsndfile would lose is put where it finds it."""

import io
import re
import struct
from pathlib import Path
from typing import BinaryIO

from permafrost.audio.rejection import Rejected

NAME = re.compile(rb"[ -~]{4}")
KNOWN = (b"fmt ", b"data", b"fact", b"LIST", b"PEAK", b"bext", b"cue ", b"smpl", b"id3 ", b"JUNK")
MOST_CHUNKS = 1000
UNKNOWN_SIZE = 0xFFFFFFFF  # what a writer into a pipe leaves

Range = tuple[int, int]  # place and size in bytes


def mended(file: BinaryIO, path: Path) -> tuple[BinaryIO | None, str]:
    """A RIFF file as a well-formed wav of the same format and sound, and what was wrong with it.

    (None, "") where nothing is, or nothing that this module knows of: libsndfile reads the file, or says why not. Sizes
    beyond the end of the file are left to it too.

    Raises:
        Rejected: the header is complete and says that there is no sound, and what stands there is nothing else either.
    """
    length = file.seek(0, io.SEEK_END)
    chunks, unpadded, stray = _chunks(file, length)
    names = [name for name, _ in chunks]
    if b"fmt " not in names or b"data" not in names:
        return None, ""
    form = dict(reversed(chunks))[b"fmt "]
    sounds = [where for name, where in chunks if name == b"data"]
    claimed = struct.unpack("<I", _read(file, 4, 4))[0] + 8
    if sounds[0][1] == 0 and stray is not None:
        if UNKNOWN_SIZE > claimed - 8 >= length - 9:
            raise Rejected(f"empty by its wav header, though {length - sounds[0][0]} bytes follow that are no chunk")
        sounds = [(sounds[0][0], length - sounds[0][0])]
        fault = "its header says that there is no sound, though there is"
    elif len(sounds) > 1:  # libsndfile takes one of them, be it empty
        fault = "its sound is in several data chunks, here joined"
    elif names.index(b"fmt ") > names.index(b"data"):
        fault = "its format stands after its sound"
    elif unpadded:
        fault = "a chunk of odd length lacks its pad byte"
    else:
        within = stray is not None and stray > sounds[0][0] and claimed > stray + 1
        return None, "bytes after the sound, still within the wav, are no chunk: is the sound longer?" if within else ""
    return _Spliced(file, path, _read(file, *form), sounds), f"wav header mended: {fault}"


def _chunks(file: BinaryIO, length: int) -> tuple[list[tuple[bytes, Range]], bool, int | None]:
    """Name, place and size of each chunk; whether one before the sound lacks its pad byte; and where something else
    than a chunk begins, if anywhere."""
    chunks: list[tuple[bytes, Range]] = []
    place, unpadded = 12, False
    while place + 8 <= length:
        name, size = struct.unpack("<4sI", _read(file, place, 8))
        end = place + 8 + size
        if not NAME.fullmatch(name) or (end > length and name != b"data") or len(chunks) == MOST_CHUNKS:
            return chunks, unpadded, place
        chunks.append((name, (place + 8, min(size, length - place - 8))))
        place = end + size % 2
        if size % 2 and _read(file, end, 4) in KNOWN:
            place = end
            unpadded = unpadded or name != b"data"
    return chunks, unpadded, None


def _read(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)


class _Spliced(io.RawIOBase):
    """A wav put together from a new header and the sound's places in another file, without a copy of it."""

    def __init__(self, file: BinaryIO, path: Path, form: bytes, sounds: list[Range]) -> None:
        frame = max(1, struct.unpack_from("<H", form, 12)[0]) if len(form) >= 14 else 1
        whole = [(place, size - size % frame) for place, size in sounds]  # a part of a frame would shift the channels
        size = sum(size for _, size in whole)
        header = b"WAVEfmt " + struct.pack("<I", len(form)) + form + bytes(len(form) % 2)
        header += b"data" + struct.pack("<I", min(size, UNKNOWN_SIZE))
        header = b"RIFF" + struct.pack("<I", min(len(header) + size, UNKNOWN_SIZE)) + header
        self._pieces: list[tuple[BinaryIO, int, int]] = [(io.BytesIO(header), 0, len(header))]
        self._pieces += [(file, place, size) for place, size in whole]
        self._place, self._length, self.name = 0, len(header) + size, str(path)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = max(0, offset + (0, self._place, self._length)[whence])
        return self._place

    def tell(self) -> int:
        return self._place

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        filled, begins = 0, 0
        for file, place, size in self._pieces:
            within = self._place - begins
            if within < size and filled < len(buffer):  # the pieces before it are done with
                got = _read(file, place + within, min(len(buffer) - filled, size - within))
                buffer[filled : filled + len(got)] = got
                filled += len(got)
                self._place += len(got)
            begins += size
        return filled
