"""For notebooks: a study's results as data frames, a trained run that predicts, anyone's table of runs compared.

Documented in docs/api.md. What is heavy is imported by the function that needs it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from permafrost import plain_yaml
from permafrost.errors import PermafrostError
from permafrost.evaluation.cells import Cells, groups, read_study
from permafrost.evaluation.outcomes import read_outcomes
from permafrost.evaluation.records import RUNS, check_runs, read_project
from permafrost.evaluation.study import RESERVED, Run, Study, cell_of
from permafrost.settings import validate

if TYPE_CHECKING:
    from permafrost.audio.settings import Preprocess
    from permafrost.evaluation.comparison import Comparison
    from permafrost.prediction.predictors import Predictor

Place = str | PathLike[str]


def load_study(folder: Place = ".") -> "StudyResults":
    """The results of the study in ``folder``, a project's: a checkout of Git is enough, but for predictions and curves.

    Raises:
        PermafrostError: ``folder`` has no readable params.yaml.
    """
    root = Path(folder).expanduser()
    parameters = plain_yaml.read(root / "params.yaml")
    return StudyResults(root, parameters, validate(Study, parameters.get("study"), "study"))


@dataclass(frozen=True)
class StudyResults:
    """A study's results as data frames, each read when it is first asked for.

    A strategy stands in the column ``strategy``; that of a baseline is called ``baseline``.

    Attributes:
        root: the project's folder.
        parameters: params.yaml.
        study: its section ``study``: name, models, freezes (strategies), seeds, baselines.
    """

    root: Path
    parameters: dict[str, Any]
    study: Study

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run: model, strategy, depth, seed, scores on test and validation clips, sizes, seconds."""
        return _named(self._table("plots/runs.csv", keep_default_na=False, na_values=[""]))

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row a model, strategy and score: mean over the seeds, sd, 95 % interval, n, as details.json has them."""
        import json

        rows = []
        for model, strategies in json.loads(self._text("metrics/details.json")).items():
            if model in RESERVED and model != RESERVED[0]:
                continue
            for strategy, scores in strategies.items():
                name, kind = cell_of(model, strategy)
                numbers = ((score, found) for score, found in scores.items() if isinstance(found, dict))
                rows += [{"model": name, "strategy": kind, "score": score, **found} for score, found in numbers]
        return pd.DataFrame(rows)

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """Every comparison that the study planned, with its interval, p values and verdict."""
        return self._table("metrics/comparisons.csv", keep_default_na=False, na_values=[""])

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row a run and test clip: model, strategy, seed, clip_id, group (empty: none), correct (0 or 1)."""
        name = "metrics/outcomes.csv"
        return read_outcomes(self._text(name), str(self.root / name))

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """One row a run and clip (subset valid or test): label, predicted, and a column ``p:CLASS`` of probabilities.

        Raises:
            PermafrostError: a run is missing (`dvc pull`), or would be made otherwise now.
        """
        return _named(pd.concat([part.predictions for part in groups(self._cells)], ignore_index=True))

    @cached_property
    def histories(self) -> pd.DataFrame:
        """One row a run and epoch: losses, accuracies, rate.

        Raises:
            PermafrostError: a run is missing (`dvc pull`), or would be made otherwise now.
        """
        return _named(pd.concat([part.histories for part in groups(self._cells)], ignore_index=True))

    @cached_property
    def classes(self) -> list[str]:
        """The classes' names, in the order of the probabilities."""
        return self._cells.classes

    @cached_property
    def _cells(self) -> Cells:
        names = self.study.models, self.study.strategies, self.study.seeds, self.study.baselines
        cells = read_study(self.root / RUNS, *names)
        check_runs(self.study.runs(), read_project(self.parameters, self.root), self.root / RUNS)
        return cells

    def _text(self, name: str) -> str:
        path = self.root / name
        if not path.is_file():
            raise PermafrostError(f"{path}: not there; `dvc repro` makes it, or check out a revision that has it")
        return path.read_text(encoding="utf-8")

    def _table(self, name: str, **options: Any) -> pd.DataFrame:
        from io import StringIO

        return pd.read_csv(StringIO(self._text(name)), **options)


