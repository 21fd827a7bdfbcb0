"""How the strategies learn: validation accuracy by epoch, a chart a model."""

import altair as alt

from permafrost.evaluation.study_results import StudyResults
from permafrost.report.html.parts import Chart, Mark
from permafrost.report.html.theme import FAINT, accuracy_axis, finished, series, series_marks, values
from permafrost.report.table import Table
from permafrost.report.tables import learning_curves
from permafrost.report.wording import percent, plural

HEIGHT = 260


def curve_charts(results: StudyResults) -> list[Chart]:
    """Means over seeds; faint and dashed: accuracy on the training batches. All models share one scale."""
    cells, table = results.cells, learning_curves(results.cells)
    shown = (100 * table[["valid_accuracy", "train_accuracy"]]).to_numpy().ravel().tolist()
    colour = series(cells.freezes)
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(nice=False))
    y, train = (accuracy_axis(shown, "accuracy (%)", field) for field in ("value", "train"))
    percents = (("value", "validation"), ("train", "training"))
    tooltip = [*(alt.Tooltip(f"{key}:Q", format=".1f", title=title) for key, title in percents), "seeds:Q"]
    charts = []
    for model in cells.models:
        curves = table[table["model"] == model]
        rows = [
            {
                "strategy": row.freeze,
                "epoch": row.epoch,
                "value": 100 * row.valid_accuracy,
                "train": 100 * row.train_accuracy,
                "seeds": row.n,
            }
            for row in curves.itertuples()
        ]
        drawn = alt.Chart(values(rows))
        layers = [
            drawn.mark_line(strokeWidth=1.2, strokeDash=[4, 3], opacity=0.5).encode(x=x, y=train, color=colour),
            drawn.mark_line(strokeWidth=2.2, point=alt.OverlayMarkDef(size=18)).encode(
                x=x, y=y, color=colour, tooltip=["strategy:N", "epoch:Q", *tooltip]
            ),
        ]
        wide = curves.pivot(index="epoch", columns="freeze", values="valid_accuracy")[cells.freezes]
        lines = [
            [str(epoch), *("–" if value != value else percent(value) for value in line)]
            for epoch, line in zip(wide.index, wide.to_numpy(), strict=True)
        ]
        caption = f"{model}: validation accuracy (%) by epoch, mean over {plural(len(cells.seeds), 'seed')}"
        best = [
            f"{freeze} at best {percent(wide[freeze].max())} % in epoch {wide[freeze].idxmax()}"
            for freeze in cells.freezes
        ]
        words = f"Validation accuracy of {model} by epoch: {'; '.join(best)}."
        spec = finished(alt.layer(*layers), HEIGHT)
        charts.append(Chart(f"curves-{model}", model, words, spec, Table(caption, ["epoch", *cells.freezes], lines)))
    return charts


def curve_legend(results: StudyResults) -> list[Mark]:
    """One entry a strategy, then the two kinds of lines."""
    return [*series_marks(results.cells.freezes), Mark("dashed", FAINT, "on the training batches")]
