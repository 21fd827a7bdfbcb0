"""Reading the runs of a study: exactly the study's, each complete, all about the same classes."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from permafrost.errors import PermafrostError
from permafrost.evaluation.cell_files import read_history, read_metrics, read_predictions
from permafrost.evaluation.records import COMPUTED, RECORD, read_json, redo
from permafrost.evaluation.study import NO_STRATEGY, Run, listed, needed

log = logging.getLogger(__name__)
SIZES = ("frozen_units", "units", "trainable_parameters", "total_parameters", "epochs", "best_epoch")


@dataclass(frozen=True)
class Cells:
    """What the runs of a study found.

    Attributes:
        models, freezes, seeds: the study's lists; ``freezes`` are all strategies, those by depth first.
        classes: names, sorted.
        runs: one row a run: model, freeze, depth (place in ``freezes``), seed, repeat, ``test_accuracy``,
            ``valid_accuracy``, ``macro_f1`` (test), ``valid_macro_f1``, ``test_loss``, ``valid_loss``, sizes, epochs,
            ``seconds_total``, ``device``, ``precision``, ``threads``; ``by_depth``: whether the strategy is a depth;
            ``lr`` and the ``grid`` that it was chosen from, or ``alpha`` of what lies between two runs; ``after``: the
            strategies whose runs it begins with.
        predictions: one row a run and clip: model, freeze, seed, clip_id, subset (valid or test), label, predicted,
            then the probabilities as ``p:<class>``; after ``with_groups`` also group.
        histories: one row a run and epoch: model, freeze, seed, then the columns of history.csv.
        machines: environment.json of each run and where it was computed, in the order of ``runs``.
        baselines: the runs of models without a freezing dimension, in the same form (``freezes`` is
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

    @property
    def by_depth(self) -> list[str]:
        """The strategies that freeze the first k units, shallowest first: the depth curve's."""
        frozen = self.runs[self.runs["by_depth"]].groupby("freeze", sort=False)["frozen_units"].first()
        return sorted(frozen.index, key=lambda freeze: (frozen[freeze], self.freezes.index(freeze)))

    @property
    def beside(self) -> list[str]:
        """The strategies that are no depth: they stand beside the curve."""
        return [freeze for freeze in self.freezes if freeze not in self.by_depth]


def groups(cells: Cells) -> list[Cells]:
    """The runs of the models, then those of the baselines, where there are any."""
    return [cells, *([cells.baselines] if cells.baselines else [])]


def with_groups(cells: Cells, group_of: Mapping[str, str]) -> Cells:
    """The same runs, their predictions with the column ``group``: that of each clip, empty where it has none."""
    named = cells.predictions.assign(group=cells.predictions["clip_id"].map(group_of).fillna(""))
    return replace(cells, predictions=named, baselines=cells.baselines and with_groups(cells.baselines, group_of))


def read_study(
    folder: Path,
    models: Sequence[str],
    freezes: Sequence[str],
    seeds: Sequence[int],
    baselines: Sequence[str] = (),
) -> Cells:
    """Read ``folder/<model>/<freeze>/<seed>/`` and ``folder/<baseline>/baseline/<seed>/`` for every run of the study.

    Runs that lie there but are not in the study (a seed that was dropped) are ignored and named in a warning.

    Raises:
        PermafrostError: runs are missing (all are named), or a run's file is missing, half-written, or tells of
            another run, other classes or another score than the files beside it.
    """
    of_models, of_baselines = product(models, freezes, seeds), product(baselines, [NO_STRATEGY], seeds)
    wanted = [Run(*names) for names in (*of_models, *of_baselines)]
    found = _present(folder)
    if missing := [run for run in wanted if not (folder / run.folder / "metrics.json").is_file()]:
        raise PermafrostError(
            f"{folder}: runs of the study are missing, {len(missing)} of {len(wanted)}:\n{listed(missing)}\n"
            f"train them with `dvc repro` (one alone with `{missing[0].command}`), or take them out of "
            "study.models, study.freezes, study.seeds or study.baselines"
        )
    if extra := sorted(found - {run.folder.parts for run in wanted}):
        log.warning("warning: %s: %d runs are not in the study and are ignored:\n%s", folder, len(extra), listed(extra))
    cells = _read(folder, models, freezes, seeds)
    if not baselines:
        return cells
    others = _read(folder, baselines, [NO_STRATEGY], seeds)
    if others.classes != cells.classes:
        raise PermafrostError(
            f"{folder}: the runs of the baselines have the classes {', '.join(others.classes)}, those of the models "
            f"{', '.join(cells.classes)}; they are of different data: run `dvc repro`"
        )
    return replace(cells, baselines=others)


def _read(folder: Path, models: Sequence[str], freezes: Sequence[str], seeds: Sequence[int]) -> Cells:
    wanted = [Run(*names) for names in product(models, freezes, seeds)]
    runs, predictions, histories, machines = [], [], [], []
    classes: list[str] = []
    for run in wanted:
        place = folder / run.folder
        metrics = read_metrics(place / "metrics.json", run)
        found_classes, table = read_predictions(place / "predictions.csv")
        classes = classes or found_classes
        if found_classes != classes:
            raise PermafrostError(
                f"{place / 'predictions.csv'}: has the classes {', '.join(found_classes)}, but "
                f"{folder / wanted[0].folder} has {', '.join(classes)}; the runs are of different data: {redo(place)}"
            )
        _agree(place, metrics, table)
        record = read_json(place / RECORD)
        machine = read_json(place / "environment.json") | record.get("computed", {})
        machines.append(machine)
        runs.append(_row(metrics, machine, record.get("parameters", {}), run, list(freezes).index(run.freeze)))
        predictions.append(_tagged(table, run))
        histories.append(_tagged(read_history(place / "history.csv"), run))
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


def _row(metrics: dict[str, Any], machine: dict[str, Any], given: dict[str, Any], run: Run, depth: int) -> dict:
    valid, test, recipe = metrics["valid"], metrics["test"], given.get(run.section, {}).get(run.model, {})
    return {
        "model": run.model,
        "freeze": run.freeze,
        "depth": depth,
        "seed": run.seed,
        "repeat": metrics.get("repeat", 0),
        "test_accuracy": test["accuracy"],
        "valid_accuracy": valid["accuracy"],
        "macro_f1": test["macro_f1"],
        "valid_macro_f1": valid["macro_f1"],
        "test_loss": test["loss"],
        "valid_loss": valid["loss"],
        **{name: metrics.get(name) for name in SIZES},
        "by_depth": metrics.get("depth", 0) is not None,
        "lr": metrics.get("lr", None if "alpha" in metrics else recipe.get("lr")),
        "grid": [one["lr"] for one in metrics.get("rates", [])],
        "alpha": metrics.get("alpha"),
        "after": needed(given.get("freezing", {}).get(run.freeze)),
        "rates_from": recipe.get("rates_from"),
        "batchnorm": metrics.get("batchnorm"),
        **{name: machine.get(name) for name in ("seconds_total", *COMPUTED)},
    }


def _present(folder: Path) -> set[tuple[str, str, str]]:
    """The runs that lie in ``folder``, as folder names. DVC leaves dotfiles beside outputs, and empty folders."""
    files = (path.relative_to(folder).parts for path in folder.glob("*/*/*/*")) if folder.is_dir() else ()
    return {parts[:3] for parts in files if not any(part.startswith(".") for part in parts)}


def _agree(place: Path, metrics: dict[str, Any], table: pd.DataFrame) -> None:
    for subset in ("valid", "test"):
        rows = table[table["subset"] == subset]
        told, counted = metrics[subset]["accuracy"], (rows["label"] == rows["predicted"]).mean()
        if not abs(told - counted) < 1e-6:
            raise PermafrostError(
                f"{place}: metrics.json says {subset} accuracy {told:.4f}, its predictions.csv gives {counted:.4f} "
                f"over {len(rows)} clips; the files do not belong together: {redo(place)}"
            )


def _tagged(table: pd.DataFrame, run: Run) -> pd.DataFrame:
    for place, (name, value) in enumerate(run._asdict().items()):
        table.insert(place, name, value)
    return table
