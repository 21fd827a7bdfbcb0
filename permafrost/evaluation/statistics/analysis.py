"""The front of the statistics: tidy runs and, where there are, predictions in; one typed result out."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from permafrost.errors import PermafrostError
from permafrost.evaluation.statistics import bootstrap, contrasts, omnibus, power, selection, shape, variance, words
from permafrost.evaluation.statistics.across_models import Tables, against_baselines, transfer
from permafrost.evaluation.statistics.noise import Noise
from permafrost.evaluation.statistics.result import Analysis, ModelResult, StrategySummary
from permafrost.evaluation.statistics.sample import Sample, from_tables
from permafrost.settings import choose

RELEVANT = 0.04  # the least gap worth a statement, unless told: what ten seeds and some hundred clips can see
TEST_PER_TRAIN = 1 / 3  # 20 % of the clips tested, 60 % trained on


def analyse(
    runs: pd.DataFrame,
    outcomes: pd.DataFrame | None = None,
    *,
    order: Sequence[str] | None = None,
    reference: str | None = "none",
    controls: Mapping[str, str] | None = None,
    baselines: Sequence[str] = (),
    test_per_train: float = TEST_PER_TRAIN,
    relevant: float = RELEVANT,
    test_clips: int | None = None,
) -> Analysis:
    """Summaries, contrasts, shape, choice and transfer gain for a table of runs.

    Args:
        runs: one row a run: model, strategy, seed, score (fraction); may have valid_score and split (the number of the
            split that the run used; more than one means that splits are redrawn).
        outcomes: one row a run and test clip: model, strategy, seed, clip_id, correct (0/1). Without it, statements are
            conditional on the test clips.
        order: strategies by depth, for neighbours and shape; those not in it are compared with the reference only.
            Default: as they first appear in ``runs``.
        reference: the strategy that the others are compared with; ignored for a model that does not have it.
        controls: for each pretrained model the model that is its random control; default: every ``X`` whose
            ``X_random`` is there.
        baselines: models of a single run a seed (an SVM, say), with which every strategy of every model that is
            nobody's control is compared.
        test_per_train: n_test / n_train, used where splits are redrawn.
        relevant: the least gap worth a statement, as a fraction.
        test_clips: how many test clips all runs shared, where their predictions are not known; the notes then say how
            much clips may differ before a claim falls.

    Raises:
        PermafrostError: a missing or duplicate run, predictions that do not match, an unknown name; named.
    """
    runs = runs.rename(columns={"strategy": "arm"})
    outcomes = None if outcomes is None else outcomes.rename(columns={"strategy": "arm"})
    for name in baselines:
        choose(name, list(dict.fromkeys(runs["model"])), "baselines")
    own = runs[~runs["model"].isin(baselines)]
    names = list(dict.fromkeys(own["arm"]))
    depth = _order(order, names)
    samples = {
        str(model): from_tables(table, outcomes, str(model), [*depth, *(name for name in names if name not in depth)])
        for model, table in own.groupby("model", sort=False)
    }
    models = {
        model: _model(model, sample, depth, reference, test_per_train, relevant) for model, sample in samples.items()
    }
    tables = Tables(runs, outcomes, test_per_train, relevant)
    pairs = _controls(controls, list(samples))
    gains = {
        model: transfer(tables, model, control, _common(samples, model, control)) for model, control in pairs.items()
    }
    against = {
        model: against_baselines(tables, model, samples[model].arms, baselines)
        for model in samples
        if baselines and model not in pairs.values()
    }
    widest = max(samples.values(), key=lambda sample: len(sample.seeds))
    noise = widest.noise(test_per_train)
    said = dict.fromkeys(line for sample in samples.values() for line in words.notes(sample, test_per_train))
    if test_clips and widest.correct is None and not widest.redrawn:
        said |= dict.fromkeys(line for result in models.values() for line in words.other_clips(result, test_clips))
    return Analysis(
        design=contrasts.method_of(widest, noise),
        seeds=len(widest.seeds),
        clips=None if widest.correct is None else widest.correct.shape[2],
        splits=len(set(widest.splits.tolist())),
        relevant=relevant,
        models=models,
        transfer=gains,
        baselines=against,
        notes=list(said),
    )


def _model(
    model: str, sample: Sample, depth: list[str], reference: str | None, test_per_train: float, relevant: float
) -> ModelResult:
    order = [arm for arm in depth if arm in sample.arms]
    noise = sample.noise(test_per_train)
    planned = contrasts.plan(sample.arms, order, reference)
    known = contrasts.family(sample, noise, planned, order) if noise is not None and planned else None
    resampled = bootstrap.weights(sample)
    draws = bootstrap.means(sample, resampled)
    results = contrasts.evaluate(sample, noise, planned, known, relevant)
    curve, needed, said = None, None, "The shape over depth needs at least three strategies and two seeds."
    if noise is not None and known is not None and known.trend is not None:
        curve = shape.assess(sample, noise, known, order, relevant)
        needed = _needed(curve, noise, sample, relevant)
        said = words.shape(curve, needed, sample, relevant)
    summaries = [_summary(sample, arm, draws[:, arm], test_per_train) for arm in range(len(sample.arms))]
    return ModelResult(
        model=model,
        order=tuple(order),
        reference=reference if reference in sample.arms else None,
        strategies=summaries,
        omnibus=omnibus.friedman(sample),
        contrasts=results,
        shape=curve,
        needed=needed,
        selection=selection.choose(sample, draws, resampled),
        answer=words.answer(model, {item.strategy: item.mean for item in summaries}, results, reference, relevant),
        shape_words=said,
        contrast_words=[words.contrast(item, relevant) for item in results],
    )


def _needed(curve: shape.Shape, noise: Noise, sample: Sample, relevant: float) -> power.Needed | None:
    rows = [sample.arms.index(arm) for arm in curve.order]
    if curve.dip.verdict == "inconclusive":
        return power.needed_for_dip(noise, rows, curve.dip.value, relevant)
    if curve.trend.verdict == "inconclusive":
        return power.needed_for_trend(noise, rows, curve.trend.value, relevant)
    return None


def _summary(sample: Sample, arm: int, draws: np.ndarray, test_per_train: float) -> StrategySummary:
    scores = sample.scores[arm]
    interval = bootstrap.interval(sample, arm, draws, test_per_train)
    return StrategySummary(
        strategy=sample.arms[arm],
        n=len(scores),
        mean=float(scores.mean()),
        sd=float(scores.std(ddof=1)) if len(scores) > 1 else None,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        method="none: one score" if interval is None else interval.method,
        scores={str(seed): float(score) for seed, score in zip(sample.seeds, scores, strict=True)},
        variance=variance.shares(sample, arm),
    )


def _common(samples: dict[str, Sample], model: str, control: str) -> list[str]:
    return [arm for arm in samples[model].arms if arm in samples[control].arms]


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
