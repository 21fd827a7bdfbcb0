"""The PNGs of a study, for README, report.md and `dvc plots`: charts of its page."""

from pathlib import Path

from permafrost.evaluation.statistics.words import TERMS
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import plural
from permafrost.report.html.class_charts import confusion_chart
from permafrost.report.html.curve_chart import curve_charts, curve_legend
from permafrost.report.html.figure import in_rows, save_figure
from permafrost.report.html.strategy_chart import strategy_chart
from permafrost.report.names import shortened

DATA_NAME, IN_TITLE = 34, 22  # letters of names within sentences
MOST = 8  # means in half of a figure's width: more run into each other


def draw_study(results: StudyResults, folder: Path) -> None:
    """Write strategies.png, learning_curves.png and confusion.png to ``folder``."""
    cells, data, name = results.cells, results.data, shortened(results.data["name"], DATA_NAME)
    seeds = plural(len(cells.seeds), "seed")
    charts = [strategy_chart(results, model) for model in results.models]
    facets = [(model, chart.spec) for model, chart in zip(results.models, charts, strict=True)]
    counts = f"{plural(data['classes'], 'class')}, {data['test_clips']:g} test clips, {data['split']} split, {seeds}"
    columns = 2 if len(cells.freezes) * (2 if any(map(results.control, results.models)) else 1) <= MOST else 1
    terms = [f"{freeze}: {TERMS[freeze]}" for freeze in cells.by_depth if freeze in TERMS]
    path, said = folder / "strategies.png", "; ".join([f"{name}: {counts}", *terms])
    save_figure(path, "Test accuracy by freezing strategy", said, in_rows(facets, columns), charts[0].legend)
    facets = [(chart.title, chart.spec) for chart in curve_charts(results)]
    path, said, legend = folder / "learning_curves.png", f"{name}, mean over {seeds}", curve_legend(results)
    save_figure(path, "Validation accuracy by epoch", said, in_rows(facets, 2), legend, len(cells.by_depth))
    chart = confusion_chart(results, results.model)
    said = f"{name}: share of the true class and count, test clips over {seeds}; strategy chosen on validation"
    title = f"Confusion of {shortened(results.model, IN_TITLE)} with strategy {shortened(results.freeze, IN_TITLE)}"
    save_figure(folder / "confusion.png", title, said, [[("", chart.spec)]])
