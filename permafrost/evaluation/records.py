"""What made a run: run.json in its folder, and what of that the project says otherwise now."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from permafrost.errors import PermafrostError
from permafrost.evaluation.study import BASELINES, Run, listed, needed
from permafrost.provenance.identity import file_md5, identity

RUNS, RECORD, LOCK = Path("runs"), "run.json", Path("dvc.lock")
# A run depends on its data, by hash, and not on each parameter that these were made with: `split.seed` may change and
# the split stay. So those parameters are recorded, and told of where a hash differs. Two decide what a model hears.
OF_DATA = ("preprocess.", "split.")
HEARD = ("sample_rate", "clip_seconds")
COMPUTED = ("device", "precision", "threads")  # what a record says of the machine: all that shows in the last bits
BY_STRATEGY = "by_strategy"  # where a recipe has what is a strategy's own
MISSING = "nothing"
SHOWN = 3  # kinds of differences that a message lists


@dataclass(frozen=True)
class Project:
    """What the project says now.

    Attributes:
        parameters: all of params.yaml.
        outputs: path to MD5 of what the stages wrote last, as dvc.lock has it; empty where there is none.
        root: the project's folder.
    """

    parameters: Mapping[str, Any]
    outputs: Mapping[str, str]
    root: Path = Path()


@dataclass(frozen=True)
class Difference:
    """One thing that differs: its key or path, its values in the record and now, and where the latter stands."""

    key: str
    then: Any
    now: Any
    place: str

    def __str__(self) -> str:
        return f"{self.key}: {_short(self.then)} when it was trained, {_short(self.now)} in {self.place} now"


def read_project(parameters: Mapping[str, Any], root: Path = Path()) -> Project:
    """What params.yaml, already read, and dvc.lock say."""
    lock = root / LOCK
    return Project(parameters, locked_outputs(lock.read_text(encoding="utf-8") if lock.is_file() else ""), root)


def locked_outputs(lock: str) -> dict[str, str]:
    """Path to hash of every output in the text of a dvc.lock; none where it is empty or broken.

    By libyaml, every value as text: each run of a study reads this file, and the reader of parameters takes five
    times as long.
    """
    try:
        stages = (yaml.load(lock, yaml.CBaseLoader) or {})["stages"]
        outputs = [out for stage in stages.values() for out in stage.get("outs", [])]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        return {}
    return {out["path"]: out["md5"] for out in outputs if "md5" in out}


def recipe_for(recipe: Any, freeze: str) -> Any:
    """``recipe`` as the strategy ``freeze`` has it: its own entry of ``by_strategy`` put in, the others left out."""
    if not isinstance(recipe, Mapping) or BY_STRATEGY not in recipe:
        return recipe
    common = {name: value for name, value in recipe.items() if name != BY_STRATEGY}
    return common | _own(recipe, freeze)


def shaping(parameters: Mapping[str, Any], model: str, freeze: str) -> dict[str, Any]:
    """The parameters that shape a run whatever its seed: recipe, strategy, how runs are computed, what is heard."""
    heard = {name: value for name, value in parameters.get("preprocess", {}).items() if name in HEARD}
    section = Run(model, freeze, 0).section
    recipes = {name: recipe for name, recipe in parameters.get(section, {}).items() if name == model}
    freezing = parameters.get("freezing", {})
    begins = needed(freezing.get(freeze))  # runs of the same model, whose own rates shape this one
    if section == BASELINES:
        return {section: recipes, "train": parameters.get("train", {}), "preprocess": heard}
    return {
        section: {name: recipe_for(recipe, freeze) for name, recipe in recipes.items()},
        "freezing": {name: freezing.get(name) for name in (freeze, *begins) if name in freezing},
        **({"begins": {name: _own(recipes.get(model), name) for name in begins}} if begins else {}),
        "train": parameters.get("train", {}),
        "preprocess": heard,
    }


def code_file(run: Run) -> Path:
    """Where stage code writes what a run depends on: its code and its ``shaping`` parameters."""
    # No name has a dot in it, so that no two pairs of model and strategy share a file.
    name = f"baseline-{run.model}" if run.is_baseline else f"train-{run.model}.{run.freeze}"
    return Path("data/code", f"{name}.json")


def make_record(run: Run, project: Project, files: Iterable[Path]) -> dict[str, Any]:
    """What run.json says before the run is computed; ``files``: the data and weights that it reads."""
    return {
        **run._asdict(),
        "parameters": _expected(run, project),
        "files": {path.as_posix(): file_md5(project.root / path) for path in files},
        "code": _code(run, project),
    }


def read_record(folder: Path) -> dict[str, Any]:
    """run.json of the run in ``folder``.

    Raises:
        PermafrostError: it is missing, broken or not complete.
    """
    record = read_json(folder / RECORD)
    if lacking := {"parameters", "files", "code", "computed"} - record.keys():
        raise PermafrostError(f"{folder / RECORD} lacks {sorted(lacking)[0]!r}: {redo(folder)}")
    return record


def differences(run: Run, record: Mapping[str, Any], project: Project) -> list[Difference]:
    """What a run's record and the project say differently; none where the run is what the project would make now."""
    own = _own(project.parameters.get(run.section, {}).get(run.model), run.freeze)
    places = {f"{run.section}.{run.model}.{name}": f"{BY_STRATEGY}.{run.freeze}.{name}" for name in own}
    changed = [
        Difference(f"{run.section}.{run.model}.{places[key]}" if key in places else key, then, now, "params.yaml")
        for key, then, now in different(record["parameters"], _expected(run, project))
    ]
    told = [item for item in changed if item.key.startswith(OF_DATA) and item.key.split(".")[1] not in HEARD]
    found = [item for item in changed if item not in told]
    for path, then in record["files"].items():
        if (now := project.outputs.get(path, then)) != then:
            found.append(Difference(path, then, now, str(LOCK)))
    if (code := _code(run, project)) not in (None, record["code"]):
        found.append(Difference("code", record["code"], code, code_file(run).as_posix()))
    return [*found, *told] if found else []


