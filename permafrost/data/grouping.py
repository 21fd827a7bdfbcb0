"""Split clips so that no group stands on two sides, as close to the wished shares of every class as groups allow.

Scikit-learn's StratifiedGroupKFold cuts folds of one size and places each group once, greedily: on GTZAN's artists the
class that fits worst is 15 points off a wished share of 60, 20 and 20 %. This search places groups from the largest
down where they do least harm, several times in another order, then moves and swaps groups while that helps: 1 point.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from permafrost.data.tables import SUBSETS, Clip
from permafrost.errors import PermafrostError

STARTS = 8
# The most groups for which all pairs are tried for a swap; beyond it groups are small and single moves are enough.
SWAP_LIMIT = 600
# What a class missing from a subset costs. Any balance of shares costs at most 2 for each class and for the whole.
ABSENT = 100.0
# Prefers groups that have not tested yet, where the balance is about the same.
TESTED_BEFORE = 1e-2
# Steps that gain less are not worth their time: one of 10 classes of 100 clips being one clip off costs 1e-5.
LEAST_GAIN = 1e-5


def divide_groups(
    clips: Sequence[Clip], shares: tuple[float, float, float], draw: np.random.Generator, tested: Counter[str]
) -> dict[str, str]:
    """Clip id → subset. ``shares`` are those of train, valid and test; ``tested`` counts how often each group has been
    in test, and is updated: repeats spread the testing over the groups. A clip without a group is a group by itself.

    Raises:
        PermafrostError: no clip has a group, or a class has fewer groups than there are subsets.
    """
    names = [clip.group or f"\0{clip.clip_id}" for clip in clips]  # \0: no group of that name can exist
    _refuse_too_few(clips, names)
    groups = sorted(set(names))
    classes = sorted({clip.label for clip in clips})
    at_group = {name: index for index, name in enumerate(groups)}
    at_class = {label: index for index, label in enumerate(classes)}
    counts = np.zeros((len(groups), len(classes)))
    for clip, name in zip(clips, names, strict=True):
        counts[at_group[name], at_class[clip.label]] += 1
    burden = np.array([tested[name] for name in groups], dtype=float)
    places = _search(counts, np.array(shares), burden, draw)
    for name, place in zip(groups, places, strict=True):
        tested[name] += int(place == SUBSETS.index("test"))
    return {clip.clip_id: SUBSETS[places[at_group[name]]] for clip, name in zip(clips, names, strict=True)}


def _refuse_too_few(clips: Sequence[Clip], names: Sequence[str]) -> None:
    if not any(clip.group for clip in clips):
        raise PermafrostError(
            "split.kind grouped: no clip has a group; dataset.labels must read one (a named group `group`, "
            "columns.group, or labels.groups), or take split.kind stratified"
        )
    groups = defaultdict(set)
    for clip, name in zip(clips, names, strict=True):
        groups[clip.label].add(name)
    for label in sorted(groups):
        if len(groups[label]) < len(SUBSETS):
            raise PermafrostError(
                f"split.kind grouped: class {label!r} has {len(groups[label])} groups; it needs at least one each for "
                f"{', '.join(SUBSETS)}: add recordings of another group, or take split.kind stratified"
            )


def _search(counts: np.ndarray, shares: np.ndarray, burden: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Subset index of each group; ``counts`` [groups, classes] of clips, ``burden`` [groups] of earlier tests."""
    # The last column is the whole: its shares count as much as those of all classes together.
    classes = counts.shape[1]
    table = np.hstack([counts, counts.sum(axis=1, keepdims=True)])
    totals = table.sum(axis=0)
    weights = np.append(np.full(classes, 1 / classes), 1.0) / totals**2
    balance = _Balance(table, weights, np.outer(totals, shares), TESTED_BEFORE * burden * table[:, -1] / totals[-1])
    best, best_cost = None, np.inf
    for _ in range(STARTS if len(table) <= SWAP_LIMIT else 1):
        places = balance.place(_order(table, draw))
        cost = balance.improve(places)
        if cost < best_cost:
            best, best_cost = places.copy(), cost
    assert best is not None  # STARTS > 0
    return best


