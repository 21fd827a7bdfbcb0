"""What Git knows: which revision the results come from, and files as they were at another one."""

import subprocess
from pathlib import Path

from permafrost.errors import PermafrostError

# What a study's numbers are made from. Not its results: committing these must not change the revision they came from.
INPUTS = ("permafrost", "stages", "conf", "dvc.yaml", "params.yaml", "requirements.txt")


def inputs_revision() -> str:
    """The last commit that changed code or parameters, and which of these have uncommitted changes.

    A message in place of it where this is no Git repository.
    """
    try:
        commit = git("log", "-1", "--format=%h", "--", *INPUTS).strip()
        status = git("status", "--porcelain", "--", *INPUTS)
    except PermafrostError:
        return "not under Git"
    changed = sorted({line[3:].split(" -> ")[-1] for line in status.splitlines()})
    if not changed:
        return commit or "nothing committed yet"
    few = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    return f"{commit or 'nothing committed yet'}, with uncommitted changes in {few}"


def git(*arguments: str) -> str:
    """The output of a git command in the current folder.

    Raises:
        PermafrostError: git is missing, or says no; the error has its message.
    """
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, encoding="utf-8", check=False)
    except FileNotFoundError:
        raise PermafrostError("git is not installed; revisions are read with it") from None
    if done.returncode:
        raise PermafrostError(f"git {' '.join(arguments)} in {Path.cwd()}: {done.stderr.strip()}")
    return done.stdout