def different(then: Any, now: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Dotted key and both values of each leaf that differs between two nested mappings."""
    if not isinstance(then, Mapping) or not isinstance(now, Mapping):
        if then != now:
            yield key, then, now
        return
    for name in sorted(then.keys() | now.keys()):
        yield from different(then.get(name, MISSING), now.get(name, MISSING), f"{key}.{name}".lstrip("."))


def check_runs(runs: Sequence[Run], project: Project, folder: Path = RUNS) -> None:
    """Refuse runs that lie in ``folder`` and are not what the project would make now.

    Raises:
        PermafrostError: what differs, with the values in the record and now, which runs, and what to do.
    """
    kinds: dict[str, list[Run]] = {}
    for run in runs:
        if found := differences(run, read_record(folder / run.folder), project):
            kinds.setdefault("".join(f"\n    {item}" for item in found), []).append(run)
    if not kinds:
        return
    stale = [run for group in kinds.values() for run in group]
    told = [f"{listed(group)}{lines}" for lines, group in list(kinds.items())[:SHOWN]]
    told += [f"  and {len(kinds) - SHOWN} more kinds of differences"] if len(kinds) > SHOWN else []
    again = stale[0].command if len(stale) == 1 else "dvc repro"
    raise PermafrostError(
        f"{folder}: {len(stale)} of {len(runs)} run{'s' if len(runs) > 1 else ''} would be made otherwise now:\n"
        + "\n".join(told)
        + f"\ntrain again (`{again}`), put the old values back (`git checkout params.yaml`, or the revision that "
        "trained them), or fetch the runs of this revision (`dvc checkout`)"
    )


def redo(folder: Path) -> str:
    """What to do about a faulty run."""
    model, freeze, seed = folder.parts[-3:]
    return f"remove {folder} and run `{Run(model, freeze, seed).command}`"


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of a run that holds a mapping.

    Raises:
        PermafrostError: it is missing, broken, or holds something else.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PermafrostError(f"{path} does not exist, so the run is not complete: {redo(path.parent)}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PermafrostError(f"{path} is broken or half-written ({error}): {redo(path.parent)}") from None
    if not isinstance(values, dict):
        raise PermafrostError(f"{path}: got {values!r}, expected a mapping: {redo(path.parent)}")
    return values


def _expected(run: Run, project: Project) -> dict[str, Any]:
    parameters = project.parameters
    made = shaping(parameters, run.model, run.freeze)
    made |= {name: parameters[name] for name in ("preprocess", "split") if name in parameters}
    return json.loads(json.dumps(made, default=str))  # as it is read again: no tuples, no dates


def _code(run: Run, project: Project) -> str | None:
    """The run's code as one hash; None where stage code has written nothing."""
    path = project.root / code_file(run)
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    return identity({name: value for name, value in found.items() if name != "parameters"})


def _own(recipe: Any, freeze: str) -> dict[str, Any]:
    """What the strategy ``freeze`` has of its own in ``recipe``."""
    entry = ((recipe.get(BY_STRATEGY) if isinstance(recipe, Mapping) else None) or {}).get(freeze) or {}
    return {name: value for name, value in entry.items() if value is not None}


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
