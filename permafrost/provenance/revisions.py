"""What Git knows: which revision the results come from, and files as they were at a revision or in an experiment."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from permafrost import plain_yaml
from permafrost.errors import PermafrostError

# What a study's numbers are made from. Not its results: committing these must not change the revision they came from.
INPUTS = (
    "permafrost",
    "stages",
    "conf",
    "dvc.yaml",
    "params.yaml",
    "requirements.txt",
    "requirements-transformers.txt",
)
EXPERIMENTS = "refs/exps"


@dataclass(frozen=True)
class Source:
    """Files at a revision: ``name`` as the user gave it; ``commit`` is None for the workspace."""

    name: str
    commit: str | None

    def read(self, path: str) -> str | None:
        """The text of a file; None where the revision does not have it."""
        if self.commit is None:
            file = Path(path)
            return file.read_text(encoding="utf-8") if file.is_file() else None
        # ./: from this folder, which need not be the repository's root.
        return git("show", f"{self.commit}:./{path}") if path in self.files(path) else None

    def files(self, folder: str) -> list[str]:
        """Paths of the files in ``folder``, or ``folder`` itself where it is a file."""
        if self.commit is not None:
            return git("ls-tree", "-r", "--name-only", self.commit, "--", folder).splitlines()
        return sorted(path.as_posix() for path in Path(folder).glob("*") if path.is_file())


def workspace() -> Source:
    """The files as they lie here."""
    return Source("workspace", None)


def locked(source: Source) -> dict[str, Any]:
    """The stages of dvc.lock, empty where there is none."""
    return (plain_yaml.parse(source.read("dvc.lock") or "", "dvc.lock") or {}).get("stages", {})


def revision(name: str) -> Source:
    """A commit, branch or tag, or an experiment of `dvc exp run` by its name.

    Raises:
        PermafrostError: there is no such thing; the error lists the experiments that there are.
    """
    try:
        return Source(name, git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip())
    except PermafrostError:
        experiments = _experiments()
    if name in experiments:
        return Source(name, experiments[name])
    there = ", ".join(sorted(experiments)) or "none"
    raise PermafrostError(
        f"{name!r} is neither a revision that git knows nor an experiment (there are: {there}); give a commit, branch, "
        "tag, or a name that `dvc exp show` lists"
    )


def inputs_revision() -> str:
    """The last commit that changed code or parameters, and which of these have uncommitted changes.

    A message in place of it where this is no Git repository.
    """
    try:
        commit = git("log", "-1", "--format=%h", "--", *INPUTS).strip()
        # -z and the prefix: names as they are, and seen from this folder.
        status = git("status", "--porcelain", "-z", "--no-renames", "--", *INPUTS)
        prefix = git("rev-parse", "--show-prefix").strip()
    except PermafrostError:
        return "not under Git"
    changed = sorted(entry[3:].removeprefix(prefix) for entry in status.split("\0") if entry)
    if not changed:
        return commit or "nothing committed yet"
    few = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    return f"{commit or 'nothing committed yet'}, with uncommitted changes in {few}"


def git(*arguments: str) -> str:
    """The output of a git command in the current folder.

    Raises:
        PermafrostError: git is missing, or says no; the error has its message.
    """
    return output("git", *arguments)


def output(*command: str) -> str:
    """What a command prints.

    Raises:
        PermafrostError: it is not installed, or fails; the error has its message.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    except FileNotFoundError:
        raise PermafrostError(f"{command[0]} is not installed; revisions are read with it") from None
    if done.returncode:
        raise PermafrostError(f"{' '.join(command)} in {Path.cwd()}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def _experiments() -> dict[str, str]:
    """Name to commit. DVC keeps an experiment under refs/exps/<2 digits>/<38 digits of its parent>/<name>."""
    lines = git("for-each-ref", "--format=%(refname) %(objectname)", EXPERIMENTS).splitlines()
    refs = (line.split() for line in lines)
    return {ref.split("/")[4]: commit for ref, commit in refs if len(ref.split("/")) == 5}
