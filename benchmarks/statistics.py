"""Calibration of the claims: false positives, coverage and power, where the truth is known.

    python -m benchmarks.statistics [--simulations 1000] [--json FILE]

Two worlds. *Shared*: ten seeds, five strategies, one test set of 100 clips for all, accuracy about 71 % and seed noise
as in the published table; each strategy finds other clips hard, so that the draw of clips favours one or another.
*Redrawn*: ten random splits of 600 clips, on which nearest-centroid classifiers are really trained and tested. In both,
one strategy lies 0, 2, 4 or 8 points below the others. Every method makes the same eight statements (each strategy
against the first, neighbours, trend) and is corrected over them: by Holm, or in our own way.
"""

import argparse
import json
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from scipy import optimize, special, stats

from permafrost.evaluation.statistics import bootstrap, contrasts, shape
from permafrost.evaluation.statistics.multiplicity import holm
from permafrost.evaluation.statistics.noise import one_way
from permafrost.evaluation.statistics.sample import Sample
from permafrost.progress import progress

ARMS = ("none", "stem", "quarter", "half", "head")
SEEDS, CLIPS, ACCURACY = 10, 100, 0.71
GAPS = (0, 2, 4, 8)
# Sd on the logit scale: how hard clips are, how strategies differ in what they find hard, and the luck of a seed.
DIFFICULTY, TASTE, LUCK = 4.5, 0.7, 0.15
POOL, TRAINED, TESTED, FEATURES = 600, 360, 120, 40
PLANNED = contrasts.plan(ARMS, ARMS, "none")
NAIVE, BOOTSTRAP, OURS = "naive paired t over seeds, Holm", "plain two-way bootstrap, Holm", "ours"
METHOD = {"shared": "two-way random effects, step-down max-t", "redrawn": "corrected resampled t, Holm"}


def main() -> None:
    """Run both worlds, print one table, and write the numbers where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=1000, help="studies simulated for each gap")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args()
    begun = time.monotonic()
    result = {name: run(name, arguments.simulations) for name in ("shared", "redrawn")}
    print(table(result))
    print(f"\n{arguments.simulations} simulated studies a gap, {time.monotonic() - begun:.0f} s")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def table(result: dict) -> str:
    """One table of both worlds, in percent."""
    columns = ["false claim", "coverage", *(f"power {gap}" for gap in GAPS[1:])]
    lines = ["| test clips | method | false claim (family) | 95 % interval covers | power at 2 | at 4 | at 8 points |"]
    lines.append("|---|---|---|---|---|---|---|")
    for world, found in result.items():
        for method, measures in found["methods"].items():
            cells = (f"{100 * measures[column]:.1f} %" for column in columns)
            name = f"{OURS}: {METHOD[world]}" if method == OURS else method
            lines.append(f"| {world} | {name} | {' | '.join(cells)} |")
    for world, found in result.items():
        ours = found["methods"][OURS]
        beside = max(ours[f"false beside {gap}"] for gap in GAPS[1:])
        line = (
            f"\n{world}: sd over seeds {100 * found['sd']:.1f} points. Ours: a false claim with the dip counted in "
            f"{100 * found['with_shape']:.1f} %, beside a true gap at most {100 * beside:.1f} %"
        )
        means = f"; strategies' own intervals cover {100 * found['means']:.1f} %" if "means" in found else ""
        lines.append(f"{line}{means}.")
    return "\n".join(lines)


def run(world: str, simulations: int) -> dict:
    """What was found in one world: sd over seeds, and for each method the share of studies (see ``table``)."""
    counts: dict[str, dict[str, list[float]]] = {}
    deviations, with_shape, means = [], [], []
    for gap in GAPS:
        studies, truth = (shared if world == "shared" else redrawn)(gap / 100, simulations)
        for sample in progress(studies, simulations, f"{world}, gap {gap}", "run"):
            noise = sample.noise(TESTED / TRAINED)
            known = contrasts.family(sample, noise, PLANNED, ARMS)
            true = known.weights @ truth
            draws = None if sample.correct is None else bootstrap.means(sample, resampled())
            for method, (p, low, high) in methods(sample, known, draws).items():
                entry, claimed = counts.setdefault(method, {}), p <= contrasts.LEVEL
                wrong = (claimed & (np.abs(true) < 1e-9)).any()
                entry.setdefault("coverage", []).append(((low <= true) & (true <= high)).mean())
                entry.setdefault(f"false beside {gap}" if gap else "false claim", []).append(wrong)
                entry.setdefault(f"power {gap}", []).append(claimed[0])
            deviations.append(sample.scores.std(1, ddof=1).mean())
            if gap == 0:
                pairs = shape.all_pairs(noise, range(len(ARMS)))
                dip = shape.find_dip(pairs, ARMS, 0.04, enough=True)
                with_shape.append(wrong or dip.verdict == "different")  # `wrong` is ours: it comes last
            if draws is not None:
                means.append(covered(sample, draws, truth))
    found = {method: {key: float(np.mean(got)) for key, got in entry.items()} for method, entry in counts.items()}
    result = {"sd": float(np.mean(deviations)), "with_shape": float(np.mean(with_shape)), "methods": found}
    return result | ({"means": float(np.mean(means))} if means else {})


def methods(
    sample: Sample, known: contrasts.Family, draws: np.ndarray | None
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Corrected p values and 95 % limits of the family's statements by each method; ours last."""
    naive = one_way(sample.scores).contrasts(known.weights)
    result = {NAIVE: (holm(naive.p()), *naive.interval())}
    if draws is not None:
        gaps = draws @ known.weights.T
        tail = np.minimum((gaps <= 0).mean(0), (gaps >= 0).mean(0))
        result[BOOTSTRAP] = (holm(np.minimum(2 * tail, 1.0)), *np.quantile(gaps, [0.025, 0.975], axis=0))
    result[OURS] = (known.adjusted, *known.estimates.interval())
    return result


