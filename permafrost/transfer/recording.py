"""A cell's results on disk: metrics.json, history.csv, predictions.csv, environment.json."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from permafrost.provenance.environment import describe_machine
from permafrost.transfer.cell import Outcome
from permafrost.transfer.examples import Examples


def write_outcome(
    folder: Path, outcome: Outcome, examples: Examples, clip_ids: list[str], identity: dict[str, Any]
) -> None:
    """Write the four files into ``folder``; ``identity`` (model, freeze, seed, repeat) opens metrics.json.

    metrics.json, history.csv and predictions.csv are the same bytes on every run of a cell on the same hardware; what
    differs from run to run (seconds, the machine) is in environment.json.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "environment.json", describe_machine() | outcome.timing)
    history = outcome.fitted.history
    _write_csv(folder / "history.csv", list(history[0]), [[_cell(value) for value in row.values()] for row in history])
    _write_csv(
        folder / "predictions.csv",
        ["clip_id", "subset", "label", "predicted", *examples.classes],
        _predictions(outcome, examples, clip_ids),
    )
    # Last, because it is the file whose presence says that a cell is complete.
    _write_json(folder / "metrics.json", identity | outcome.metrics)


def _predictions(outcome: Outcome, examples: Examples, clip_ids: list[str]) -> list[list[str]]:
    lines = []
    for subset, probabilities in outcome.probabilities.items():
        predicted = np.argmax(probabilities, axis=1)
        for row, guess, values in zip(examples.rows[subset].tolist(), predicted, probabilities, strict=True):
            label = examples.classes[int(examples.labels[row])]
            lines.append([clip_ids[row], subset, label, examples.classes[guess], *(_cell(value) for value in values)])
    return lines


def _cell(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.8g}"


def _write_csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
