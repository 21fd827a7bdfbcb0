"""Unpack zip and tar archives without ever writing outside their folder."""

import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Literal

from permafrost.errors import PermafrostError
from permafrost.progress import progress

DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError)


@dataclass(frozen=True)
class _Member:
    """A file, folder, link or other thing in an archive; ``link`` is the path within the archive that it points to."""

    name: str
    kind: Literal["file", "folder", "link", "other"]
    open: Callable[[], IO[bytes] | None]
    link: str = ""


def extract(archive: Path, folder: Path, kind: Literal["zip", "tar"], strip: int = 0) -> None:
    """Unpack all of ``archive`` into ``folder``, or nothing of it.

    Every member is checked before the first is written: absolute paths, ``..``, devices, and links that lead outside
    are refused. Links within a tar archive become copies of what they mean. Files get plain modes; they are written
    into a folder beside the target and moved when all is well.

    Args:
        archive: a zip file, or a tar file, compressed by gzip, bzip2 or xz or not.
        folder: the target; what is there already must not clash.
        kind: which of the two.
        strip: leading folders to drop from every member; members that are no deeper are left out.

    Raises:
        PermafrostError: a member would leave the folder, the archive is damaged or empty, or a file is there already.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".extract-", dir=folder.parent))
    try:
        with _open(archive, kind) as opened:
            members = list(_zip_members(opened) if isinstance(opened, zipfile.ZipFile) else _tar_members(opened))
            for member in members:
                _refuse_unsafe(member, archive)
            _write(members, fresh, strip, archive)
        _move(fresh, folder, archive)
    except RuntimeError as error:  # zipfile's word for an encrypted member
        raise PermafrostError(f"{archive}: {error}; unpack it yourself and set dataset.path") from None
    except KeyError as error:  # tarfile's word for a link whose target is not in the archive
        raise PermafrostError(
            f"{archive}: a link leads nowhere ({error}); unpack it yourself and set dataset.path"
        ) from None
    except DAMAGE as error:
        raise PermafrostError(f"{archive} does not unpack as {kind}: {error}; download it again") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _open(archive: Path, kind: str) -> zipfile.ZipFile | tarfile.TarFile:
    return zipfile.ZipFile(archive) if kind == "zip" else tarfile.open(archive)


def _zip_members(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")  # some programs on Windows write them so
        mode = stat.S_IFMT(info.external_attr >> 16)  # 0 where the archive was not made on Unix
        folder = info.is_dir() or name.endswith("/")
        kind = "folder" if folder else "file" if mode in (0, stat.S_IFREG) else "other"
        yield _Member(name, kind, partial(archive.open, info))


def _tar_members(archive: tarfile.TarFile) -> Iterator[_Member]:
    for info in archive:
        link = ""
        if info.issym():  # relative to the folder that the link is in
            inside = not info.linkname.startswith("/")
            link = str(PurePosixPath(info.name).parent / info.linkname) if inside else info.linkname
        elif info.islnk():  # relative to the archive
            link = info.linkname
        kind = "file" if info.isreg() else "folder" if info.isdir() else "link" if link else "other"
        yield _Member(info.name, kind, partial(archive.extractfile, info), link)
    # tarfile takes a damaged header for the end; reading on to the real end makes gzip, bzip2 and xz check their sums.
    while archive.fileobj is not None and archive.fileobj.read(1 << 20):
        pass


def _refuse_unsafe(member: _Member, archive: Path) -> None:
    parts = PurePosixPath(member.name).parts
    if member.kind == "other":
        fault = "is a device or a link of an unsafe kind"
    elif _absolute(member.name) or ".." in parts:
        fault = "would be written outside the folder"
    elif member.kind == "link" and (_absolute(member.link) or _climbs_out(member.link)):
        fault = f"links to {member.link!r}, outside the folder"
    else:
        return
    raise PermafrostError(
        f"{archive}: the member {member.name!r} {fault}; nothing was unpacked. Do not use this file: it is damaged or "
        "made to do harm"
    )


def _absolute(name: str) -> bool:
    return name.startswith("/") or bool(PureWindowsPath(name).drive)


def _climbs_out(name: str) -> bool:
    depth = 0
    for part in PurePosixPath(name).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return False


def _write(members: list[_Member], fresh: Path, strip: int, archive: Path) -> None:
    files = [(member, PurePosixPath(member.name).parts[strip:]) for member in members if member.kind != "folder"]
    files = [(member, parts) for member, parts in files if parts]
    if not files:
        raise PermafrostError(f"{archive} holds no file below {strip} leading folders; check the archive and `strip`")
    for member, parts in progress(files, len(files), f"unpack {archive.name}", "file"):
        source = member.open()
        if source is None:
            raise PermafrostError(f"{archive}: the member {member.name!r} links to a folder; unpack it yourself")
        target = fresh.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with source, target.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)


def _move(fresh: Path, folder: Path, archive: Path) -> None:
    files = [path.relative_to(fresh) for path in sorted(fresh.rglob("*")) if path.is_file()]
    for path in files:
        if (folder / path).exists():
            raise PermafrostError(
                f"{archive}: {folder / path} is there already; two archives may not hold the same file"
            )
    for path in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (fresh / path).replace(folder / path)
