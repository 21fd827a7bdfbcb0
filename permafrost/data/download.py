"""Download one file: resumed after a break, retried after a passing failure, and never kept with a wrong checksum.

Pooch downloads as well, but neither resumes nor bounds what a server sends or how slowly, so it would replace nothing.
"""

import hashlib
import logging
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from permafrost import room
from permafrost.data.web_answer import MEBIBYTE, BrokenOffError, WebAnswer
from permafrost.errors import PermafrostError
from permafrost.progress import progress

log = logging.getLogger(__name__)
TRIES = 5
WINDOW, LEAST = 60.0, 1 << 16  # a transfer of fewer bytes than LEAST in so many seconds is broken off
UNDECLARED = 8 << 30  # bytes that a server may send without having said how many


def download(url: str, target: Path, sha256: str | None, pause: float = 1.0, window: float = WINDOW) -> str:
    """Bring ``url`` (https, http or file) to ``target`` and return the file's sha256.

    What has arrived is kept beside the target as ``.part`` and continued by the next try, also of a later run (there
    only with ``sha256`` given: else nothing tells whether the server still has the same file). A target that is there
    with the right checksum is not loaded again. A file is kept as it is sent: nothing is decompressed.

    Args:
        url: where from.
        target: the file to write; its folder must exist.
        sha256: expected checksum in hexadecimal, or None.
        pause: seconds before the second try; doubled for each further one without progress.
        window: seconds in which ``LEAST`` bytes have to come.

    Raises:
        PermafrostError: not there, not reachable after ``TRIES`` tries without progress, more than the disk has room
            for or than ``UNDECLARED``, or another checksum.
    """
    if sha256 is not None and target.exists() and checksum(target) == sha256.lower():
        return sha256.lower()
    part = target.with_name(target.name + ".part")
    if sha256 is None:
        part.unlink(missing_ok=True)
    try:
        with room.full_disk_told(url):
            if urlsplit(url).scheme == "file":
                _copy(url, part)
            else:
                _load(url, part, pause, window, checked=sha256 is not None)
    except PermafrostError:
        if part.is_file() and (sha256 is None or part.stat().st_size == 0):
            part.unlink()  # a later run would not continue it
        raise
    measured = checksum(part)
    if sha256 is not None and measured != sha256.lower():
        part.unlink()
        raise PermafrostError(
            f"{url}: the file has sha256 {measured}, expected {sha256.lower()}; it was removed. Run again if the "
            "transfer was at fault; if the publisher changed the file, check it and correct the sha256"
        )
    part.replace(target)
    return measured


def checksum(file: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _copy(url: str, part: Path) -> None:
    source = Path(url2pathname(urlsplit(url).path))
    if not source.is_file():
        raise PermafrostError(f"{url}: {source} cannot be read, it is no file; check the path")
    _refuse_too_much(url, part, source.stat().st_size)
    try:
        shutil.copyfile(source, part)
    except PermissionError as error:
        raise PermafrostError(f"{url}: {source} cannot be read ({error.strerror}); check the path") from None


def _load(url: str, part: Path, pause: float, window: float, checked: bool) -> None:
    furthest, failed = 0, 0
    while True:
        try:
            _try(url, part, window, checked)
            return
        except BrokenOffError as error:
            have = part.stat().st_size if part.exists() else 0
            # Only new ground counts as progress: a server that can not resume breaks off at the same place for ever,
            # and one that drips gains a few bytes each time.
            failed = 0 if have >= furthest + LEAST else failed + 1
            furthest = max(furthest, have)
            if failed >= TRIES:
                raise PermafrostError(
                    f"{url}: {error}; gave up after {TRIES} tries without progress, with {have} bytes in {part}. Check "
                    "the network and run again"
                ) from None
            wait = pause * 2 ** max(failed - 1, 0)
            log.warning("%s: %s; trying again in %.0f s", url, error, wait)
            time.sleep(wait)


def _try(url: str, part: Path, window: float, checked: bool) -> None:
    have = part.stat().st_size if part.exists() else 0
    with WebAnswer(url, have, window, LEAST) as answer:
        if answer.complete:
            return  # the part is the whole file
        if answer.refused:
            part.unlink()
            raise BrokenOffError(f"the server cannot continue at byte {have} (it says {answer.refused!r})")
        if answer.encoding != "identity" and not checked:
            raise PermafrostError(
                f"{url}: the server sends the file compressed ({answer.encoding}), though asked not to, and no sha256 "
                "says whether that is the file; give the sha256 of what is sent (as of curl -O), or another address"
            )
        if answer.length is not None:
            _refuse_too_much(url, part, answer.length)
        # Behind what is there, or from the start where the server sends the whole again.
        with part.open("ab" if answer.resumed else "wb") as file:
            start, length = file.tell(), answer.length
            most = UNDECLARED if length is None else start + length

            def written() -> Iterator[None]:
                """Write in small pieces, so that little is lost when it breaks off; one step for each MiB."""
                told = start
                for piece in answer.pieces():
                    file.write(piece)
                    if file.tell() > most:
                        file.truncate(0)
                        raise PermafrostError(
                            f"{url}: the server sent more than {room.in_words(most)} and never said how much; it was "
                            "removed. If the file is that large, download it yourself and set dataset.path"
                        )
                    while file.tell() - told >= MEBIBYTE:
                        told += MEBIBYTE
                        _refuse_too_much(url, part, 0)
                        yield

            for _ in progress(written(), length and length // MEBIBYTE, f"download {url}", "MiB"):
                ...
            if length is not None and file.tell() < start + length:
                raise BrokenOffError(f"the server closed after {file.tell()} of {start + length} bytes")


def _refuse_too_much(url: str, part: Path, more: int) -> None:
    """Refuse ``more`` bytes than the disk has room for; also none, where others fill it meanwhile."""
    have = room.free(part.parent)
    if more >= have:
        raise PermafrostError(
            f"{url}: {room.in_words(more)} are to come, but there is room for {room.in_words(have)} in "
            f"{part.parent.resolve()}; make room and run again"
        )
