"""Download one file: resumed after a break, retried after a passing failure, and never kept with a wrong checksum."""

import hashlib
import logging
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from permafrost.errors import PermafrostError
from permafrost.progress import progress

if TYPE_CHECKING:
    from requests import Response

log = logging.getLogger(__name__)
MEBIBYTE, PIECE = 1 << 20, 1 << 14
TRIES = 5
TIMEOUT = (10.0, 60.0)  # seconds: to connect, and between two pieces
PASSING = {408, 425, 429, 500, 502, 503, 504}


class _BrokenOffError(Exception):
    """A failure that may pass: the next try continues."""


def download(url: str, target: Path, sha256: str | None, pause: float = 1.0) -> str:
    """Bring ``url`` (https, http or file) to ``target`` and return the file's sha256.

    What has arrived is kept beside the target as ``.part`` and continued by the next try, also of a later run (there
    only with ``sha256`` given: else nothing tells whether the server still has the same file). A target that is there
    with the right checksum is not loaded again.

    Args:
        url: where from.
        target: the file to write; its folder must exist.
        sha256: expected checksum in hexadecimal, or None.
        pause: seconds before the second try; doubled for each further one without progress.

    Raises:
        PermafrostError: not there, not reachable after ``TRIES`` tries without progress, or another checksum.
    """
    if sha256 is not None and target.exists() and checksum(target) == sha256.lower():
        return sha256.lower()
    part = target.with_name(target.name + ".part")
    if sha256 is None:
        part.unlink(missing_ok=True)
    if urlsplit(url).scheme == "file":
        _copy(url, part)
    else:
        _load(url, part, pause)
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
    try:
        shutil.copyfile(source, part)
    except OSError as error:
        raise PermafrostError(f"{url}: {source} cannot be read ({error.strerror}); check the path") from None


def _load(url: str, part: Path, pause: float) -> None:
    furthest, failed = 0, 0
    while True:
        try:
            _try(url, part)
            return
        except _BrokenOffError as error:
            have = part.stat().st_size if part.exists() else 0
            # Only new ground counts as progress: a server that can not resume breaks off at the same place for ever.
            failed = 0 if have > furthest else failed + 1
            furthest = max(furthest, have)
            if failed >= TRIES:
                raise PermafrostError(
                    f"{url}: {error}; gave up after {TRIES} tries without progress, with {have} bytes in {part}. Check "
                    "the network and run again"
                ) from None
            wait = pause * 2 ** max(failed - 1, 0)
            log.warning("%s: %s; trying again in %.0f s", url, error, wait)
            time.sleep(wait)


def _try(url: str, part: Path) -> None:
    # Here and not above: a source that is not downloaded does not pay for loading requests.
    import requests

    have = part.stat().st_size if part.exists() else 0
    # identity: with a compressed transfer, lengths and ranges would not be those of the file.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            status, told = response.status_code, response.headers.get("Content-Range", "")
            if status == 416 and told == f"bytes */{have}":
                return  # the part is the whole file
            if status == 416 or (status == 206 and not told.startswith(f"bytes {have}-")):
                part.unlink()
                raise _BrokenOffError(f"the server cannot continue at byte {have} (it says {told!r})")
            if status in PASSING:
                raise _BrokenOffError(f"the server answered {status} {response.reason}")
            if not response.ok:
                raise PermafrostError(f"{url}: the server answered {status} {response.reason}; check the address")
            _save(response, part, url)
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise _BrokenOffError(f"{type(error).__name__}: {error}") from None
    except requests.RequestException as error:
        raise PermafrostError(f"{url}: {error}; check the address") from None


def _save(response: "Response", part: Path, url: str) -> None:
    """Write the body to ``part``: behind what is there, or from the start where the server sends the whole again."""
    resumed = response.status_code == 206
    length = int(response.headers.get("Content-Length", 0)) or None
    with part.open("ab" if resumed else "wb") as file:
        start = file.tell()
        mebibytes = _write(response, file)
        for _ in progress(mebibytes, length and length // MEBIBYTE, f"download {url}", "MiB"):
            ...
        if length is not None and file.tell() < start + length:
            raise _BrokenOffError(f"the server closed after {file.tell()} of {start + length} bytes")


def _write(response: "Response", file: IO[bytes]) -> Iterator[None]:
    """Write the body in small pieces, so that little is lost when it breaks off; one step for each MiB."""
    since = 0
    for piece in response.iter_content(PIECE):
        file.write(piece)
        since += len(piece)
        while since >= MEBIBYTE:
            since -= MEBIBYTE
            yield
