"""What ``analysis.analyse`` returns, and its form as plain data for JSON."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.power import Needed
from permafrost.evaluation.statistics.selection import Selection
from permafrost.evaluation.statistics.shape import Shape


@dataclass(frozen=True)
class StrategySummary:
    """One strategy: ``scores`` by seed; the mean over splits of the splits' means, sd over runs, the 95 % interval; and
    the shares of clips, answers, seeds and training sets in the mean's variance (None where they cannot be told)."""

    strategy: str
    n: int
    mean: float
    sd: float | None
    low: float | None
    high: float | None
    scores: dict[str, float]
    variance: dict[str, float] | None


@dataclass(frozen=True)
class ModelResult:
    """Everything about one model. ``ratio`` is R (see ``Analysis``); ``answer`` is one sentence, ``shape_words`` one or
    two on the curve over depth."""

    model: str
    order: tuple[str, ...]
    reference: str | None
    ratio: float | None
    strategies: list[StrategySummary]
    contrasts: list[Contrast]
    shape: Shape | None
    needed: Needed | None
    selection: Selection | None
    answer: str
    shape_words: str


@dataclass(frozen=True)
class Against:
    """Each strategy of a model less ``others``: its random control under the same strategy (the transfer gain by
    depth), or baselines. ``answers`` has a sentence for each of them."""

    model: str
    others: tuple[str, ...]
    contrasts: list[Contrast]
    answers: list[str]


@dataclass(frozen=True)
class Analysis:
    """The result for a table of runs.

    Attributes:
        design: the name of what judges differences.
        seeds, splits: how many runs each strategy has, and how many splits they use.
        clips, groups: test clips in a split, and groups tested in all; None where only scores are known.
        reliable: whether "reliably" may be said: answers clip by clip and more than one seed are known.
        ratio: R, the largest of the models: what the means of splits vary by, in terms of what clips and seeds
            explain. None with one split.
        relevant: the least gap worth a statement, as a fraction.
        notes: what the numbers are conditional on and what they cannot show.
    """

    design: str
    seeds: int
    splits: int
    clips: int | None
    groups: int | None
    reliable: bool
    ratio: float | None
    relevant: float
    models: dict[str, ModelResult]
    transfer: dict[str, Against]
    baselines: dict[str, Against]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: numbers, strings, lists, dictionaries; None for what is not defined or infinite."""
        return plain(asdict(self))


def plain(value: Any) -> Any:
    """``value`` with numpy types as Python's, tuples as lists, and NaN or infinity as None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