def load_run(
    model: str | None = None, strategy: str | None = None, seed: int | None = None, folder: Place = "."
) -> "TrainedRun":
    """A trained run of the project in ``folder``; what is not given is what the study chose on validation.

    Raises:
        PermafrostError: no such run is trained (the error says which are), or it would be made otherwise now.
    """
    from permafrost.prediction.trained import BASES, find_run, predictor_of

    root = Path(folder).expanduser()
    project = read_project(plain_yaml.read(root / "params.yaml"), root)
    found, _ = find_run(project, model, strategy, seed, root / RUNS)
    return TrainedRun(found, *predictor_of(found, root / RUNS, root / BASES))


@dataclass(frozen=True)
class TrainedRun:
    """A trained run; ``run`` says which: model, freeze (the strategy), seed."""

    run: Run
    _predictor: "Predictor"
    _preprocess: "Preprocess"

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes' names, in the order of the probabilities."""
        return self._predictor.classes

    def predict(self, files: Place | Iterable[Place]) -> pd.DataFrame:
        """One row a recording of any length: file, seconds, predicted, ``p:CLASS`` …, and error (text, or none).

        Args:
            files: paths of recordings, or of folders, whose recordings are taken.

        Raises:
            PermafrostError: a folder without recordings.
        """
        from permafrost.prediction.answers import answer_all, find_files

        given = [files] if isinstance(files, str | PathLike) else list(files)
        found = find_files([str(file) for file in given])
        answers, faults = answer_all(found, self._predictor, self._preprocess)
        rows = {
            answer.file: {"seconds": answer.seconds, "predicted": answer.predicted, "error": None}
            | {f"p:{name}": value for name, value in zip(answer.classes, answer.probabilities, strict=True)}
            for answer in answers
        } | {file: {"error": reason} for file, reason in faults.items()}
        columns = ["file", "seconds", "predicted", *(f"p:{name}" for name in self.classes), "error"]
        return pd.DataFrame([{"file": file, **rows[file]} for file in found], columns=columns)

    def probabilities(self, waveforms: Any, sample_rate: int) -> np.ndarray:
        """Class probabilities [classes] of one waveform [samples] of any length, or [waveforms, classes] of several.

        Args:
            waveforms: mono, int16 or floating point in -1 … 1: [samples] or [waveforms, samples].
            sample_rate: Hz; they are resampled to what the run was trained with.

        Raises:
            PermafrostError: another shape or kind of array, or values that are not finite or beyond full scale.
        """
        from permafrost.prediction.chunks import cut

        array = np.asarray(waveforms)
        if array.ndim not in (1, 2) or not array.size or not (array.dtype == np.int16 or array.dtype.kind == "f"):
            raise PermafrostError(
                f"waveforms: got {array.dtype} {list(array.shape)}, expected int16 or floating point, [samples] or "
                "[waveforms, samples]"
            )
        if array.dtype.kind == "f" and not np.abs(array).max() <= 1:
            raise PermafrostError("waveforms: values that are not finite or beyond -1 … 1; divide by full scale")
        rows = np.atleast_2d(array if array.dtype == np.int16 else array.astype(np.float32))
        answers = [
            self._predictor.probabilities(
                cut(row, sample_rate, self._preprocess.sample_rate, self._predictor.samples).waveforms
            ).mean(axis=0)
            for row in rows
        ]
        return answers[0] if array.ndim == 1 else np.stack(answers)


def compare(tables: pd.DataFrame | Place | Sequence[pd.DataFrame | Place], **options: Any) -> "Comparison":
    """Strategies compared in one table of runs or several: data frames or CSV files with one row a run.

    Args:
        tables: one or more; columns as `python -m stages.compare --help` has them (strategy, seed, score, model …).
        options: of ``permafrost.evaluation.comparison.compare``: columns, reference, order, relevant …

    Returns:
        the statistics of each model; ``to_dict()`` gives plain data, ``permafrost.report.comparison.markdown`` a page.

    Raises:
        PermafrostError: a table that cannot be read, or an unknown name.
    """
    from permafrost.evaluation.comparison import compare as compare_tables

    listed = [tables] if isinstance(tables, pd.DataFrame | str | PathLike) else list(tables)
    return compare_tables([item if isinstance(item, pd.DataFrame) else Path(item) for item in listed], **options)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={"freeze": "strategy"})
