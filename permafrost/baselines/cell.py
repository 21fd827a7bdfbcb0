"""One run of a classical baseline: fitted, scored on validation and test, in the form that a network's run has."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from permafrost.baselines.classical import size
from permafrost.baselines.recipe import Classical
from permafrost.baselines.selection import fit_selected
from permafrost.baselines.stored import StoredModel
from permafrost.evaluation.scores import scores
from permafrost.threads import limited_threads
from permafrost.transfer.examples import Examples
from permafrost.transfer.trainer import Fitted


@dataclass(frozen=True)
class ClassicalOutcome:
    """What one run found: the parts of ``transfer.cell.Outcome`` that are recorded, and the model."""

    metrics: dict[str, Any]
    fitted: Fitted
    probabilities: dict[str, np.ndarray]
    seconds: dict[str, float]
    computed: dict[str, Any]
    model: StoredModel


def classical_cell(
    settings: Classical, names: tuple[str, ...], examples: Examples, groups: list[str], seed: int, threads: int = 1
) -> ClassicalOutcome:
    """Fit to the training clips and score on the others.

    Args:
        settings: the recipe.
        names: of the descriptors.
        examples: ``inputs`` float64 [clips, descriptors].
        groups: one a clip of the data set; inner folds keep them apart.
        seed: of the run.
        threads: fits of the grid at a time.

    Raises:
        PermafrostError: inner folds cannot be made, or ``select`` does not fit the descriptors.
    """
    started = time.perf_counter()
    rows = {subset: members.numpy() for subset, members in examples.rows.items()}
    labels = examples.labels.numpy()
    learnt = np.sort(np.concatenate([rows["train"], rows["valid"]])) if settings.validation_trains else rows["train"]
    values = np.asarray(examples.inputs, np.float64)
    # Threads of its own for each product would fight with the grid's.
    with limited_threads(1):
        fit = fit_selected(settings, values[learnt], labels[learnt], [groups[row] for row in learnt], seed, threads)
        probabilities = {subset: fit.probabilities(values[rows[subset]]) for subset in ("train", "valid", "test")}
    found = {subset: scores(labels[rows[subset]], values_) for subset, values_ in probabilities.items()}
    seconds = time.perf_counter() - started
    # A history of one row: a closed fit has no epochs, but readers of runs expect the file.
    history = {
        "epoch": 1,
        "train_loss": found["train"]["loss"],
        "train_accuracy": found["train"]["accuracy"],
        "valid_loss": found["valid"]["loss"],
        "valid_accuracy": found["valid"]["accuracy"],
        "lr": 0.0,
    }
    numbers = size(fit.pipeline)
    metrics = {
        "valid": found["valid"],
        "test": found["test"],
        "trainable_parameters": numbers,
        "total_parameters": numbers,
        "frozen_units": 0,
        "units": 0,
        "epochs": 1,
        "best_epoch": 1,
        "prefix_cached": False,
        "prefix_bytes": 0,
        "precision": "fp64",
        "chosen": fit.chosen,
        "inner_accuracy": fit.inner_accuracy,
        "descriptors": [names[column] for column in fit.columns],
    }
    timing = {"seconds_total": seconds, "seconds_per_epoch": seconds}
    computed = {"device": "cpu", "precision": "fp64", "threads": 1}
    model = StoredModel(settings, fit, names, examples.classes, values[learnt], labels[learnt], seed)
    kept = {subset: probabilities[subset] for subset in ("valid", "test")}
    return ClassicalOutcome(metrics, Fitted([history], 1, [seconds]), kept, timing, computed, model)
