"""What params.yaml had before and has no more: `dvc exp run` composes it anew from conf/ each time.

DVC keeps the parameters of the last run in dvc.lock until the stage `code` has run again, which therefore sees both;
edits by hand that never ran are in the copy that tools/hydra_plugins keeps of the file before it is composed.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flatten_dict import flatten

from permafrost import plain_yaml
from permafrost.data.dataset import RAW_FOLDER
from permafrost.errors import PermafrostError
from permafrost.evaluation.records import BY_STRATEGY
from permafrost.evaluation.study import BEGIN_WITH
from permafrost.provenance.revisions import locked, workspace

COPY = Path(".dvc/tmp/params.yaml")
SHOWN = 6  # changed values that are named


def notices(now: Mapping[str, Any]) -> list[str]:
    """Lines for the person who starts a run: a data set of their own that is left, and which values changed."""
    ran = locked(workspace()).get("code", {}).get("params", {}).get("params.yaml", {})
    left = _left(ran, now) if ran else None
    names, changed = _changed(ran | _edited(), now)
    return [line for line in (left, changed, *_unread(names, now)) if line]


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


def _unread(names: list[str], now: Mapping[str, Any]) -> Iterator[str]:
    """Warnings for the ``names`` of changed values that no strategy of the study reads, as each has its own."""
    freezes = [name for key in BEGIN_WITH for name in now["study"].get(key, [])]
    for name in names:
        section, _, rest = name.partition(".")
        model, _, setting = rest.partition(".")
        own = (now["models"].get(model, {}).get(BY_STRATEGY) or {}) if section == "models" else {}
        if own and freezes and all((own.get(freeze) or {}).get(setting) is not None for freeze in freezes):
            yield (
                f"warning: {name} is read by no strategy of the study: each has its own. One strategy's: "
                f"-S models.{model}.{BY_STRATEGY}.{freezes[0]}.{setting}={now['models'][model][setting]}; one for all: "
                f"-S '~models.{model}.{BY_STRATEGY}' as well"
            )


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """Names of values that both have, and that differ, and a line of them; what came or went with a study is not
    listed."""
    old, new = flatten(before, "dot"), flatten(now, "dot")
    names = [name for name in new if name in old and old[name] != new[name]]
    if not names:
        return [], None
    shown = ", ".join(f"{name} {old[name]} → {new[name]}" for name in names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return names, f"changed in params.yaml: {shown}{more}"
