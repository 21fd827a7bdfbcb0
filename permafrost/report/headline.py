"""Which score leads the report: accuracy, or macro F1 where accuracy flatters."""

from dataclasses import dataclass

from permafrost.data.cautions import UNEVEN
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import coded, listed, percent
from permafrost.metrics import accuracy, macro_f1

NAMES = {"test_accuracy": accuracy.TITLE, "macro_f1": macro_f1.TITLE}


@dataclass(frozen=True)
class Headline:
    """Keys of the score that leads and of that beside it; ``why`` macro F1 leads, where it does, as a sentence."""

    scores: tuple[str, str]
    why: str


def headline(results: StudyResults) -> Headline:
    """Which score leads: accuracy, but where the test clips' classes are uneven, or the chosen strategy predicts a
    class for no test clip with any seed."""
    rows, classes, why = results.cells.predictions, results.cells.classes, []
    rows = rows[(rows["subset"] == "test") & (rows["model"] == results.model) & (rows["freeze"] == results.freeze)]
    shares, even = rows["label"].value_counts(normalize=True).sort_index(), 1 / len(classes)
    if is_uneven(float(shares.max()), even):
        why.append(
            f"classes are uneven (`{shares.idxmax()}` has {percent(shares.max(), 0)} % of the test clips, "
            f"{percent(even, 0)} % would be even)"
        )
    predicted = set(rows["predicted"])
    if never := [name for name in classes if name in shares.index and name not in predicted]:
        are = "is" if len(never) == 1 else "are"
        why.append(f"{listed(coded(never))} {are} never predicted by `{results.freeze}`")
    if not why:
        return Headline(tuple(NAMES), "")
    return Headline(
        tuple(NAMES)[::-1], f"Macro F1 leads because {listed(why)}; differences and their tests are of accuracy."
    )


def is_uneven(share: float, even: float) -> bool:
    """Whether the most common class, by its ``share``, is so far from an ``even`` one that splitting warns of it."""
    return share >= UNEVEN * even - 1e-9 and even < 1
