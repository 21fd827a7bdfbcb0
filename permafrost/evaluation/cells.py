"""Reading the cells of a study: exactly the study's, each complete, all about the same classes."""

import csv
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from permafrost.errors import PermafrostError

log = logging.getLogger(__name__)

Key = tuple[str, str, int]
PREDICTION_COLUMNS = ("clip_id", "subset", "label", "predicted")
HISTORY_COLUMNS = ("epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "lr")
SCORES = ("accuracy", "macro_f1", "loss")
# Beside a class's name, so that a class called "label" is not taken for the column.
PROBABILITY = "p:"


@dataclass(frozen=True)
class Cells:
    """What the cells of a study found.

    Attributes:
        models, freezes, seeds: the study's lists; ``freezes`` in order of depth.
        classes: names, sorted.
        runs: one row a cell: model, freeze, depth (place in ``freezes``), seed, repeat, ``test_accuracy``,
            ``valid_accuracy``, ``macro_f1`` (test), ``valid_macro_f1``, ``test_loss``, ``valid_loss``, sizes, epochs,
            ``seconds_per_epoch``.
        predictions: one row a cell and clip: model, freeze, seed, clip_id, subset (valid or test), label, predicted,
            then the probabilities as ``p:<class>``.
        histories: one row a cell and epoch: model, freeze, seed, then the columns of history.csv.
    """

    models: list[str]
    freezes: list[str]
    seeds: list[int]
    classes: list[str]
    runs: pd.DataFrame
    predictions: pd.DataFrame
    histories: pd.DataFrame


def read_study(folder: Path, models: Sequence[str], freezes: Sequence[str], seeds: Sequence[int]) -> Cells:
    """Read ``folder/<model>/<freeze>/<seed>/`` for every cell of the study, and no other.

    Cells that lie there but are not in the study (a seed that was dropped) are ignored and named in a warning.

    Raises:
        PermafrostError: cells are missing (all are named), or a cell's file is missing, half-written, or tells of
            another cell, other classes or another score than the files beside it.
    """
    wanted = list(product(models, freezes, seeds))
    found = _present(folder)
    complete = [cell for cell in wanted if (_place(folder, cell) / "metrics.json").is_file()]
    if missing := [cell for cell in wanted if cell not in set(complete)]:
        model, freeze, seed = missing[0]
        raise PermafrostError(
            f"{folder}: cells of the study are missing, {len(missing)} of {len(wanted)}:\n{_listed(missing)}\n"
            f"train them with `dvc repro` (one alone with `dvc repro train@{model}-{freeze}-{seed}`), or take them out "
            "of study.models, study.freezes or study.seeds"
        )
    if extra := sorted(found - {(model, freeze, str(seed)) for model, freeze, seed in wanted}):
        log.warning(
            "warning: %s: %d cells are not in the study and are ignored:\n%s", folder, len(extra), _listed(extra)
        )
    runs, predictions, histories = [], [], []
    classes: list[str] = []
    for cell in wanted:
        place = _place(folder, cell)
        metrics = _read_metrics(place / "metrics.json", cell)
        found_classes, table = _read_predictions(place / "predictions.csv")
        classes = classes or found_classes
        if found_classes != classes:
            raise PermafrostError(
                f"{place / 'predictions.csv'}: has the classes {', '.join(found_classes)}, but "
                f"{_place(folder, wanted[0])} has {', '.join(classes)}; the cells are of different data: {_redo(place)}"
            )
        _agree(place, metrics, table)
        environment = _read_json(place / "environment.json")
        runs.append(_run(metrics, environment, cell, depth=list(freezes).index(cell[1])))
        predictions.append(_tagged(table, cell))
        histories.append(_tagged(_read_table(place / "history.csv", HISTORY_COLUMNS, text=()), cell))
    return Cells(
        list(models),
        list(freezes),
        list(seeds),
        classes,
        pd.DataFrame(runs),
        pd.concat(predictions, ignore_index=True),
        pd.concat(histories, ignore_index=True),
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


def _redo(place: Path) -> str:
    model, freeze, seed = place.parts[-3:]
    return f"remove {place} and run `dvc repro train@{model}-{freeze}-{seed}`"


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PermafrostError(f"{path} does not exist, so the cell is not complete: {_redo(path.parent)}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PermafrostError(f"{path} is broken or half-written ({error}): {_redo(path.parent)}") from None
    if not isinstance(values, dict):
        raise PermafrostError(f"{path}: got {values!r}, expected a mapping: {_redo(path.parent)}")
    return values


def _read_metrics(path: Path, cell: Key) -> dict[str, Any]:
    metrics = _read_json(path)
    needed = ("model", "freeze", "seed", "trainable_parameters", "total_parameters", "epochs", "best_epoch")
    faults = [key for key in needed if key not in metrics]
    for subset in ("valid", "test"):
        values = metrics.get(subset)
        values = values if isinstance(values, dict) else {}
        # NaN is not equal to itself; json reads it, but no mean survives it.
        faults += [
            f"{subset}.{score}"
            for score in SCORES
            if not isinstance(values.get(score), int | float) or values[score] != values[score]
        ]
    if faults:
        raise PermafrostError(f"{path}: {', '.join(faults)} missing or not a number: {_redo(path.parent)}")
    told = (metrics["model"], metrics["freeze"], metrics["seed"])
    if told != cell:
        raise PermafrostError(
            f"{path} tells of the cell {'/'.join(map(str, told))}, expected {'/'.join(map(str, cell))}; cells are not "
            f"to be copied or renamed: {_redo(path.parent)}"
        )
    return metrics


def _read_predictions(path: Path) -> tuple[list[str], pd.DataFrame]:
    table = _read_table(path, PREDICTION_COLUMNS, text=PREDICTION_COLUMNS)
    classes = [name.removeprefix(PROBABILITY) for name in table.columns[len(PREDICTION_COLUMNS) :]]
    for column, allowed in (("subset", ["valid", "test"]), ("label", classes), ("predicted", classes)):
        if strange := sorted(set(table[column]) - set(allowed)):
            raise PermafrostError(
                f"{path}: {column} is {strange[0]!r} in a row, expected one of {', '.join(allowed)}: "
                f"{_redo(path.parent)}"
            )
    return classes, table


def _read_table(path: Path, columns: Sequence[str], text: Sequence[str]) -> pd.DataFrame:
    """A CSV file whose header begins with ``columns``; those in ``text`` stay text, all others must be numbers."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            content = file.read()
    except FileNotFoundError:
        raise PermafrostError(f"{path} does not exist, so the cell is not complete: {_redo(path.parent)}") from None
    except UnicodeDecodeError as error:
        raise PermafrostError(f"{path} is broken ({error}): {_redo(path.parent)}") from None
    header = next(csv.reader(content.splitlines()), [])
    if tuple(header[: len(columns)]) != tuple(columns):
        raise PermafrostError(
            f"{path}: the columns are {', '.join(header) or 'missing'}, expected {', '.join(columns)} first: "
            f"{_redo(path.parent)}"
        )
    # Own names, because pandas would rename a class that is called like a column.
    names = [*columns, *(PROBABILITY + name for name in header[len(columns) :])]
    types = {name: str if name in text else float for name in names}
    try:
        table = pd.read_csv(
            StringIO(content), header=None, names=names, skiprows=1, dtype=types, index_col=False, keep_default_na=False
        )
    except ValueError as error:
        raise PermafrostError(f"{path}: a value is not a number ({error}): {_redo(path.parent)}") from None
    if table.empty or not content.endswith("\n") or table.isna().any(axis=None):
        raise PermafrostError(f"{path} is half-written ({len(table)} rows, or a row cut short): {_redo(path.parent)}")
    return table


def _agree(place: Path, metrics: dict[str, Any], table: pd.DataFrame) -> None:
    for subset in ("valid", "test"):
        rows = table[table["subset"] == subset]
        told, counted = metrics[subset]["accuracy"], (rows["label"] == rows["predicted"]).mean()
        if not abs(told - counted) < 1e-6:
            raise PermafrostError(
                f"{place}: metrics.json says {subset} accuracy {told:.4f}, its predictions.csv gives {counted:.4f} "
                f"over {len(rows)} clips; the files do not belong together: {_redo(place)}"
            )


def _tagged(table: pd.DataFrame, cell: Key) -> pd.DataFrame:
    model, freeze, seed = cell
    table.insert(0, "model", model)
    table.insert(1, "freeze", freeze)
    table.insert(2, "seed", seed)
    return table
