"""Which score leads the report: accuracy, or macro F1 where accuracy flatters."""

from dataclasses import dataclass

from permafrost.data.cautions import UNEVEN
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import coded, listed, percent
from permafrost.metrics import accuracy, macro_f1

NAMES = {"test_accuracy": accuracy.TITLE, "macro_f1": macro_f1.TITLE}


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
        """Whether the most common class is so much more common than an even one that splitting warns of it."""
        return self.share >= UNEVEN * self.even - 1e-9 and self.even < 1

    @property
    def scores(self) -> tuple[str, str]:
        """The keys of the score that leads and of the one beside it."""
        accuracy, f1 = NAMES
        return (f1, accuracy) if self.uneven or self.never else (accuracy, f1)

    @property
    def why(self) -> str:
        """Why macro F1 leads, as a sentence; empty where it does not."""
        why = []
        if self.uneven:
            why.append(
                f"classes are uneven (`{self.majority}` has {percent(self.share, 0)} % of the test clips, "
                f"{percent(self.even, 0)} % would be even)"
            )
        if self.never:
            are = "is" if len(self.never) == 1 else "are"
            why.append(f"{listed(coded(self.never))} {are} never predicted by `{self.strategy}`")
        return f"Macro F1 leads because {listed(why)}; differences and their tests are of accuracy." if why else ""


def headline(results: StudyResults) -> Headline:
    """What decides which score leads: the test clips' classes, and what the chosen strategy predicts."""
    rows, classes = results.cells.predictions, results.cells.classes
    rows = rows[(rows["subset"] == "test") & (rows["model"] == results.model) & (rows["freeze"] == results.freeze)]
    shares = rows["label"].value_counts(normalize=True).sort_index()
    predicted = set(rows["predicted"])
    never = tuple(name for name in classes if name in shares.index and name not in predicted)
    return Headline(results.freeze, str(shares.idxmax()), float(shares.max()), 1 / len(classes), never)
