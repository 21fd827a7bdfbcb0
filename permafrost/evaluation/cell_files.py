"""The files of one run, read and checked: metrics.json, history.csv, predictions.csv."""

import csv
from collections.abc import Sequence
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from permafrost.errors import PermafrostError
from permafrost.evaluation.records import read_json, redo
from permafrost.evaluation.study import Run

PREDICTION_COLUMNS = ("clip_id", "subset", "label", "predicted")
HISTORY_COLUMNS = ("epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "lr")
SCORES = ("accuracy", "macro_f1", "loss")
# Beside a class's name, so that a class called "label" is not taken for the column.
PROBABILITY = "p:"


def read_metrics(path: Path, run: Run) -> dict[str, Any]:
    """metrics.json of ``run``.

    Raises:
        PermafrostError: it is missing or broken, lacks a score, or tells of another run.
    """
    metrics = read_json(path)
    needed = ("model", "freeze", "seed", "trainable_parameters", "total_parameters", "epochs", "best_epoch")
    faults = [key for key in needed if key not in metrics]
    for subset in ("valid", "test"):
        values = metrics[subset] if isinstance(metrics.get(subset), dict) else {}
        # json reads NaN, but no mean survives it.
        numbers = [score for score, value in values.items() if isinstance(value, int | float) and isfinite(value)]
        faults += [f"{subset}.{score}" for score in SCORES if score not in numbers]
    if faults:
        raise PermafrostError(f"{path}: {', '.join(faults)} missing or not a number: {redo(path.parent)}")
    told = (metrics["model"], metrics["freeze"], metrics["seed"])
    if told != run:
        raise PermafrostError(
            f"{path} tells of the run {'/'.join(map(str, told))}, expected {run.folder.as_posix()}; runs are not to be "
            f"copied or renamed: {redo(path.parent)}"
        )
    return metrics


def read_predictions(path: Path) -> tuple[list[str], pd.DataFrame]:
    """The classes and the rows of predictions.csv, its probabilities as ``p:<class>``.

    Raises:
        PermafrostError: it is missing, half-written, or names an unknown subset or class.
    """
    table = _read_table(path, PREDICTION_COLUMNS, text=PREDICTION_COLUMNS)
    classes = [name.removeprefix(PROBABILITY) for name in table.columns[len(PREDICTION_COLUMNS) :]]
    for column, allowed in (("subset", ["valid", "test"]), ("label", classes), ("predicted", classes)):
        if strange := sorted(set(table[column]) - set(allowed)):
            raise PermafrostError(
                f"{path}: {column} is {strange[0]!r} in a row, expected one of {', '.join(allowed)}: "
                f"{redo(path.parent)}"
            )
    return classes, table


def read_history(path: Path) -> pd.DataFrame:
    """The rows of history.csv, one an epoch.

    Raises:
        PermafrostError: it is missing or half-written.
    """
    return _read_table(path, HISTORY_COLUMNS, text=())


def _read_table(path: Path, columns: Sequence[str], text: Sequence[str]) -> pd.DataFrame:
    """A CSV file whose header begins with ``columns``; those in ``text`` stay text, all others must be numbers."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            content = file.read()
    except FileNotFoundError:
        raise PermafrostError(f"{path} does not exist, so the run is not complete: {redo(path.parent)}") from None
    except UnicodeDecodeError as error:
        raise PermafrostError(f"{path} is broken ({error}): {redo(path.parent)}") from None
    header = next(csv.reader(content.splitlines()), [])
    if tuple(header[: len(columns)]) != tuple(columns):
        raise PermafrostError(
            f"{path}: the columns are {', '.join(header) or 'missing'}, expected {', '.join(columns)} first: "
            f"{redo(path.parent)}"
        )
    # Own names, because pandas would rename a class that is called like a column.
    names = [*columns, *(PROBABILITY + name for name in header[len(columns) :])]
    types = {name: str if name in text else float for name in names}
    try:
        table = pd.read_csv(
            StringIO(content), header=None, names=names, skiprows=1, dtype=types, index_col=False, keep_default_na=False
        )
    except ValueError as error:
        raise PermafrostError(f"{path}: a value is not a number ({error}): {redo(path.parent)}") from None
    if table.empty or not content.endswith("\n") or table.isna().any(axis=None):
        raise PermafrostError(f"{path} is half-written ({len(table)} rows, or a row cut short): {redo(path.parent)}")
    return table
