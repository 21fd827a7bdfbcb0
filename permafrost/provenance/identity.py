"""Names for contents: the hash of all that a computation depends on, and of one file."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def identity(values: Any, files: Iterable[Path] = ()) -> str:
    """32 hex digits from plain ``values`` (JSON) and the contents of ``files``, in the order given."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps(values, sort_keys=True).encode())
    for path in files:
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()


def file_md5(path: Path) -> str:
    """The MD5 of a file's content, by which DVC knows it."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
