"""Test accuracy by strategy: mean, interval and every seed, a pretrained model beside its random control."""

from permafrost.evaluation.estimates import Estimate, by_seed
from permafrost.evaluation.study import BASELINES
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import limits, percent
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
    told = [f"each strategy of {model}: {_told(results.accuracy(model))}"]
    told += [f"its random-weights control: {_told(results.accuracy(control))}"] if control else []
    told += [f"the baselines: {_told(references)}"] if references else []
    marks = [Mark("dot", OWN, "pretrained weights" if control else "mean")]
    marks += [Mark("diamond", CONTROL, "random weights (control)")] * bool(control)
    marks += [Mark("dashed", REFERENCE, "baseline")] * bool(references)
    marks += [Mark("interval", OWN, "95 % interval"), Mark("small", OWN, "one seed")] * (len(cells.seeds) > 1)
    marks += [Mark("square", BAND, "chosen on validation"), Mark("dashed", FAINT, "guessing evenly")]
    marks += [Mark("interval", FAINT, "right of it: no depth")] * bool(cells.beside)
    return Chart(
        f"strategies-{model}",
        f"Test accuracy by freezing strategy: {model}",
        f"Mean test accuracy and its 95 % interval for {'; '.join(told)}.",
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


def _told(numbers: dict[str, Estimate]) -> str:
    return ", ".join(
        f"{name} {percent(it['mean'])} % ({limits(it['ci_low'], it['ci_high'])})" for name, it in numbers.items()
    )
