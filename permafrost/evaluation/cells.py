"""Reading the cells of a study: exactly the study's, each complete, all about the same classes."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from permafrost.errors import PermafrostError
from permafrost.evaluation.cell_files import read_history, read_json, read_metrics, read_predictions, redo, rerun
from permafrost.evaluation.study import NO_STRATEGY

log = logging.getLogger(__name__)

Key = tuple[str, str, int]


@dataclass(frozen=True)
class Cells:
    """What the cells of a study found.

    Attributes:
        models, freezes, seeds: the study's lists; ``freezes`` in order of depth.
        classes: names, sorted.
        runs: one row a cell: model, freeze, depth (place in ``freezes``), seed, repeat, ``test_accuracy``,
            ``valid_accuracy``, ``macro_f1`` (test), ``valid_macro_f1``, ``test_loss``, ``valid_loss``, sizes, epochs,
            ``seconds_per_epoch``, ``seconds_total``.
        predictions: one row a cell and clip: model, freeze, seed, clip_id, subset (valid or test), label, predicted,
            then the probabilities as ``p:<class>``.
        histories: one row a cell and epoch: model, freeze, seed, then the columns of history.csv.
        machines: environment.json of each cell, in the order of ``runs``.
        baselines: the cells of models without a freezing dimension, in the same form (``freezes`` is
            ``[NO_STRATEGY]``, ``depth`` 0); None where the study has none.
    """

    models: list[str]
    freezes: list[str]
    seeds: list[int]
    classes: list[str]
    runs: pd.DataFrame
    predictions: pd.DataFrame
    histories: pd.DataFrame
    machines: list[dict[str, Any]]
    baselines: "Cells | None" = None


def groups(cells: Cells) -> list[Cells]:
    """The cells of the models, then those of the baselines, where there are any."""
    return [cells, *([cells.baselines] if cells.baselines else [])]


def read_study(
    folder: Path,
    models: Sequence[str],
    freezes: Sequence[str],
    seeds: Sequence[int],
    baselines: Sequence[str] = (),
) -> Cells:
    """Read ``folder/<model>/<freeze>/<seed>/`` and ``folder/<baseline>/baseline/<seed>/`` for every cell of the study.

    Cells that lie there but are not in the study (a seed that was dropped) are ignored and named in a warning.

    Raises:
        PermafrostError: cells are missing (all are named), or a cell's file is missing, half-written, or tells of
            another cell, other classes or another score than the files beside it.
    """
    of_models, of_baselines = product(models, freezes, seeds), product(baselines, [NO_STRATEGY], seeds)
    wanted = [*of_models, *of_baselines]
    found = _present(folder)
    complete = [cell for cell in wanted if (_place(folder, cell) / "metrics.json").is_file()]
    if missing := [cell for cell in wanted if cell not in set(complete)]:
        model, freeze, seed = missing[0]
        raise PermafrostError(
            f"{folder}: cells of the study are missing, {len(missing)} of {len(wanted)}:\n{_listed(missing)}\n"
            f"train them with `dvc repro` (one alone with `{rerun(model, freeze, seed)}`), or take them out of "
            "study.models, study.freezes, study.seeds or study.baselines"
        )
    if extra := sorted(found - {(model, freeze, str(seed)) for model, freeze, seed in wanted}):
        log.warning(
            "warning: %s: %d cells are not in the study and are ignored:\n%s", folder, len(extra), _listed(extra)
        )
    cells = _read(folder, models, freezes, seeds)
    if not baselines:
        return cells
    others = _read(folder, baselines, [NO_STRATEGY], seeds)
    if others.classes != cells.classes:
        raise PermafrostError(
            f"{folder}: the cells of the baselines have the classes {', '.join(others.classes)}, those of the models "
            f"{', '.join(cells.classes)}; they are of different data: run `dvc repro`"
        )
    return replace(cells, baselines=others)


def _read(folder: Path, models: Sequence[str], freezes: Sequence[str], seeds: Sequence[int]) -> Cells:
    wanted = list(product(models, freezes, seeds))
    runs, predictions, histories, machines = [], [], [], []
    classes: list[str] = []
    for cell in wanted:
        place = _place(folder, cell)
        metrics = read_metrics(place / "metrics.json", cell)
        found_classes, table = read_predictions(place / "predictions.csv")
        classes = classes or found_classes
        if found_classes != classes:
            raise PermafrostError(
                f"{place / 'predictions.csv'}: has the classes {', '.join(found_classes)}, but "
                f"{_place(folder, wanted[0])} has {', '.join(classes)}; the cells are of different data: {redo(place)}"
            )
        _agree(place, metrics, table)
        environment = read_json(place / "environment.json")
        machines.append(environment)
        runs.append(_run(metrics, environment, cell, depth=list(freezes).index(cell[1])))
        predictions.append(_tagged(table, cell))
        histories.append(_tagged(read_history(place / "history.csv"), cell))
    return Cells(
        list(models),
        list(freezes),
        list(seeds),
        classes,
        pd.DataFrame(runs),
        pd.concat(predictions, ignore_index=True),
        pd.concat(histories, ignore_index=True),
        machines,
    )


def _run(metrics: dict[str, Any], environment: dict[str, Any], cell: Key, depth: int) -> dict[str, Any]:
    model, freeze, seed = cell
    valid, test = metrics["valid"], metrics["test"]
    return {
        "model": model,
        "freeze": freeze,
        "depth": depth,
        "seed": seed,
        "repeat": metrics.get("repeat", 0),
        "test_accuracy": test["accuracy"],
        "valid_accuracy": valid["accuracy"],
        "macro_f1": test["macro_f1"],
        "valid_macro_f1": valid["macro_f1"],
        "test_loss": test["loss"],
        "valid_loss": valid["loss"],
        "frozen_units": metrics.get("frozen_units"),
        "units": metrics.get("units"),
        "trainable_parameters": metrics["trainable_parameters"],
        "total_parameters": metrics["total_parameters"],
        "epochs": metrics["epochs"],
        "best_epoch": metrics["best_epoch"],
        "seconds_per_epoch": environment.get("seconds_per_epoch"),
        "seconds_total": environment.get("seconds_total"),
    }


def _present(folder: Path) -> set[tuple[str, str, str]]:
    """The cells that lie in ``folder``, as folder names. DVC leaves dotfiles beside outputs, and empty folders."""
    cells = set()
    for place in folder.glob("*/*/*") if folder.is_dir() else ():
        parts = place.relative_to(folder).parts
        if place.is_dir() and not any(part.startswith(".") for part in parts) and any(_visible(place)):
            cells.add(parts)
    return cells


def _visible(folder: Path) -> Iterable[Path]:
    return (path for path in folder.iterdir() if not path.name.startswith("."))


def _place(folder: Path, cell: Key) -> Path:
    return folder.joinpath(*map(str, cell))


def _listed(cells: Sequence[tuple[str, str, Any]]) -> str:
    """One line a model and strategy, with its seeds."""
    lines: dict[str, list[str]] = {}
    for model, freeze, seed in cells:
        lines.setdefault(f"  {model}/{freeze}", []).append(str(seed))
    return "\n".join(f"{name}: seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}" for name, seeds in lines.items())


def _agree(place: Path, metrics: dict[str, Any], table: pd.DataFrame) -> None:
    for subset in ("valid", "test"):
        rows = table[table["subset"] == subset]
        told, counted = metrics[subset]["accuracy"], (rows["label"] == rows["predicted"]).mean()
        if not abs(told - counted) < 1e-6:
            raise PermafrostError(
                f"{place}: metrics.json says {subset} accuracy {told:.4f}, its predictions.csv gives {counted:.4f} "
                f"over {len(rows)} clips; the files do not belong together: {redo(place)}"
            )


def _tagged(table: pd.DataFrame, cell: Key) -> pd.DataFrame:
    model, freeze, seed = cell
    table.insert(0, "model", model)
    table.insert(1, "freeze", freeze)
    table.insert(2, "seed", seed)
    return table
