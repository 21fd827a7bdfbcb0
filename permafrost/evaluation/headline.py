"""Which score leads the report: accuracy, or macro F1 where accuracy flatters."""

from dataclasses import dataclass

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze, chosen_model

NAMES = {"test_accuracy": "test accuracy", "macro_f1": "macro F1"}


@dataclass(frozen=True)
class Headline:
    """The most common class of the test clips with its ``share`` and the ``even`` one (fractions), and the classes that
    the chosen ``strategy`` predicts for no test clip with any seed."""

    strategy: str
    majority: str
    share: float
    even: float
    never: tuple[str, ...]

    @property
    def uneven(self) -> bool:
        """Whether the most common class has twice its even share; of two or three classes, half of the rest as well."""
        return self.share >= min(2 * self.even, (1 + self.even) / 2) - 1e-9 and self.even < 1

    @property
    def scores(self) -> tuple[str, str]:
        """The keys in summary.json of the score that leads and of the one beside it."""
        accuracy, f1 = NAMES
        return (f1, accuracy) if self.uneven or self.never else (accuracy, f1)


def headline(cells: Cells) -> Headline:
    """What decides which score leads: the test clips' classes, and what the chosen strategy predicts."""
    model = chosen_model(cells)
    freeze = chosen_freeze(cells, model)
    rows = cells.predictions
    rows = rows[(rows["subset"] == "test") & (rows["model"] == model) & (rows["freeze"] == freeze)]
    shares = rows["label"].value_counts(normalize=True).sort_index()
    predicted = set(rows["predicted"])
    never = tuple(name for name in cells.classes if name in shares.index and name not in predicted)
    return Headline(freeze, str(shares.idxmax()), float(shares.max()), 1 / len(cells.classes), never)