def covered(sample: Sample, draws: np.ndarray, truth: np.ndarray) -> float:
    """Share of the strategies whose own interval holds their true accuracy."""
    ends = [bootstrap.interval(sample, arm, draws[:, arm], 0.0) for arm in range(len(ARMS))]
    return float(np.mean([end.low <= value <= end.high for end, value in zip(ends, truth, strict=True)]))


@cache
def resampled() -> bootstrap.Weights:
    """The same weights for every study of the shared world: drawing them costs more than using them."""
    correct = np.zeros((len(ARMS), SEEDS, CLIPS))
    return bootstrap.weights(Sample(ARMS, tuple(range(SEEDS)), correct.mean(2), np.zeros(SEEDS, int), None, correct))


def shared(gap: float, simulations: int) -> tuple[Iterator[Sample], np.ndarray]:
    """Studies on one shared test set: P(correct) = logistic(level + clip + clip x strategy + seed x strategy)."""
    truth = np.full(len(ARMS), ACCURACY)
    truth[1] -= gap
    grid = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000) * np.sqrt(DIFFICULTY**2 + TASTE**2 + LUCK**2)
    levels = np.array([optimize.brentq(lambda x: special.expit(x + grid).mean() - p, -20, 20) for p in truth])  # noqa: B023

    def studies() -> Iterator[Sample]:
        random = np.random.default_rng([1, round(100 * gap)])
        for _ in range(simulations):
            clips = random.normal(0, DIFFICULTY, CLIPS) + random.normal(0, TASTE, (len(ARMS), 1, CLIPS))
            luck = random.normal(0, LUCK, (len(ARMS), SEEDS, 1))
            chance = special.expit(levels[:, None, None] + clips + luck)
            correct = (random.random(chance.shape) < chance).astype(float)
            yield Sample(ARMS, tuple(range(SEEDS)), correct.mean(2), np.zeros(SEEDS, dtype=int), None, correct)

    return studies(), truth


def redrawn(gap: float, simulations: int) -> tuple[Iterator[Sample], np.ndarray]:
    """Studies on random splits of one pool: two classes, a nearest-centroid classifier a strategy on its own features.

    The features of strategies differ in their draw alone, so that equal signal is exactly equal expected accuracy.
    """
    random = np.random.default_rng([2, round(100 * gap)])
    signals = np.full(len(ARMS), signal(ACCURACY))
    signals[1] = signal(ACCURACY - gap)
    scores = np.empty((simulations, len(ARMS), SEEDS))
    for study in range(simulations):
        side = np.repeat([-1.0, 1.0], POOL // 2)
        data = random.normal(size=(len(ARMS), POOL, FEATURES)) + (signals[:, None] * side)[:, :, None]
        for seed in range(SEEDS):
            order = random.permutation(POOL)
            train, test = order[:TRAINED], order[TRAINED : TRAINED + TESTED]
            upper, lower = (data[:, train[side[train] == sign]].mean(1) for sign in (1, -1))
            along = (data[:, test] - ((upper + lower) / 2)[:, None]) @ (upper - lower)[:, :, None]
            scores[study, :, seed] = (np.sign(along[:, :, 0]) == side[test]).mean(1)
    truth = np.array([accuracy(value) for value in signals])
    samples = (Sample(ARMS, tuple(range(SEEDS)), one, np.arange(SEEDS)) for one in scores)
    return samples, truth


def accuracy(strength: float) -> float:
    """Expected accuracy of a centroid classifier with ``TRAINED`` clips, by 20,000 draws of its centroids."""
    random = np.random.default_rng(3)
    upper, lower = random.normal(size=(2, 20_000, FEATURES)) / np.sqrt(TRAINED / 2)
    along, middle = upper - lower + 2 * strength, (upper + lower) / 2
    length, centre = np.linalg.norm(along, axis=1), (along * middle).sum(1)
    reach = strength * along.sum(1)
    return float((stats.norm.cdf((reach - centre) / length) + stats.norm.cdf((reach + centre) / length)).mean() / 2)


def signal(wanted: float) -> float:
    """The strength at which ``accuracy`` is ``wanted``."""
    return float(optimize.brentq(lambda strength: accuracy(strength) - wanted, 0.01, 1.0))


if __name__ == "__main__":
    main()
