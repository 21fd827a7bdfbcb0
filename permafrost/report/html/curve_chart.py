"""How the strategies learn: validation accuracy by epoch, a chart a model."""

import altair as alt

from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import percent, plural
from permafrost.report.html.parts import Chart, Mark
from permafrost.report.html.theme import FAINT, accuracy_axis, finished, series, series_marks, values
from permafrost.report.table import Table
from permafrost.report.tables import learning_curves

HEIGHT = 260
EPOCHS = alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(nice=False))


def curve_charts(results: StudyResults) -> list[Chart]:
    """Means over seeds; faint and dashed: accuracy on the training batches. All models share one scale."""
    cells, table, chance = results.cells, learning_curves(results.cells), 100 * results.data["chance"]
    rows = table[["model", "epoch"]].assign(strategy=table["freeze"], seeds=table["n"])
    rows["value"], rows["train"] = 100 * table["valid_accuracy"], 100 * table["train_accuracy"]
    shown = [chance, *rows["value"], *rows["train"]]
    colour = series(cells.by_depth, cells.beside)
    names = [freeze for freeze in cells.freezes if freeze in set(table["freeze"])]
    y, train = (accuracy_axis(shown, "accuracy (%)", field) for field in ("value", "train"))
    percents = [alt.Tooltip("value:Q", format=".1f", title="validation")]
    percents += [alt.Tooltip("train:Q", format=".1f", title="training")]
    guessing = alt.Chart(values([{"value": chance}])).mark_rule(strokeDash=[2, 4], color=FAINT).encode(y=y)
    charts = []
    for model, curves in table.groupby("model", sort=False):
        drawn = alt.Chart(values(rows[rows["model"] == model]))
        dashed = drawn.mark_line(strokeWidth=1.2, strokeDash=[4, 3], opacity=0.5)
        line = drawn.mark_line(strokeWidth=2.2, point=alt.OverlayMarkDef(size=18))
        tooltip = ["strategy:N", "epoch:Q", *percents, "seeds:Q"]
        layers = [
            guessing,
            dashed.encode(x=EPOCHS, y=train, color=colour),
            line.encode(x=EPOCHS, y=y, color=colour, tooltip=tooltip),
        ]
        wide = curves.pivot(index="epoch", columns="freeze", values="valid_accuracy")[names]
        lines = [
            [str(epoch), *("–" if value != value else percent(value) for value in line)]
            for epoch, *line in wide.itertuples()
        ]
        caption = f"{model}: validation accuracy (%) by epoch, mean over {plural(len(cells.seeds), 'seed')}"
        epoch, best = wide.stack().idxmax()
        words = (
            f"Validation accuracy of {model} by epoch. Best: {best}, {percent(wide[best].max())} % in epoch {epoch}."
        )
        spec = finished(alt.layer(*layers), HEIGHT)
        charts.append(Chart(f"curves-{model}", model, words, spec, Table(caption, ["epoch", *names], lines)))
    return charts


def curve_legend(results: StudyResults) -> list[Mark]:
    """One entry a strategy that has a curve, then the two kinds of lines."""
    cells, curved = results.cells, set(learning_curves(results.cells)["freeze"])
    marks = [mark for mark in series_marks(cells.by_depth, cells.beside) if mark.label in curved]
    lines = [Mark("dashed", FAINT, name) for name in ("on the training batches", "guessing evenly")]
    return [*marks, *lines]
