"""Unpack zip and tar archives without ever writing outside their folder, or more than the disk and reason allow."""

import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Literal

from permafrost import room
from permafrost.data.archive_members import Member, opened, too_large
from permafrost.errors import PermafrostError
from permafrost.progress import progress

DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError)
BLOCK = 4096  # bytes of disk that the smallest file takes
PIECE = 1 << 18


def extract(archive: Path, folder: Path, kind: Literal["zip", "tar"], strip: int = 0) -> None:
    """Unpack all of ``archive`` into ``folder``, or nothing of it.

    Every member is checked before the first is written: absolute paths, ``..``, devices, and links that lead outside
    are refused, and so is more than ``RATIO`` times the archive's size or than the disk has room for; sizes are counted
    again while writing, for headers can lie. Links within a tar archive become copies of what they mean. Of two members
    of one name the later is kept. Files get plain modes; they are written into a folder beside the target and moved
    when all is well.

    Args:
        archive: a zip file, or a tar file, compressed by gzip, bzip2 or xz or not.
        folder: the target; what is there already must not clash.
        kind: which of the two.
        strip: leading folders to drop from every member; members that are no deeper are left out.

    Raises:
        PermafrostError: a member would leave the folder, the archive is damaged, empty or too large, or a file is there
            already.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".extract-", dir=folder.parent))
    try:
        with room.full_disk_told(str(archive)), opened(archive, kind) as (members, limit):
            files = _chosen(members, strip, archive)
            _refuse_too_much(files, archive, limit, fresh)
            _write(files, fresh, archive, limit)
            _move(files, fresh, folder, archive)
    except RuntimeError as error:  # zipfile's word for an encrypted member or an unknown compression
        raise PermafrostError(f"{archive}: {error}; unpack it yourself and set dataset.path") from None
    except DAMAGE as error:
        raise PermafrostError(f"{archive} does not unpack as {kind}: {error}; download it again") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _chosen(members: list[Member], strip: int, archive: Path) -> dict[tuple[str, ...], Member]:
    """What is to be written, by the parts of its path."""
    files = {PurePosixPath(member.name).parts[strip:]: member for member in members if member.kind != "folder"}
    files.pop((), None)
    if not files:
        raise PermafrostError(f"{archive} holds no file below {strip} leading folders; check the archive and `strip`")
    return files


def _refuse_too_much(files: dict[tuple[str, ...], Member], archive: Path, limit: int, folder: Path) -> None:
    sizes = [member.target.size for member in files.values()]
    if sum(sizes) > limit:
        raise too_large(archive, limit)
    need, have = sum(-(-size // BLOCK) * BLOCK or BLOCK for size in sizes), room.free(folder)
    if need > have:
        raise PermafrostError(
            f"{archive} unpacks to {room.in_words(need)}, but there is room for {room.in_words(have)} in "
            f"{folder.parent.resolve()}; make room and run again"
        )


def _write(files: dict[tuple[str, ...], Member], fresh: Path, archive: Path, limit: int) -> None:
    """Write the files in the archive's order, then the links as copies of them: so no part is decompressed twice."""
    places: dict[Member, Path] = {}
    made: set[tuple[str, ...]] = set()
    written = 0
    ordered = sorted(files.items(), key=lambda item: item[1].kind == "link")
    for parts, entry in progress(ordered, len(files), f"unpack {archive.name}", "file"):
        target = fresh.joinpath(*parts)
        if parts[:-1] not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(parts[:-1])
        member = entry.target  # of a link, the file that it means
        there = places.get(member)
        with there.open("rb") if there else member.open() as source, target.open("xb") as file:
            while piece := source.read(PIECE):
                written += len(piece)
                if written > limit:
                    raise too_large(archive, limit)
                file.write(piece)
        places.setdefault(member, target)


def _move(files: dict[tuple[str, ...], Member], fresh: Path, folder: Path, archive: Path) -> None:
    for parts in files:
        if folder.joinpath(*parts).exists():
            raise PermafrostError(
                f"{archive}: {folder.joinpath(*parts)} is there already; two archives may not hold the same file"
            )
    for parent in {parts[:-1] for parts in files}:
        folder.joinpath(*parent).mkdir(parents=True, exist_ok=True)
    for parts in files:
        fresh.joinpath(*parts).replace(folder.joinpath(*parts))
