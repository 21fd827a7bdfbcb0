"""What params.yaml had before and has no more: `dvc exp run` composes it anew from conf/ each time.

DVC keeps the parameters of the last run in dvc.lock until the stage `code` has run again, which therefore sees both;
edits by hand that never ran are in the copy that tools/hydra_plugins keeps of the file before it is composed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from permafrost import plain_yaml
from permafrost.data.dataset import RAW_FOLDER
from permafrost.errors import PermafrostError
from stages.revisions import locked, workspace
from stages.stage import leaves

COPY = Path(".dvc/tmp/params.yaml")
SHOWN = 6  # changed values that are named


def notices(now: Mapping[str, Any]) -> list[str]:
    """Lines for the person who starts a run: a data set of their own that is left, and which values changed."""
    ran = locked(workspace()).get("code", {}).get("params", {}).get("params.yaml", {})
    left = _left(ran, now) if ran else None
    return [line for line in (left, _changed(ran | _edited(), now)) if line]


def _edited() -> dict[str, Any]:
    """params.yaml as it was before `dvc exp run` composed it; read once."""
    try:
        values = plain_yaml.read(COPY)
        COPY.unlink()
    except (OSError, PermafrostError):
        return {}  # no experiment; or what was there before could not be read either
    return values


def _left(before: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    old, new = before.get("dataset", {}), now["dataset"]
    path = str(old.get("path", RAW_FOLDER))
    if path == RAW_FOLDER or path == new["path"]:
        return None
    study = before.get("study", {}).get("name")
    if study != now["study"]["name"] and Path(f"conf/study/{study}.yaml").is_file():
        stay = f"-S study={study}, or python -m tools.study_default {study} for good"
    else:
        stay = f"make study-from FOLDER={path}, once: it makes them a study of their own"
    return (
        f"warning: the data set is {new['name']} ({new['path']}) now; the last results here were made from {path}. "
        "`dvc exp run` composes params.yaml anew from conf/: what an earlier -S or an edit by hand put there is gone. "
        f"To stay with those recordings: {stay}"
    )


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """Values that both have, and that differ; what came or went with a study is not listed."""
    old, new = leaves(before), leaves(now)
    names = [name for name in new if name in old and old[name] != new[name]]
    if not names:
        return None
    shown = ", ".join(f"{name} {old[name]} → {new[name]}" for name in names[:SHOWN])
    return f"changed in params.yaml: {shown}" + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
