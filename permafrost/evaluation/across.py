"""A strategy's difference over several data sets: pooled, its spread from set to set, and what a new one would show.

Random-effects meta-analysis: the between-set variance by Paule and Mandel (1982), intervals with Hartung and Knapp's
scale and t (Hartung and Knapp 2001, Statist. Med. 20), never narrower than without the scale; prediction interval by
Higgins, Thompson and Spiegelhalter (2009, J. R. Stat. Soc. A 172).
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from permafrost.errors import PermafrostError
from permafrost.evaluation.study import is_control

KINDS = {"reference": "minus full fine-tuning", "transfer": "minus random weights"}
NEEDED = ("question", "model", "strategy", "value", "ci_low", "ci_high")
TO_RANK = 6  # data sets from which on ranks are tested: with fewer Friedman's chi-square is far from exact


@dataclass(frozen=True)
class Finding:
    """What one study says of a difference (fractions): ``question`` is ``reference`` or ``transfer``."""

    study: str
    model: str
    question: str
    strategy: str
    value: float
    low: float
    high: float

    @property
    def variance(self) -> float:
        """Of the normal distribution that has the same 95 % interval."""
        return ((self.high - self.low) / (2 * stats.norm.ppf(0.975))) ** 2


@dataclass(frozen=True)
class Pooled:
    """A difference over the studies that tell it (fractions). ``tau``: sd of the true difference from set to set;
    ``predicted``: 95 % limits for a new data set, None below three; ``p``: of the mean being zero."""

    question: str
    strategy: str
    findings: tuple[Finding, ...]
    mean: float
    low: float
    high: float
    p: float
    tau: float
    predicted: tuple[float, float] | None


@dataclass(frozen=True)
class Ranks:
    """Mean rank of each strategy over the data sets (1 is best); ``p`` is Friedman's and ``apart`` Nemenyi's least
    difference of two mean ranks at 5 %, both None below six data sets."""

    mean: Mapping[str, float]
    studies: int
    p: float | None
    apart: float | None


def findings(study: str, table: pd.DataFrame, model: str | None = None) -> list[Finding]:
    """The differences that comparisons.csv of ``study`` holds, of one model: ``model``, or its first that is no
    control.

    Raises:
        PermafrostError: a column is missing, there is no such model, or it has no difference with an interval.
    """
    if missing := [name for name in NEEDED if name not in table]:
        raise PermafrostError(f"comparisons of {study}: no column {missing[0]!r}; run `dvc repro aggregate` there")
    names = list(dict.fromkeys(table["model"]))
    if model is not None and model not in names:
        raise PermafrostError(f"--model: {study} has no {model!r}; it has {', '.join(names)}")
    chosen = model or next((name for name in names if not is_control(name, names)), None)
    if chosen is None:
        raise PermafrostError(f"comparisons of {study}: no model in it; it compares nothing")
    rows = table[(table["model"] == chosen) & table["question"].isin(list(KINDS))].dropna(subset=["ci_low", "ci_high"])
    if rows.empty:
        raise PermafrostError(
            f"comparisons of {study}: {chosen} has no difference with an interval (one seed?); give it more seeds"
        )
    columns = rows[["model", "question", "strategy", "value", "ci_low", "ci_high"]]
    return [Finding(study, *row) for row in columns.itertuples(index=False)]


def pool(found: Iterable[Finding]) -> list[Pooled]:
    """Every difference that at least two studies tell, in the order in which they come."""
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        kinds.setdefault((finding.question, finding.strategy), []).append(finding)
    ordered = sorted(kinds, key=lambda kind: list(KINDS).index(kind[0]))
    return [_pooled(*kind, kinds[kind]) for kind in ordered if len(kinds[kind]) > 1]


def ranks(found: Sequence[Finding]) -> Ranks | None:
    """Strategies that every study has, ``none`` among them, by accuracy; None where fewer than two are shared."""
    rows = pd.DataFrame([(item.study, item.strategy, item.value) for item in found if item.question == "reference"])
    if rows.empty:
        return None
    table = rows.pivot_table(index=0, columns=1, values=2, sort=False).dropna(axis=1)
    table.insert(0, "none", 0.0)  # the reference differs from itself by nothing
    if table.shape[1] < 2 or len(table) < 2:
        return None
    ranked = stats.rankdata(-table.to_numpy(), axis=1)
    sets, strategies = ranked.shape
    p = apart = None
    if sets >= TO_RANK and strategies > 2:
        p = float(stats.friedmanchisquare(*table.to_numpy().T).pvalue)
        width = stats.studentized_range.ppf(0.95, strategies, np.inf) / np.sqrt(2)
        apart = float(width * np.sqrt(strategies * (strategies + 1) / (6 * sets)))  # Demsar 2006
    return Ranks(dict(zip(table.columns, ranked.mean(0), strict=True)), sets, p, apart)


def _pooled(question: str, strategy: str, rows: list[Finding]) -> Pooled:
    effects = np.array([row.value for row in rows])
    # A difference that no clip of the study could tell from another has variance 0; weights need more.
    variances = np.maximum([row.variance for row in rows], 1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of single studies, whose intervals are not used
        fit = combine_effects(effects, variances, method_re="iterated", use_t=True)
    freedom = len(rows) - 1
    mean, tau2 = float(fit.mean_effect_re), max(float(fit.tau2), 0.0)
    error = float(fit.sd_eff_w_re) * max(1.0, float(np.sqrt(fit.scale_hksj_re)))
    half = stats.t.ppf(0.975, freedom) * error
    predicted = None
    if len(rows) > 2:
        reach = stats.t.ppf(0.975, len(rows) - 2) * float(np.sqrt(tau2 + error**2))
        predicted = (max(mean - reach, -1.0), min(mean + reach, 1.0))
    p = 2 * stats.t.sf(abs(mean) / error, freedom)
    limits = max(mean - half, -1.0), min(mean + half, 1.0)
    return Pooled(question, strategy, tuple(rows), mean, *limits, float(p), float(np.sqrt(tau2)), predicted)
