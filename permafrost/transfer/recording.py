"""One run on its way to its folder: what it is told of, where it continues, what it leaves."""

import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from permafrost.evaluation.records import RECORD, RUNS
from permafrost.evaluation.study import Run
from permafrost.provenance.environment import describe_machine
from permafrost.provenance.identity import identity
from permafrost.transfer.cell import Outcome
from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.examples import Examples
from permafrost.transfer.recipe import Machine

CHECKPOINTS = Path(".ckpt")


class Recorder:
    """The lines, the checkpoint and the files of one run.

    metrics.json, history.csv, predictions.csv, run.json and the weights are the same bytes on every run on the same
    hardware; what differs from run to run (seconds, the machine) is in environment.json.
    """

    def __init__(self, run: Run, record: dict[str, Any], machine: Machine, began: float) -> None:
        """``record``: what made the run, as ``make_record`` has it; ``began``: by ``time.perf_counter``."""
        self.run, self.record, self.began = run, record, began
        self.folder = RUNS / run.folder
        # All that the run depends on, and the device: half a run on each would be neither's.
        name = identity([record, machine.device])
        self.checkpoint = Checkpoint(CHECKPOINTS / name, machine.checkpoint_seconds)

    def tell(self, row: dict[str, float]) -> None:
        """One line on stderr for an epoch's row of the history."""
        print(
            f"{self.run} epoch {row['epoch']:3d}: train loss {row['train_loss']:.3f}, "
            f"valid loss {row['valid_loss']:.3f}, valid accuracy {row['valid_accuracy']:.3f}",
            file=sys.stderr,
            flush=True,
        )

    def write(self, outcome: Outcome, examples: Examples, clip_ids: list[str], repeat: int) -> None:
        """Write all but the weights, which must lie there already; then the checkpoint goes."""
        folder = self.folder
        folder.mkdir(parents=True, exist_ok=True)
        seconds = outcome.seconds | {"seconds_of_stage": time.perf_counter() - self.began}
        _write_json(folder / "environment.json", describe_machine() | seconds)
        _write_json(folder / RECORD, self.record | {"computed": outcome.computed})
        history = outcome.fitted.history
        rows = [[_number(value) for value in row.values()] for row in history]
        _write_csv(folder / "history.csv", list(history[0]), rows)
        _write_csv(
            folder / "predictions.csv",
            ["clip_id", "subset", "label", "predicted", *examples.classes],
            _predictions(outcome, examples, clip_ids),
        )
        # Last, because it is the file whose presence says that a run is complete.
        _write_json(folder / "metrics.json", {**self.run._asdict(), "repeat": repeat, **outcome.metrics})
        self.checkpoint.remove()


def _predictions(outcome: Outcome, examples: Examples, clip_ids: list[str]) -> list[list[str]]:
    lines = []
    for subset, probabilities in outcome.probabilities.items():
        predicted = np.argmax(probabilities, axis=1)
        for row, guess, values in zip(examples.rows[subset].tolist(), predicted, probabilities, strict=True):
            label = examples.classes[int(examples.labels[row])]
            lines.append([clip_ids[row], subset, label, examples.classes[guess], *(_number(value) for value in values)])
    return lines


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.8g}"


def _write_csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
