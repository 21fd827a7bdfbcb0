"""What a zip or tar archive holds: its members, none of which is unsafe, and how large they are.

Nothing is written here, and no more is decompressed than ``Bounds`` allow, whatever the archive's headers say.
"""

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from posixpath import normpath
from typing import IO, Literal

from permafrost import room
from permafrost.errors import PermafrostError

# An archive may hold this many times its own size (sound reaches ten times, text twenty); however small it is, ALWAYS.
RATIO, ALWAYS = 100, 100 << 20
NAME_BYTES, DEPTH = 255, 64  # the longest name that file systems take; folders within each other
READ = 1 << 20  # bytes; a tar header that wants more at once is no header
OPENERS = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open, b"]\0": lzma.open}


@dataclass(eq=False)
class Member:
    """A file, folder, link or other thing in an archive.

    ``size`` is what the archive says of it, in bytes. ``link`` is the path within the archive that a link points to,
    ``target`` the file that it means in the end (a file's own is itself).
    """

    name: str
    kind: Literal["file", "folder", "link", "other"]
    size: int
    open: Callable[[], IO[bytes] | None]
    link: str = ""
    hard: bool = False
    target: "Member | None" = None


class _Bounded:
    """What is left of a tar file when it is decompressed; reading past ``limit`` raises, before memory is taken."""

    def __init__(self, stream: IO[bytes], archive: Path, limit: int) -> None:
        self.stream, self.archive, self.limit = stream, archive, limit
        self.tell = stream.tell

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; a negative size in a header asks for all that there is, which tarfile never needs."""
        if not 0 <= size <= READ:
            raise tarfile.ReadError(f"a header asks for {size} bytes")
        self._check(self.stream.tell() + size)
        return self.stream.read(size)

    def seek(self, position: int) -> int:
        """Go to ``position``; by decompressing all before it."""
        self._check(position)
        return self.stream.seek(position)

    def _check(self, position: int) -> None:
        if position > self.limit + READ:
            raise too_large(self.archive, self.limit)


def too_large(archive: Path, limit: int) -> PermafrostError:
    """The error of an archive that unpacks to more than it may."""
    return PermafrostError(
        f"{archive} unpacks to more than {room.in_words(limit)}, {RATIO} times its own size: archives that are made to "
        "fill a disk do so; nothing was unpacked. If you trust it, unpack it yourself and set dataset.path"
    )


@contextmanager
def opened(archive: Path, kind: Literal["zip", "tar"]) -> Iterator[tuple[list[Member], int]]:
    """The members of ``archive``, checked, and how many bytes it may unpack to; its files can be opened meanwhile.

    Raises:
        PermafrostError: a member would leave the folder, has an impossible name, or links to what is not there; or
            there is more than the limit. Damage raises what zipfile, tarfile and the decompressors raise.
    """
    limit = max(RATIO * archive.stat().st_size, ALWAYS)
    if kind == "zip":
        with zipfile.ZipFile(archive) as zipped:
            yield [_checked(member, archive) for member in _zip_members(zipped)], limit
        return
    with archive.open("rb") as raw:
        start = raw.read(2)
    with OPENERS.get(start, open)(archive, "rb") as stream:
        bounded = _Bounded(stream, archive, limit)
        with tarfile.open(fileobj=bounded, mode="r:") as tarred:
            members = [_checked(member, archive) for member in _tar_members(tarred)]
            # tarfile takes a damaged header for the end; reading on to the real end makes decompressors check sums.
            while bounded.read(READ):
                pass
            _resolve(members, archive)
            yield members, limit


def _zip_members(archive: zipfile.ZipFile) -> Iterator[Member]:
    for info in archive.infolist():
        name = info.orig_filename.replace("\\", "/")  # some programs on Windows write them so
        mode = stat.S_IFMT(info.external_attr >> 16)  # 0 where the archive was not made on Unix
        folder = info.is_dir() or name.endswith("/")
        kind = "folder" if folder else "file" if mode in (0, stat.S_IFREG) else "other"
        member = Member(name, kind, info.file_size, partial(archive.open, info))
        member.target = member
        yield member


def _tar_members(archive: tarfile.TarFile) -> Iterator[Member]:
    for info in archive:
        if info.size < 0:
            raise tarfile.ReadError(f"the member {info.name!r} has a size of {info.size}")
        link = ""
        if info.issym():  # relative to the folder that the link is in
            inside = not info.linkname.startswith("/")
            link = str(PurePosixPath(info.name).parent / info.linkname) if inside else info.linkname
        elif info.islnk():  # relative to the archive
            link = info.linkname
        kind = "file" if info.isreg() else "folder" if info.isdir() else "link" if link else "other"
        member = Member(info.name, kind, info.size, partial(archive.extractfile, info), link, info.islnk())
        member.target = member if kind == "file" else None
        yield member


def _checked(member: Member, archive: Path) -> Member:
    """The same member, if it is safe."""
    parts = PurePosixPath(member.name).parts
    longest = max((len(part.encode(errors="replace")) for part in parts), default=0)
    if member.kind == "other":
        fault = "is a device or a link of an unsafe kind"
    elif "\0" in member.name + member.link:
        fault = "has a NUL in its name"
    elif longest > NAME_BYTES or len(parts) > DEPTH:
        fault = f"has a name of {longest} bytes, {len(parts)} folders deep; at most {NAME_BYTES} and {DEPTH} are taken"
    elif _absolute(member.name) or ".." in parts:
        fault = "would be written outside the folder"
    elif member.kind == "link" and (_absolute(member.link) or normpath(member.link).startswith("..")):
        fault = f"links to {member.link!r}, outside the folder"
    else:
        return member
    raise PermafrostError(
        f"{archive}: the member {member.name[:300]!r} {fault}; nothing was unpacked. Do not use this file: it is "
        "damaged or made to do harm"
    )


def _absolute(name: str) -> bool:
    return name.startswith("/") or bool(PureWindowsPath(name).drive)


def _resolve(members: list[Member], archive: Path) -> None:
    """Give every link the file that it means: a hard link's stands before it, a soft link's anywhere.

    One pass for each kind and one walk over each chain of links, each of which is then short.
    """
    before: dict[str, Member] = {}
    for member in members:
        if member.hard:
            found = before.get(normpath(member.link))
            if found is not None:
                member.target, member.link = found.target, found.link
            else:
                raise _nowhere(member, archive)
        before[normpath(member.name)] = member
    for member in members:
        chain, at = [], member
        while at.target is None and at.kind == "link":
            chain.append(at)
            following = before.get(normpath(at.link))
            if following is None or len(chain) > len(members):
                raise _nowhere(member, archive)
            at = following
        for passed in chain:
            if at.target is None:
                raise PermafrostError(
                    f"{archive}: the member {member.name!r} links to a folder; unpack it yourself and set dataset.path"
                )
            passed.target = at.target


def _nowhere(member: Member, archive: Path) -> PermafrostError:
    return PermafrostError(
        f"{archive}: the member {member.name!r} links to {member.link!r}, which leads nowhere; unpack it yourself and "
        "set dataset.path"
    )
