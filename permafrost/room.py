"""Room on a disk: how much may still be written, and a plain word where it is full."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from permafrost.errors import PermafrostError

RESERVE = 256 << 20  # bytes that are left to everything else on the machine
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def free(folder: Path) -> int:
    """Bytes that may be written to the disk of ``folder``."""
    return max(0, shutil.disk_usage(folder).free - RESERVE)


@contextmanager
def full_disk_told(what: str) -> Iterator[None]:
    """Turn the system's error of a full disk into one for the user, who was doing ``what``."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise PermafrostError(f"{what}: no room left on the disk ({error}); make room and run again") from None


def in_words(size: int) -> str:
    """A number of bytes as people say it."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
