"""Choosing a strategy without peeking: chosen on validation, reported on test, with the optimism of choosing."""

from dataclasses import dataclass

import numpy as np

from permafrost.evaluation.statistics.sample import Block, Sample

DRAWS = 1000


@dataclass(frozen=True)
class Selection:
    """The strategy with the best mean validation score; scores in fractions.

    ``optimism`` is how much the validation score of a chosen strategy flatters it, by the bootstrap (Efron 1983, JASA
    78): each draw of seeds and groups of clips chooses anew, and the chosen one's score in that draw is compared with
    its score in all data. ``with_clips`` says that the answers to validation clips were there to be drawn: without them
    only seeds are. ``test`` is the chosen strategy's test score. ``peeking_optimism`` is what choosing on the test
    clips themselves would add.
    """

    strategy: str
    valid: float
    optimism: float
    with_clips: bool
    test: float
    peeking_optimism: float


def choose(sample: Sample) -> Selection | None:
    """The choice on ``sample.valid``. None without validation scores, with one strategy or with one seed."""
    if sample.valid is None or len(sample.arms) < 2 or len(sample.seeds) < 2:
        return None
    valid, test = sample.valid @ sample.weights, sample.means
    best = int(np.argmax(valid))
    return Selection(
        strategy=sample.arms[best],
        valid=float(valid[best]),
        optimism=flattery(sample, sample.valid, sample.valid_blocks),
        with_clips=sample.valid_blocks is not None,
        test=float(test[best]),
        peeking_optimism=flattery(sample, sample.scores, sample.blocks),
    )


def flattery(sample: Sample, scores: np.ndarray, blocks: tuple[Block, ...] | None) -> float:
    """How much the best of ``scores`` [arms, seeds] looks better than it is, because it is the best."""
    drawn, means = drawn_means(sample, scores, blocks), scores @ sample.weights
    chosen = np.argmax(drawn, axis=1)
    return float(np.mean(drawn[np.arange(len(drawn)), chosen] - means[chosen]))


def drawn_means(sample: Sample, scores: np.ndarray, blocks: tuple[Block, ...] | None) -> np.ndarray:
    """Mean of each arm in each draw of seeds within splits and of groups of clips: [draws, arms].

    A split of which a draw holds no group (one speaker a split, say) does not count in that draw.
    """
    seeds, groups = drawn_weights(sample.splits, blocks)
    if blocks is None:
        return seeds @ scores.T
    result, held = np.zeros((len(seeds), len(scores))), np.zeros(len(seeds))
    for block in blocks:
        member = np.eye(groups.shape[1])[block.group]
        counts = groups @ member.sum(0)
        held += seeds[:, block.runs].sum(1) * (counts > 0)
        by_group = (block.values @ member).transpose(1, 0, 2).reshape(len(block.runs), -1)
        by_draw = (seeds[:, block.runs] @ by_group).reshape(len(seeds), len(scores), -1)
        result += np.einsum("dag,dg->da", by_draw, groups) / np.maximum(counts, 1)[:, None]
    return result / held[:, None]


def drawn_weights(splits: np.ndarray, blocks: tuple[Block, ...] | None) -> tuple[np.ndarray, np.ndarray]:
    """How much each seed counts [draws, seeds], sum 1, and how often each group does [draws, groups], in each draw."""
    random = np.random.default_rng(0)
    count = int(splits.max()) + 1
    seeds = np.zeros((DRAWS, len(splits)))
    for split in range(count):
        members = np.flatnonzero(splits == split)
        size = len(members)
        seeds[:, members] = random.multinomial(size, np.full(size, 1 / size), DRAWS) / (size * count)
    numbers = 1 + max((int(block.group.max()) for block in blocks or ()), default=0)
    return seeds, random.multinomial(numbers, np.full(numbers, 1 / numbers), DRAWS)
