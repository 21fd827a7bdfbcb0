"""How far a study is: which of its runs are complete, and how long the others will take."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from permafrost.errors import PermafrostError
from permafrost.evaluation.records import RUNS, Project, differences, read_json, read_record
from permafrost.evaluation.study import Run, Study
from permafrost.settings import validate

SECONDS = "seconds_of_stage"


def tell_progress(run: Run, project: Project, folder: Path = RUNS) -> None:
    """Say on stderr which of the study's runs begins; nothing where ``run`` is not one of params.yaml's study."""
    if "study" not in project.parameters:
        return
    runs = validate(Study, project.parameters["study"], "study").runs()
    if run in runs:
        print(progress_line(run, runs, project, folder), file=sys.stderr, flush=True)


def progress_line(run: Run, runs: Sequence[Run], project: Project, folder: Path = RUNS) -> str:
    """``run 7 of 39, about 2 minutes left``; the time only where runs are complete, from what they took."""
    taken = {other: _seconds(other, project, folder) for other in runs if other != run}
    complete = {other: seconds for other, seconds in taken.items() if seconds is not None}
    line = f"run {len(complete) + 1} of {len(runs)}"
    if not complete:
        return line
    left = [run, *(other for other in taken if other not in complete)]
    return f"{line}, {_in_words(sum(_expected(other, complete) for other in left))} left"


def _seconds(run: Run, project: Project, folder: Path) -> float | None:
    """What a run took; None where it is not complete, or would be made otherwise now."""
    place = folder / run.folder
    try:
        if not (place / "metrics.json").is_file() or differences(run, read_record(place), project):
            return None
        return float(read_json(place / "environment.json")[SECONDS])
    except (PermafrostError, KeyError, TypeError, ValueError):
        return None


def _expected(run: Run, complete: Mapping[Run, float]) -> float:
    """The mean over the complete runs that are most like ``run``: model and strategy, model, any."""
    for alike in (run[:2], run[:1], ()):
        if seconds := [value for other, value in complete.items() if other[: len(alike)] == alike]:
            return sum(seconds) / len(seconds)
    raise AssertionError("no run is complete")


def _in_words(seconds: float) -> str:
    if seconds < 45:
        return "less than a minute"
    size, unit = (60, "minute") if seconds < 5400 else (3600, "hour")
    number = max(1, round(seconds / size))
    return f"about {number} {unit}{'s' if number > 1 else ''}"
