"""Simulated studies for the calibration: five strategies' answers to each clip, with all that makes them differ.

A clip is answered rightly with probability logistic(level + clip + clip x strategy + training set x strategy + run x
strategy). What clips do is in part what their groups do (``icc`` is that part). Training sets of two splits have as
much of their effect in common as of their clips: ``shared``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy import optimize, special

from permafrost.evaluation.statistics.noise import Overlap
from permafrost.evaluation.statistics.sample import Sample, blocks_of

ARMS = ("none", "stem", "quarter", "half", "head")
# Sd on the logit scale: how hard clips are, how strategies differ in what they find hard, and the luck of a run.
DIFFICULTY, TASTE, LUCK = 4.5, 0.7, 0.15
NODES = 4000


@dataclass(frozen=True)
class World:
    """One design with its noise. ``clips``: tested by all seeds of a shared split, or all there are; ``luck`` and
    ``sets``: sd of runs and of training sets in points of accuracy (0: ``LUCK``, none)."""

    name: str
    clips: int = 100
    seeds: int = 10
    splits: int = 1
    redrawn: bool = False
    size: int = 1
    icc: float = 0.0
    accuracy: float = 0.71
    luck: float = 0.0
    heavy: bool = False
    diverged: bool = False
    sets: float = 0.0
    shared: float = 0.5
    safe: bool = False
    taste: float = TASTE

    @property
    def overlap(self) -> Overlap:
        """What the method is told of training sets."""
        test_per_train = 0.125 if self.redrawn else 1 / 3
        return Overlap(test_per_train, self.shared if self.safe else None)


WORLDS = (
    World("shared split, 100 clips, 10 seeds"),
    World("shared split, 150 clips in 30 groups, icc .2", 150, 3, size=5, icc=0.2),
    World("shared split, 150 clips in 30 groups, icc .5", 150, 3, size=5, icc=0.5),
    World("shared split, 150 clips in 30 groups, icc .5, tastes differ", 150, 10, size=5, icc=0.5, taste=2.5),
    World("shared split, 150 clips in 15 groups, icc .5", 150, 10, size=10, icc=0.5),
    World("shared split, 160 clips in 4 groups, icc .5", 160, 10, size=40, icc=0.5),
    World("2 seeds, luck of 6 points", seeds=2, luck=0.06),
    World("3 seeds, luck of 6 points", seeds=3, luck=0.06),
    World("6 seeds, luck of 6 points", seeds=6, luck=0.06),
    World("20 seeds, luck of 6 points", seeds=20, luck=0.06),
    World("3 seeds, heavy-tailed luck of 6 points", seeds=3, luck=0.06, heavy=True),
    World("10 seeds, heavy-tailed luck of 6 points", seeds=10, luck=0.06, heavy=True),
    World("5 seeds, one diverged run a study", seeds=5, diverged=True),
    World("98 % accuracy, 400 clips, 5 seeds", 400, 5, accuracy=0.98),
    World("98 % accuracy, 100 clips, 5 seeds", 100, 5, accuracy=0.98),
    World("5 folds x 1 seed, 400 clips", 400, 5, 5),
    World("5 folds x 2 seeds, 400 clips", 400, 10, 5),
    World("5 folds x 2 seeds, 400 clips in 100 groups, icc .5", 400, 10, 5, size=4, icc=0.5),
    World("5 folds x 2 seeds, training sets 2 points", 400, 10, 5, sets=0.02),
    World("5 folds x 2 seeds, training sets 4 points", 400, 10, 5, sets=0.04),
    World("5 folds x 2 seeds, training sets 4 points, safe", 400, 10, 5, sets=0.04, safe=True),
    World("5 folds, 2 seeds in three of them", 400, 8, 5),
    World("10 redrawn 80/10/10 of 1,000 clips", 1000, 10, 10, redrawn=True, shared=0.8),
    World("10 redrawn, training sets 4 points", 1000, 10, 10, redrawn=True, sets=0.04, shared=0.8),
    World("10 redrawn, training sets 4 points, safe", 1000, 10, 10, redrawn=True, sets=0.04, shared=0.8, safe=True),
    World("10 redrawn, 1,000 clips in 250 groups, icc .5", 1000, 10, 10, redrawn=True, size=4, icc=0.5, shared=0.8),
)


def studies(world: World, gap: float, simulations: int, arms: int = len(ARMS)) -> Iterator[Sample]:
    """Simulated studies, the second strategy ``gap`` below the others in expected accuracy."""
    random = np.random.default_rng([7, round(1000 * gap), len(world.name), world.seeds, world.clips])
    level = np.full(arms, _level(world, world.accuracy))
    level[1] = _level(world, world.accuracy - gap)
    luck, sets = (_logits(world, points) for points in (world.luck, world.sets))
    luck = luck or LUCK
    names = ARMS if arms == len(ARMS) else tuple(map(str, range(arms)))
    splits = np.arange(world.seeds) % world.splits
    for _ in range(simulations):
        group = np.arange(world.clips) // world.size
        tested = _tested(world, group, random)
        clip = _grouped(world, random, group, 1) * DIFFICULTY + _grouped(world, random, group, arms) * world.taste
        effect = random.normal(size=(arms, 1)) * world.shared**0.5
        effect = sets * (effect + random.normal(size=(arms, world.splits)) * (1 - world.shared) ** 0.5)
        own = random.normal(size=(arms, world.seeds))
        if world.heavy:
            own = random.standard_t(3, size=own.shape) / 3**0.5
        answers = []
        for run in range(world.seeds):
            chance = special.expit((level + effect[:, splits[run]] + luck * own[:, run])[:, None] + clip)
            chance = chance[:, tested[splits[run]]]
            if world.diverged:
                chance = np.where(random.random((arms, 1)) < 1 / (arms * world.seeds), 0.1, chance)
            answers.append((random.random(chance.shape) < chance).astype(float))
        scores = np.stack([answer.mean(1) for answer in answers], axis=1)
        groups = [tuple(group[tested[splits[run]]]) for run in range(world.seeds)]
        yield Sample(names, tuple(range(world.seeds)), scores, splits, blocks=blocks_of(answers, groups, splits))


def choosing(simulations: int) -> Iterator[tuple[Sample, np.ndarray]]:
    """Studies of eight equal strategies with answers to validation and test clips, and the true accuracies."""
    world = World("choice", 300, 3, size=5, icc=0.5)
    truth = np.full(8, world.accuracy)
    for sample in studies(world, 0.0, simulations, arms=8):
        block = sample.blocks[0]
        halves = [
            type(block)(block.runs, block.values[:, :, part], block.group[part])
            for part in (slice(0, 150), slice(150, 300))
        ]
        valid, test = (half.values.mean(2) for half in halves)
        parts = (halves[1],), (halves[0],)
        yield Sample(sample.arms, sample.seeds, test, sample.splits, valid, *parts), truth


def exchanged(outcomes: pd.DataFrame, group_of: pd.Series, simulations: int) -> Iterator[Sample]:
    """The outcomes of the first model of a study, its strategies in another order for each group of clips."""
    columns = [name.split("/") for name in outcomes.columns if name.count("/") == 2]
    model = columns[0][0]
    arms = tuple(dict.fromkeys(freeze for name, freeze, _ in columns if name == model))
    seeds = tuple(dict.fromkeys(seed for name, _, seed in columns if name == model))
    values = np.stack([outcomes[[f"{model}/{arm}/{seed}" for seed in seeds]].to_numpy(float).T for arm in arms])
    names = outcomes["clip_id"].map(group_of).to_numpy()
    numbers = pd.factorize(names)[0]
    splits = np.zeros(len(seeds), dtype=int)
    random = np.random.default_rng(11)
    for _ in range(simulations):
        order = random.permuted(np.tile(np.arange(len(arms)), (numbers.max() + 1, 1)), axis=1)
        mixed = np.take_along_axis(values, order[numbers].T[:, None, :], axis=0)
        answers = [mixed[:, run] for run in range(len(seeds))]
        blocks = blocks_of(answers, [tuple(names)] * len(seeds), splits)
        yield Sample(arms, seeds, mixed.mean(2), splits, blocks=blocks)


def _tested(world: World, group: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    """Places of the clips that each split tests; groups stay together."""
    if world.splits == 1:
        return [np.arange(world.clips)]
    groups = group[-1] + 1
    if not world.redrawn:
        fold = random.permutation(groups) % world.splits
        return [np.flatnonzero(fold[group] == number) for number in range(world.splits)]
    drawn = [random.permutation(groups)[: groups // 10] for _ in range(world.splits)]
    return [np.flatnonzero(np.isin(group, some)) for some in drawn]


def _grouped(world: World, random: np.random.Generator, group: np.ndarray, arms: int) -> np.ndarray:
    """Standard normal effects of clips [arms, clips], in part those of their groups."""
    shared = random.normal(size=(arms, group[-1] + 1))[:, group]
    return world.icc**0.5 * shared + (1 - world.icc) ** 0.5 * random.normal(size=(arms, len(group)))


@cache
def _level(world: World, accuracy: float) -> float:
    """The level at which the expected accuracy over all that varies is ``accuracy``."""
    luck, sets = _logits(world, world.luck) or LUCK, _logits(world, world.sets)
    hit = 1 / (len(ARMS) * world.seeds) if world.diverged else 0.0
    wanted = (accuracy - 0.1 * hit) / (1 - hit)
    spread = (DIFFICULTY**2 + world.taste**2 + sets**2 + (0.0 if world.heavy else luck**2)) ** 0.5
    grid = spread * _normal(NODES) + (luck * _student(100)[:, None] if world.heavy else 0.0)
    return float(optimize.brentq(lambda x: special.expit(x + grid).mean() - wanted, -30, 30))


@cache
def _logits(world: World, points: float) -> float:
    """The sd on the logit scale that is one of ``points`` in accuracy, by the slope at the world's accuracy."""
    if not points:
        return 0.0
    grid = (DIFFICULTY**2 + world.taste**2) ** 0.5 * _normal(NODES)
    middle = optimize.brentq(lambda x: special.expit(x + grid).mean() - world.accuracy, -30, 30)
    chance = special.expit(middle + grid)
    return float(points / (chance * (1 - chance)).mean())


@cache
def _normal(nodes: int) -> np.ndarray:
    return special.ndtri((np.arange(nodes) + 0.5) / nodes)


@cache
def _student(nodes: int) -> np.ndarray:
    return special.stdtrit(3, (np.arange(nodes) + 0.5) / nodes) / 3**0.5
