"""Test accuracy by strategy: mean, interval and every seed, a pretrained model beside its random control."""

from collections.abc import Mapping

from permafrost.evaluation.estimates import Estimate, by_seed
from permafrost.evaluation.study import BASELINES
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import percent
from permafrost.report.html.parts import Chart, Mark
from permafrost.report.html.series_chart import Series, series_spec
from permafrost.report.html.theme import BAND, CONTROL, FAINT, OWN, REFERENCE
from permafrost.report.strategies_table import strategies_table, units


def strategy_chart(results: StudyResults, model: str) -> Chart:
    """The chart of ``model`` and its control."""
    cells, control, references = results.cells, results.control(model), results.accuracy(BASELINES)
    series = [
        Series(
            name,
            colour,
            results.accuracy(name),
            {freeze: by_seed(cells, (name, freeze), "test_accuracy") for freeze in cells.freezes},
        )
        for name, colour in ((model, OWN), (control, CONTROL))
        if name
    ]
    sizes = {freeze: results.size(model, freeze) for freeze in cells.by_depth}
    frozen = {freeze: f" {units(size).replace(' of ', '/')}" for freeze, size in sizes.items() if units(size)}
    drawn = {it.name: it.means for it in series} | ({"baselines": references} if references else {})
    told = [f"{name} {_span(means)}" for name, means in drawn.items()]
    marks = [Mark("dot", OWN, "pretrained weights" if control else "mean")]
    marks += [Mark("diamond", CONTROL, "random weights (control)")] * bool(control)
    marks += [Mark("dashed", REFERENCE, "baseline")] * bool(references)
    marks += [Mark("interval", OWN, "95 % interval"), Mark("small", OWN, "one seed")] * (len(cells.seeds) > 1)
    marks += [Mark("square", BAND, "chosen on validation"), Mark("dashed", FAINT, "guessing evenly")]
    marks += [Mark("interval", FAINT, "right of it: no depth")] * bool(cells.beside)
    return Chart(
        f"strategies-{model}",
        f"Test accuracy by freezing strategy: {model}",
        f"Mean test accuracy by strategy with 95 % intervals: {'; '.join(told)}. The table has all numbers.",
        series_spec(
            cells.by_depth,
            series,
            cells.beside,
            results.extent(),
            results.data["chance"],
            results.chosen[model],
            references,
            frozen,
            (f"strategy{', and units that it freezes' * bool(frozen)}", "test accuracy (%)"),
        ),
        strategies_table(results, model, timed=True),
        marks,
        wide=True,
    )


def _span(numbers: Mapping[str, Estimate]) -> str:
    """The lowest and the highest mean: ``59.2 % (head) to 78.3 % (lp_ft)``."""
    ends = [pick(numbers, key=lambda name: numbers[name]["mean"]) for pick in (min, max)]
    return " to ".join(f"{percent(numbers[name]['mean'])} % ({name})" for name in ends)
