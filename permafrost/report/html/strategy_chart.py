"""Test accuracy by strategy: mean, interval and every seed, a pretrained model beside its random control."""

from permafrost.evaluation.estimates import Estimate, by_seed
from permafrost.evaluation.study import BASELINES
from permafrost.evaluation.study_results import StudyResults
from permafrost.report.html.parts import Chart, Mark
from permafrost.report.html.series_chart import mean_row, places, seed_rows, series_spec
from permafrost.report.html.theme import BAND, CONTROL, FAINT, OWN, REFERENCE
from permafrost.report.strategies_table import strategies_table
from permafrost.report.wording import limits, percent


def strategy_chart(results: StudyResults, model: str) -> Chart:
    """The chart of ``model`` and its control."""
    cells, control = results.cells, results.control(model)
    colours = {model: OWN, control: CONTROL} if control else {model: OWN}
    means, seeds = [], []
    for name, side in zip(colours, places(len(colours)), strict=True):
        for freeze in cells.freezes:
            means.append(mean_row(freeze, name, side, results.scores[name][freeze]["test_accuracy"]))
            seeds += seed_rows(freeze, name, side, by_seed(cells, (name, freeze), "test_accuracy"))
    chance, references = 100 * results.data["chance"], results.accuracy(BASELINES)
    told = [f"each strategy of {model}: {_told(results.accuracy(model))}"]
    told += [f"its random-weights control: {_told(results.accuracy(control))}"] if control else []
    told += [f"the baselines: {_told(references)}"] if references else []
    marks = [Mark("dot", OWN, "pretrained weights" if control else "mean")]
    marks += [Mark("diamond", CONTROL, "random weights (control)")] * bool(control)
    marks += [Mark("dashed", REFERENCE, "baseline")] * bool(references)
    marks += [Mark("interval", OWN, "95 % interval"), Mark("small", OWN, "one seed")] * (len(cells.seeds) > 1)
    marks += [Mark("square", BAND, "chosen on validation"), Mark("dashed", FAINT, "guessing evenly")]
    return Chart(
        f"strategies-{model}",
        f"Test accuracy by freezing strategy: {model}",
        f"Mean test accuracy and its 95 % interval for {'; '.join(told)}.",
        series_spec(cells.freezes, means, seeds, colours, results.extent(), chance, results.chosen[model], references),
        strategies_table(results, model),
        marks,
        wide=True,
    )


def _told(numbers: dict[str, Estimate]) -> str:
    return ", ".join(
        f"{name} {percent(it['mean'])} % ({limits(it['ci_low'], it['ci_high'])})" for name, it in numbers.items()
    )
