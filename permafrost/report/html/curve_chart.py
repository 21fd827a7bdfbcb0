"""How the strategies learn: validation accuracy by epoch, a chart a model."""

import altair as alt

from permafrost.evaluation.cells import Cells
from permafrost.report.html.parts import Chart, Mark, Table
from permafrost.report.html.theme import FAINT, accuracy_axis, finished, series, values
from permafrost.report.tables import learning_curves
from permafrost.report.wording import percent, plural

HEIGHT = 260


def curve_charts(cells: Cells) -> list[Chart]:
    """Means over seeds; faint and dashed: accuracy on the training batches. All models share one scale."""
    table = learning_curves(cells)
    shown = (100 * table[["valid_accuracy", "train_accuracy"]]).to_numpy().ravel().tolist()
    charts = []
    for model in cells.models:
        rows = [
            {
                "strategy": row.freeze,
                "epoch": row.epoch,
                "value": 100 * row.valid_accuracy,
                "train": 100 * row.train_accuracy,
                "seeds": row.n,
            }
            for row in table[table["model"] == model].itertuples()
        ]
        colour = alt.Color(
            "strategy:N",
            scale=alt.Scale(domain=cells.freezes, range=[series(rank) for rank in range(len(cells.freezes))]),
            legend=None,
        )
        drawn = alt.Chart(values(rows))
        x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(nice=False))
        y = accuracy_axis(shown, "accuracy (%)")
        tooltip = [
            *(alt.Tooltip("strategy:N"), alt.Tooltip("epoch:Q"), alt.Tooltip("seeds:Q")),
            *(
                alt.Tooltip("value:Q", format=".1f", title="validation"),
                alt.Tooltip("train:Q", format=".1f", title="training"),
            ),
        ]
        layers = [
            drawn.mark_line(strokeWidth=1.2, strokeDash=[4, 3], opacity=0.5).encode(
                x=x, y=accuracy_axis(shown, "accuracy (%)", "train"), color=colour
            ),
            drawn.mark_line(strokeWidth=2.2, point=alt.OverlayMarkDef(size=18)).encode(
                x=x, y=y, color=colour, tooltip=tooltip
            ),
        ]
        charts.append(
            Chart(
                f"curves-{model}",
                model,
                _words(cells, rows, model),
                finished(alt.layer(*layers), HEIGHT),
                _table(cells, rows, model),
            )
        )
    return charts


def curve_legend(cells: Cells) -> list[Mark]:
    """One entry a strategy, then the two kinds of lines."""
    strategies = [Mark("line", series(rank), freeze) for rank, freeze in enumerate(cells.freezes)]
    return [*strategies, Mark("dashed", FAINT, "on the training batches")]


def _table(cells: Cells, rows: list[dict], model: str) -> Table:
    by_place = {(row["epoch"], row["strategy"]): row["value"] / 100 for row in rows}
    epochs = sorted({row["epoch"] for row in rows})
    lines = [
        [
            str(epoch),
            *(percent(by_place[epoch, freeze]) if (epoch, freeze) in by_place else "–" for freeze in cells.freezes),
        ]
        for epoch in epochs
    ]
    caption = f"{model}: validation accuracy (%) by epoch, mean over {plural(len(cells.seeds), 'seed')}"
    return Table(caption, ["epoch", *cells.freezes], lines)


def _words(cells: Cells, rows: list[dict], model: str) -> str:
    parts = []
    for freeze in cells.freezes:
        curve = [row for row in rows if row["strategy"] == freeze]
        best = max(curve, key=lambda row: row["value"])
        parts.append(
            f"{freeze} from {curve[0]['value']:.1f} to {curve[-1]['value']:.1f} %, best {best['value']:.1f} % in epoch "
            f"{best['epoch']}"
        )
    return f"Validation accuracy of {model} by epoch: {'; '.join(parts)}."
