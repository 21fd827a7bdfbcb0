"""The trained runs that can predict: which there are, which one is meant, and its predictor."""

from collections.abc import Sequence
from pathlib import Path

from permafrost.audio.inputs import Rendered
from permafrost.audio.settings import Preprocess
from permafrost.baselines.recipe import NetworkBaseline, read_baseline
from permafrost.errors import PermafrostError
from permafrost.evaluation.cells import Cells, read_study
from permafrost.evaluation.choice import chosen_freeze, chosen_model
from permafrost.evaluation.records import RUNS, Project, check_runs, read_json, read_record
from permafrost.evaluation.study import NO_STRATEGY, Run, Study
from permafrost.prediction.predictors import Predictor, classical_predictor, network_predictor
from permafrost.settings import choose, part_of, validate
from permafrost.transfer.recipe import Training

BASES = Path("weights/base")


def trained_runs(folder: Path = RUNS) -> list[Run]:
    """Every complete run in ``folder``, sorted, in the study or not.

    Raises:
        PermafrostError: there is none.
    """
    places = [path.parent.relative_to(folder).parts for path in folder.glob("*/*/*/metrics.json")]
    runs = sorted(Run(model, freeze, int(seed)) for model, freeze, seed in places if seed.isdecimal())
    if not runs:
        raise PermafrostError(f"{folder}: there is no trained run; train them with `dvc repro`, or `dvc pull` them")
    return runs


def as_table(runs: Sequence[Run], project: Project, folder: Path = RUNS) -> str:
    """One line a model and strategy: its seeds, the mean of its validation accuracies, whether the study chose it."""
    try:
        chosen, _ = find_run(project, None, folder=folder)
    except PermafrostError:  # of a study that is not complete, or would be made otherwise now, nothing is chosen
        chosen = None
    lines = [("model", "strategy", "seeds", "validation accuracy", "")]
    for model, freeze in dict.fromkeys(run[:2] for run in runs):
        alike = [run for run in runs if run[:2] == (model, freeze)]
        scores = [read_json(folder / run.folder / "metrics.json")["valid"]["accuracy"] for run in alike]
        seeds = ",".join(str(run.seed) for run in alike)
        mark = "chosen" if chosen in alike else ""
        lines.append((model, freeze, seeds, f"{sum(scores) / len(scores):.3f}", mark))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in lines]
    return "".join(row.rstrip() + "\n" for row in rows)


def find_run(
    project: Project, model: str | None, freeze: str | None = None, seed: int | None = None, folder: Path = RUNS
) -> tuple[Run, str]:
    """The run that is meant, checked against ``project``, and how it was found, in words.

    What is not given the study chose: model and strategy on validation accuracy, then the study's first seed.

    Raises:
        PermafrostError: no such run is trained (the error says which are), or one that the choice rests on would be
            made otherwise now.
    """
    runs = trained_runs(folder)
    study = validate(Study, project.parameters.get("study"), "study")
    how = "as asked for"
    if model is not None:
        choose(model, list(dict.fromkeys(run.model for run in runs)), "--model")
        runs = [run for run in runs if run.model == model]
        if freeze is None and all(run.is_baseline for run in runs):
            freeze = NO_STRATEGY
    if model is None or freeze is None:
        cells = _studied(study, project, folder)
        model = model or chosen_model(cells)
        choose(model, cells.models, "--model without --freeze")
        freeze = freeze or chosen_freeze(cells, model)
        how = f"chosen by its validation accuracy in the study {study.name}"
    choose(freeze, list(dict.fromkeys(run.freeze for run in runs if run.model == model)), "--freeze")
    seeds = [run.seed for run in runs if run[:2] == (model, freeze)]
    if seed is None:
        seed = next((other for other in study.seeds if other in seeds), seeds[0])
    choose(str(seed), [str(other) for other in seeds], "--seed")
    found = Run(model, freeze, seed)
    check_runs([found], project, folder)
    return found, how


def predictor_of(run: Run, folder: Path = RUNS, bases: Path = BASES) -> tuple[Predictor, Preprocess]:
    """The predictor of ``run``, by what its own record says, and the preprocessing that it was trained with.

    Raises:
        PermafrostError: a file of the run is missing or does not fit the others.
    """
    place = folder / run.folder
    made, where = read_record(place)["parameters"], f"{place}: {run.section}.{run.model}"
    preprocess, recipe = validate(Preprocess, made["preprocess"], f"{place}: preprocess"), made[run.section][run.model]
    if run.is_baseline:
        settings = read_baseline(recipe, where)
        if not isinstance(settings, NetworkBaseline):
            return classical_predictor(place / "model.safetensors", preprocess), preprocess
        base, wanted = place / "base.safetensors", settings.input
    else:
        base = bases / f"{run.model}.safetensors"
        wanted = validate(Rendered, {"input": recipe["input"]}, where).input
    files = place / "delta.safetensors", base, place / "predictions.csv"
    return network_predictor(*files, wanted, part_of(recipe, Training, where), preprocess), preprocess


def _studied(study: Study, project: Project, folder: Path) -> Cells:
    """The study's runs, which a choice rests on."""
    runs = [run for run in study.runs() if not run.is_baseline]
    lacking = {run.model for run in study.runs() if not (folder / run.folder / "metrics.json").is_file()}
    baselines = [name for name in study.baselines if name not in lacking]  # which choose nothing, and may be missing
    cells = read_study(folder, study.models, study.strategies, study.seeds, baselines)
    check_runs(runs, project, folder)
    return cells
