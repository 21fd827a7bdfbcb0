"""dvc.lock kept and restored: DVC writes it in place, so a kill at that moment leaves it empty or cut off."""

import os
import shutil
import subprocess
from pathlib import Path

from ruamel.yaml import YAML, YAMLError

from permafrost.errors import PermafrostError

LOCK, COPY = Path("dvc.lock"), Path(".dvc/tmp/dvc.lock.whole")
CONFLICT = b"<<<<<<< "


def keep_copy() -> None:
    """Copy dvc.lock where it has changed since the last copy. Call it where it is known to be whole.

    As a stage starts it is: DVC has read it, and writes it when the stage has ended.
    """
    if not LOCK.is_file() or (COPY.is_file() and COPY.stat().st_mtime_ns == LOCK.stat().st_mtime_ns):
        return
    COPY.parent.mkdir(parents=True, exist_ok=True)
    fresh = COPY.with_name(f"{COPY.name}.{os.getpid()}")
    shutil.copy2(LOCK, fresh)
    os.replace(fresh, COPY)


def restore_lock() -> str | None:
    """Keep a copy of a whole dvc.lock; replace one that is empty or cut off. What was done, None for nothing.

    From the copy of the last stage's start, else from Git's HEAD; where there is neither, the file is removed, and DVC
    takes from its cache what has run.

    Raises:
        PermafrostError: it has the marks of a merge, which is for the user to decide.
    """
    if not LOCK.is_file():
        return None
    content = LOCK.read_bytes()
    if is_whole(content):
        keep_copy()
        return None
    if CONFLICT in content:
        raise PermafrostError(f"{LOCK} has the marks of a merge: `git checkout --ours {LOCK}`, then `dvc repro`")
    what = f"{LOCK} was {'cut off' if content else 'empty'}, as a kill leaves it, and "
    if COPY.is_file() and is_whole(COPY.read_bytes()):
        shutil.copy2(COPY, LOCK)
        return f"{what}is restored as the last stage found it ({COPY})"
    head = subprocess.run(["git", "show", f"HEAD:./{LOCK}"], capture_output=True, check=False)
    if head.returncode == 0 and is_whole(head.stdout):
        LOCK.write_bytes(head.stdout)
        return f"{what}is restored from Git's HEAD"
    LOCK.unlink()
    return f"{what}is removed: `dvc repro` takes what has run from DVC's cache"


def is_whole(content: bytes) -> bool:
    """Whether ``content`` is a dvc.lock: a mapping with schema and stages, each with a command, to its last line."""
    try:
        found = YAML(typ="safe").load(content.decode("utf-8"))
    except (YAMLError, UnicodeDecodeError, ValueError):
        return False
    stages = found.get("stages") if isinstance(found, dict) and "schema" in found else None
    whole = isinstance(stages, dict) and all(isinstance(stage, dict) and "cmd" in stage for stage in stages.values())
    return whole and content.endswith(b"\n")
