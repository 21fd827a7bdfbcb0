"""What lies under the name of a recording and is none: pointers, pages, archives, links to nowhere."""

import os
import re
import stat
from pathlib import Path

FETCH = "the download failed: fetch the file again"
FOREIGN = (
    (rb"version https://git-lfs", "a Git LFS pointer, not the recording: run `git lfs pull`"),
    (rb"(\.\./)*(\.git)?/annex/objects/", "a git-annex pointer, not the recording: run `git annex get`"),
    (rb"(?i)\s*(<!doctype html|<html|<head|<body)", f"an HTML page, not a recording: {FETCH}"),
    (rb"\s*<\?xml|\s*<Error>", f"an XML text, not a recording: {FETCH}"),
    (rb"\s*[{\[]\s*[\"{\[]", f"a JSON text, not a recording: {FETCH}"),
    (rb"PK\x03\x04..[\x01\x03\x05\x07\x09\x0b\x0d\x0f]", "an encrypted zip archive, not a recording: unpack it"),
    (rb"PK\x03\x04", "a zip archive, not a recording: unpack it"),
    (rb"\x1f\x8b|BZh[1-9]|\xfd7zXZ\0|7z\xbc\xaf\x27\x1c|Rar!|\x28\xb5\x2f\xfd", "packed, not a recording: unpack it"),
    (rb"Salted__|-----BEGIN PGP|\x85[\x01-\x04]|age-encryption\.org", "encrypted: decrypt it"),
    (rb"%PDF|\x89PNG|\xff\xd8\xff|GIF8", "a document or picture, not a recording"),
    (rb"\0{64}", "zero bytes where its header should be: copied or downloaded incompletely"),
    (rb"[\t\n\r -~]{16,}\Z", "a text, not a recording"),
)
KINDS = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


def no_file(path: Path) -> str | None:
    """Why ``path`` must not even be opened (a named pipe would be waited on for ever), or None."""
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except FileNotFoundError:
        if not path.is_symlink():
            return None
        target = os.readlink(path)
        advice = ": run `git annex get`" if "annex/objects" in target else ""
        return f"a link to {target}, which does not exist{advice}"
    except OSError:
        return None  # opening it says why
    return f"{KINDS[kind]}, not a file" if kind in KINDS else None


def foreign_kind(head: bytes) -> str | None:
    """What a file is that no decoder knows, by its first bytes, or None."""
    return next((what for pattern, what in FOREIGN if re.match(pattern, head, re.DOTALL)), None)
