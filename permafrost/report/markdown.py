"""metrics/report.md: the answer in two sentences, then the tables, then what to keep in mind."""

from collections.abc import Iterable

from permafrost.evaluation.study_results import StudyResults
from permafrost.report.answer import answer, introduced, strategies
from permafrost.report.data_section import audit_findings, beware, facts_table
from permafrost.report.findings import contrast_table, findings
from permafrost.report.notes import notes
from permafrost.report.strategies_table import strategies_table
from permafrost.report.table import Table


def report(results: StudyResults, plots: str = "../plots") -> str:
    """The report of a study as Markdown; ``plots``: where figures lie, seen from it."""
    model, freeze = results.model, results.freeze
    blocks = [
        f"# Study `{results.name}`",
        answer(results),
        *_bullets(f"Beware: {line}." for line in beware(results)),
        f"![Test accuracy by freezing strategy; the numbers are in the tables below]({plots}/strategies.png)",
        f"[{plots.removeprefix('../')}/report.html]({plots}/report.html) has all of this with charts, each class, and "
        "the clips that every strategy gets wrong, to see and to hear.",
        "## Strategies",
        strategies(results.cells),
        *(block for name in results.models for block in _captioned(strategies_table(results, name))),
        "## What is sure",
        *(block for name in results.models for block in _sure(results, name)),
        "## Learning curves and confusions",
        f"![Validation accuracy by epoch, for each strategy]({plots}/learning_curves.png)",
        f"![Confusion matrix of {model} with strategy {freeze} on the test clips]({plots}/confusion.png)",
        "## Data",
        facts_table(results).markdown(),
        *_bullets(audit_findings(results)),
        "## To keep in mind",
        *_bullets(notes(results)),
    ]
    return introduced("\n\n".join(blocks)) + "\n"


def _bullets(lines: Iterable[str]) -> list[str]:
    """A Markdown list as a block; no block without lines."""
    text = "\n".join(f"- {line}" for line in lines)
    return [text] * bool(text)


def _captioned(table: Table) -> list[str]:
    return [f"{table.caption}.", table.markdown()]


def _sure(results: StudyResults, model: str) -> list[str]:
    """What is sure about one model: its strategies among each other, its transfer gain, the baselines."""
    analysis = results.analysis
    own, gain, against = (part.get(model) for part in (analysis.models, analysis.transfer, analysis.baselines))
    blocks = [f"### `{model}`", *_bullets(findings(own, results.chosen[model]))]
    if own.contrasts:
        blocks += _captioned(contrast_table(own.contrasts, "Strategies among each other"))
    if gain:
        blocks += [f"### Transfer gain of `{model}`", gain.answers[0]]
        blocks += _captioned(contrast_table(gain.contrasts, "Pretrained minus random weights"))
    if against:
        blocks += [f"### `{model}` against the baselines", *_bullets(against.answers)]
        blocks += _captioned(contrast_table(against.contrasts, "Every strategy minus every baseline"))
    return blocks