def _order(table: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Groups from the largest down, with sizes blurred so that every start has another order."""
    return np.argsort(-table[:, -1] * draw.uniform(0.5, 1.5, len(table)), kind="stable")


class _Balance:
    """The cost of an assignment and what moving groups would do to it.

    Cost: over columns c and subsets s, weight_c (clips_cs - wish_cs)^2, plus ABSENT for each class missing from a
    subset, plus ``burden`` of the groups in test.
    """

    def __init__(self, table: np.ndarray, weights: np.ndarray, wishes: np.ndarray, burden: np.ndarray) -> None:
        self.table, self.weights, self.wishes, self.burden = table, weights, wishes, burden
        self.weighted = table * weights
        self.own = (self.weighted * table).sum(axis=1)  # what each group's square adds

    def place(self, order: np.ndarray) -> np.ndarray:
        """Each group in turn goes where it helps most: [groups] of subset indices."""
        places = np.zeros(len(self.table), dtype=int)
        short = -self.wishes.copy()
        for group in order:
            harm = 2 * self.weighted[group] @ short
            harm[2] += self.burden[group]
            places[group] = int(np.argmin(harm))
            short[:, places[group]] += self.table[group]
        return places

    def cost(self, places: np.ndarray) -> float:
        held = self._held(places)
        uneven = (self.weights[:, None] * (held - self.wishes) ** 2).sum()
        return float(uneven + ABSENT * (held == 0).sum() + self.burden[places == 2].sum())

    def improve(self, places: np.ndarray) -> float:
        """Move or swap groups, in place, while the cost falls; returns the cost."""
        cost = self.cost(places)
        while True:
            held = self._held(places)
            pulls = 2 * self.weighted @ (held - self.wishes)  # [groups, subsets]
            pulls[:, 2] += self.burden
            here = np.take_along_axis(pulls, places[:, None], axis=1)
            gain = pulls - here + 2 * self.own[:, None] + ABSENT * self._emptied(held, places)
            np.put_along_axis(gain, places[:, None], 0.0, axis=1)
            group, target = np.unravel_index(np.argmin(gain), gain.shape)
            if gain[group, target] < -LEAST_GAIN:
                places[group] = target
            elif not self._swap(places, pulls, cost):
                return cost
            cost = self.cost(places)

    def _held(self, places: np.ndarray) -> np.ndarray:
        """Clips by column and subset."""
        return np.stack([self.table[places == subset].sum(axis=0) for subset in range(3)], axis=1)

    def _emptied(self, held: np.ndarray, places: np.ndarray) -> np.ndarray:
        """[groups, subsets]: classes that a move would remove from the old subset, less those it brings to the new."""
        present = self.table > 0
        removed = (present & (self.table == held.T[places])).sum(axis=1)
        return removed[:, None] - present.astype(float) @ (held == 0)

    def _swap(self, places: np.ndarray, pulls: np.ndarray, cost: float) -> bool:
        """Make the best swap of two groups, if one lowers the cost."""
        if len(places) > SWAP_LIMIT:
            return False
        crossed = pulls[:, places]  # [g, h]: the pull on g of the subset that h is in
        here = np.diag(crossed)
        squares = self.own[:, None] + self.own[None, :] - 2 * self.weighted @ self.table.T
        gain = crossed + crossed.T - here[:, None] - here[None, :] + 2 * squares
        gain[places[:, None] == places[None, :]] = 0.0
        few = np.argpartition(gain, min(20, gain.size - 1), axis=None)[:20]
        for flat in few[np.argsort(gain.flat[few], kind="stable")]:
            one, other = np.unravel_index(flat, gain.shape)
            if gain[one, other] >= -LEAST_GAIN:
                return False
            places[[one, other]] = places[[other, one]]
            if self.cost(places) < cost - LEAST_GAIN:  # the gain above does not see a class that goes missing
                return True
            places[[one, other]] = places[[other, one]]
        return False
