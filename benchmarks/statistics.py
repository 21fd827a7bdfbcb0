"""Calibration of the claims: false ones, coverage and power, where the truth is known.

    python -m benchmarks.statistics [--simulations 1000] [--quick] [--only WORLD] [--json FILE]

Studies of five strategies are simulated answer by answer (benchmarks/worlds.py) and judged by the project's own method.
*False claim*: any false one of the eight statements about a study of equal strategies (each against the first,
neighbours, trend). *Covers*: the 95 % intervals of all these differences. *Power*: one strategy lies 8 points below the
others and is told apart from the first. Beside them: whether a difference of 4 points is excluded where it is true, how
much choosing flatters, and the committed study with its strategies exchanged group by group.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.worlds import ARMS, WORLDS, World, choosing, exchanged, studies
from permafrost.evaluation.statistics import contrasts
from permafrost.evaluation.statistics.intervals import share_limits
from permafrost.evaluation.statistics.noise import noise_of
from permafrost.evaluation.statistics.selection import choose
from permafrost.progress import progress

PLANNED = contrasts.plan(ARMS, ARMS, "none")
GAP, RELEVANT = 0.08, 0.04
QUICK = 60


def main() -> None:
    """Run the worlds, print one table, and write the numbers where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=1000, help="studies simulated for each number")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} studies: whether it runs, not what is true")
    parser.add_argument("--only", metavar="WORLD", help="worlds whose name holds this")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args()
    begun, simulations = time.process_time(), QUICK if arguments.quick else arguments.simulations
    worlds = [world for world in WORLDS if (arguments.only or "") in world.name]
    found = {world.name: measured(world, simulations) for world in progress(worlds, len(worlds), "worlds", "run")}
    print(table(found))
    if not arguments.only:
        for name, line in (("choice", chosen(simulations)), ("exchanged", null_on_real_outcomes(simulations))):
            print(f"\n{line[0]}")
            found[name] = line[1]
    print(f"\n{simulations} studies a number, {time.process_time() - begun:.0f} s of one core")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def table(found: dict[str, dict[str, float]]) -> str:
    """One row a world, in percent."""
    columns = {
        "false": "false claim",
        "covers": "differences covered",
        "means": "means covered",
        "power": "power at 8 points",
        "excluded": "true 4 points excluded",
    }
    lines = [f"| world | {' | '.join(columns.values())} |", f"|---|{'---|' * len(columns)}"]
    for world, numbers in found.items():
        lines.append(f"| {world} | {' | '.join(f'{100 * numbers[key]:.1f}' for key in columns)} |")
    return "\n".join(lines)


def measured(world: World, simulations: int) -> dict[str, float]:
    """What ``table`` shows, as shares."""
    false, covers, means, power, excluded = [], [], [], [], []
    for gap in (0.0, RELEVANT, GAP):
        truth = np.full(len(ARMS), world.accuracy)
        truth[1] -= gap
        for number, sample in enumerate(studies(world, gap, simulations)):
            noise = noise_of(sample, world.overlap)
            known = contrasts.family(sample, noise, PLANNED, ARMS)
            true, estimates = known.weights @ truth, known.estimates
            covers.append((2 * estimates.tail(np.abs(estimates.value - true)) >= 0.05).mean())
            if gap == 0:
                false.append((known.adjusted <= contrasts.LEVEL).any())
            elif gap == GAP:
                power.append(known.adjusted[0] <= contrasts.LEVEL)
            else:
                far = np.isclose(np.abs(true), RELEVANT)
                excluded.append((known.excluded[far] < RELEVANT).any())
            if number % 5 == 0:
                ends = share_limits(noise)
                means.append(np.mean([low <= value <= high for (low, high), value in zip(ends, truth, strict=True)]))
    names = ("false", "covers", "means", "power", "excluded")
    return {name: float(np.mean(got)) for name, got in zip(names, (false, covers, means, power, excluded), strict=True)}


def chosen(simulations: int) -> tuple[str, dict[str, float]]:
    """How much choosing flatters: what is said of it, and what is true."""
    said, true = [], []
    for sample, accuracy in choosing(simulations):
        choice = choose(sample)
        said.append(choice.optimism)
        true.append(choice.valid - accuracy[sample.arms.index(choice.strategy)])
    numbers = {"said": float(np.mean(said)), "true": float(np.mean(true))}
    line = (
        f"Choosing the best of eight equal strategies on 150 validation clips in 30 groups, 3 seeds: flatters by "
        f"{100 * numbers['true']:.2f} points, and by {100 * numbers['said']:.2f} is said."
    )
    return line, numbers


def null_on_real_outcomes(simulations: int) -> tuple[str, dict[str, float]]:
    """The committed study's outcomes with strategies exchanged group by group: every claim is false."""
    outcomes = pd.read_csv("metrics/outcomes.csv")
    clips = pd.read_csv("data/clips.csv").set_index("clip_id")["group"]
    single, family = [], []
    for sample in exchanged(outcomes, clips, simulations):
        noise = noise_of(sample, WORLDS[0].overlap)
        known = contrasts.family(sample, noise, contrasts.plan(sample.arms, sample.arms, "none"), sample.arms)
        single.append((known.estimates.p() <= contrasts.LEVEL).mean())
        family.append((known.adjusted <= contrasts.LEVEL).any())
    numbers = {"single": float(np.mean(single)), "family": float(np.mean(family))}
    line = (
        f"Real outcomes of the default study, strategies exchanged group by group: p at most .05 for one difference in "
        f"{100 * numbers['single']:.1f} %, a false claim in the family in {100 * numbers['family']:.1f} %."
    )
    return line, numbers


if __name__ == "__main__":
    main()
