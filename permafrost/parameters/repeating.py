"""The command that repeats a study: what stands in params.yaml, told as overrides of what conf/ composes."""

import itertools
import re
import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from permafrost import plain_yaml
from permafrost.errors import PermafrostError
from permafrost.provenance.revisions import git

PARAMS, CONF = Path("params.yaml"), Path("conf")
PLAIN = re.compile(r"(?!(?:null|true|false|inf|nan)$)[a-z_/.][\w/.-]*", re.IGNORECASE)


Compose = Callable[[Path, list[str]], None]  # what writes params.yaml from conf/ with overrides


def command(compose_into: Compose) -> str:
    """``dvc repro`` where params.yaml is committed or what conf/ composes by itself; else ``dvc exp run`` with ``-S``.

    The overrides are composed again before they are told. Where they do not give params.yaml, as after an edit by hand
    that Hydra cannot say, the file itself is named.
    """
    if not CONF.is_dir() or _committed():
        return "dvc repro"
    wanted = plain_yaml.read(PARAMS)
    if wanted == compose(compose_into, []):
        return "dvc repro"
    overrides = overrides_for(compose_into, wanted)
    if not _gives(compose_into, overrides, wanted):
        return "dvc repro  # with params.yaml as it was, which is not committed"
    return " ".join(["dvc exp run", *(f"-S {shlex.quote(item)}" for item in overrides)])


def _gives(compose_into: Compose, overrides: list[str], wanted: dict[str, Any]) -> bool:
    try:
        return compose(compose_into, overrides) == wanted
    except PermafrostError:
        return False


def overrides_for(compose_into: Compose, wanted: dict[str, Any]) -> list[str]:
    """The fewest Hydra overrides, groups of conf/ first, that make what conf/ composes into ``wanted``."""
    groups = [
        [[], [f"{group}={name}"]] if (CONF / group / f"{name}.yaml").is_file() else [[]]
        for group, name in (("dataset", wanted["dataset"]["name"]), ("study", wanted["study"]["name"]))
    ]
    found = []
    for choice in itertools.product(*groups):
        chosen = [item for part in choice for item in part]
        found.append(chosen + _changes(compose(compose_into, chosen), wanted))
    return min(found, key=len)


def compose(compose_into: Compose, overrides: list[str]) -> dict[str, Any]:
    """What conf/ composes with ``overrides``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "params.yaml")
        compose_into(path, overrides)
        return plain_yaml.read(path)


def _changes(before: dict[str, Any], after: dict[str, Any], above: str = "") -> list[str]:
    """Overrides from one tree to another: what is gone goes as a whole, what is new comes as a whole."""
    found = [f"~{above}{key}" for key in before if key not in after]
    for key, value in after.items():
        old = before.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            found += _changes(old, value, f"{above}{key}.")
        elif key not in before or old != value:
            found.append(f"{'' if key in before else '+'}{above}{key}={_hydra(value)}")
    return found


def _hydra(value: Any) -> str:
    """A value in the grammar of Hydra's overrides."""
    if isinstance(value, list):
        return f"[{','.join(map(_hydra, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_hydra(item)}" for key, item in value.items()) + "}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str) and not PLAIN.fullmatch(value):
        return "'" + value.replace("'", "\\'") + "'"
    return str(value)


def _committed() -> bool:
    """Whether params.yaml stands in the last commit as it is."""
    try:
        return bool(git("ls-files", "--", str(PARAMS))) and not git("status", "--porcelain", "--", str(PARAMS))
    except PermafrostError:
        return False
