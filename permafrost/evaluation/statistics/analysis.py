"""The front of the statistics: tidy runs and, where there are, predictions in; one typed result out."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from permafrost.errors import PermafrostError
from permafrost.evaluation.statistics import contrasts, selection, shape, words
from permafrost.evaluation.statistics.across_models import Tables, against_baselines, transfer
from permafrost.evaluation.statistics.intervals import share_limits
from permafrost.evaluation.statistics.layered import Layered
from permafrost.evaluation.statistics.noise import Noise, Overlap, is_reliable, method_of, noise_of
from permafrost.evaluation.statistics.result import Analysis, ModelResult, StrategySummary
from permafrost.evaluation.statistics.sample import Sample, from_tables
from permafrost.settings import choose

RELEVANT = 0.04  # the least gap worth a statement, unless told: what ten seeds and some hundred clips can see
TEST_PER_TRAIN = 1 / 3  # 20 % of the clips tested, 60 % trained on


def analyse(
    runs: pd.DataFrame,
    outcomes: pd.DataFrame | None = None,
    *,
    validation: pd.DataFrame | None = None,
    order: Sequence[str] | None = None,
    reference: str | None = "none",
    controls: Mapping[str, str] | None = None,
    baselines: Sequence[str] = (),
    test_per_train: float = TEST_PER_TRAIN,
    shared_training: float | None = None,
    relevant: float = RELEVANT,
    chance: float | None = None,
) -> Analysis:
    """Summaries, contrasts, shape, choice and transfer gain for a table of runs.

    Args:
        runs: one row a run: model, strategy, seed, score (fraction); may have valid_score and split (the number of the
            split that the run used; more than one means that splits differ).
        outcomes: one row a run and test clip: model, strategy, seed, clip_id, correct (0/1); may have group (clips of
            one group are one sample; a clip without one is its own). Without it, statements are conditional on the
            test clips.
        validation: the same of validation clips: what the choice rests on.
        order: strategies by depth, for neighbours and shape; those not in it are compared with the reference only.
            Default: as they first appear in ``runs``.
        reference: the strategy that the others are compared with; ignored for a model that does not have it.
        controls: for each pretrained model the model that is its random control; default: every ``X`` whose
            ``X_random`` is there.
        baselines: models of a single run a seed (an SVM, say), with which every strategy of every model that is
            nobody's control is compared.
        test_per_train: n_test / n_train, used where splits differ.
        shared_training: the share of its training clips that a split has in common with another; where given, training
            sets count as correlated by it in any case, which is the safe assumption; else where R is high.
        relevant: the least gap worth a statement, as a fraction.
        chance: the score of guessing; runs that score no more are named where others of their strategy do.

    Raises:
        PermafrostError: a missing or duplicate run, predictions that do not match, an unknown name; named.
    """
    runs, outcomes, validation = (
        None if table is None else table.rename(columns={"strategy": "arm"}) for table in (runs, outcomes, validation)
    )
    for name in baselines:
        choose(name, list(dict.fromkeys(runs["model"])), "baselines")
    own = runs[~runs["model"].isin(baselines)]
    names = list(dict.fromkeys(own["arm"]))
    depth = _order(order, names)
    arms = [*depth, *(name for name in names if name not in depth)]
    samples = {
        str(model): from_tables(table, outcomes, str(model), arms, validation)
        for model, table in own.groupby("model", sort=False)
    }
    tables = Tables(runs, outcomes, Overlap(test_per_train, shared_training), relevant)
    noises = {model: noise_of(sample, tables.overlap) for model, sample in samples.items()}
    models = {name: _model(name, sample, noises[name], depth, reference, relevant) for name, sample in samples.items()}
    pairs = _controls(controls, list(samples))
    gains = {
        model: transfer(tables, model, control, [arm for arm in samples[model].arms if arm in samples[control].arms])
        for model, control in pairs.items()
    }
    against = {
        model: against_baselines(tables, model, samples[model].arms, baselines)
        for model in samples
        if baselines and model not in pairs.values()
    }
    widest = max(samples, key=lambda model: len(samples[model].seeds))
    sample = samples[widest]
    said = {}
    for model, item in samples.items():
        first, *lines = words.notes(item, noises[model], chance)
        said |= dict.fromkeys([first, *(f"{model}: {line}" for line in lines)])
    return Analysis(
        design=method_of(noises[widest]),
        seeds=len(sample.seeds),
        splits=sample.count,
        clips=sample.clips,
        groups=sample.groups,
        reliable=is_reliable(sample, noises[widest]),
        ratio=max((result.ratio for result in models.values() if result.ratio is not None), default=None),
        relevant=relevant,
        models=models,
        transfer=gains,
        baselines=against,
        notes=list(said),
    )


def _model(
    model: str, sample: Sample, noise: Noise | None, depth: list[str], reference: str | None, relevant: float
) -> ModelResult:
    order = [arm for arm in depth if arm in sample.arms]
    known, found = contrasts.judged(sample, noise, contrasts.plan(sample.arms, order, reference), relevant, order)
    curve, needed, said = None, None, "The shape over depth needs at least three strategies and two seeds."
    if known is not None and known.trend is not None:
        curve = shape.assess(noise, known, sample.arms, order, relevant)
        needed = shape.deciding(curve, noise, known, sample.arms, relevant)
        said = words.shape(curve, needed, relevant)
    means = dict(zip(sample.arms, sample.means.tolist(), strict=True))
    return ModelResult(
        model=model,
        order=tuple(order),
        reference=reference if reference in sample.arms else None,
        ratio=None if noise is None else noise.ratio(),
        strategies=_summaries(sample, noise),
        contrasts=found,
        shape=curve,
        needed=needed,
        selection=selection.choose(sample),
        answer=words.answer(model, means, found, reference, relevant, is_reliable(sample, noise)),
        shape_words=said,
    )


def _summaries(sample: Sample, noise: Noise | None) -> list[StrategySummary]:
    many = len(sample.seeds) > 1
    limits = share_limits(noise) if noise is not None else [(None, None)] * len(sample.arms)
    shares = noise.parts() if isinstance(noise, Layered) else [None] * len(sample.arms)
    return [
        StrategySummary(
            strategy=arm,
            n=len(scores),
            mean=float(sample.means[place]),
            sd=float(np.std(scores, ddof=1)) if many else None,
            low=limits[place][0],
            high=limits[place][1],
            scores={str(seed): float(score) for seed, score in zip(sample.seeds, scores, strict=True)},
            variance=shares[place],
        )
        for place, (arm, scores) in enumerate(zip(sample.arms, sample.scores, strict=True))
    ]


def _controls(controls: Mapping[str, str] | None, models: list[str]) -> dict[str, str]:
    if controls is None:
        return {model: f"{model}_random" for model in models if f"{model}_random" in models}
    for name in [*controls, *controls.values()]:
        choose(name, models, "controls")
    return dict(controls)


def _order(order: Sequence[str] | None, names: list[str]) -> list[str]:
    if order is None:
        return names
    unknown = [name for name in order if name not in names]
    if unknown or len(set(order)) != len(order):
        fault = f"{', '.join(unknown)} not among the strategies" if unknown else "a strategy is named twice"
        raise PermafrostError(f"order: {fault}; the table has {', '.join(names)}")
    return list(order)
