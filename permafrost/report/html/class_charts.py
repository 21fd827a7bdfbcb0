"""Classes: how much of each a strategy finds, and what it takes for what."""

from typing import Any

import altair as alt
import pandas as pd

from permafrost.evaluation.mistakes import class_recall, confusions
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import percent
from permafrost.report.html.parts import Chart
from permafrost.report.html.theme import INK, OWN, finished, strategies_axis, values
from permafrost.report.names import plain
from permafrost.report.table import Table

LINE, ROOM = 14, 10  # pixels of a line of text in a field, and around it
NUMBERED = 16  # classes; beyond, numbers in the fields of a confusion matrix are too small to read
FAINTEST, STRONGEST = 0.04, 0.55  # opacity of a field; at the strongest its number still has a contrast of 4.5 to 1
WORST = 12  # confusions that the table names


def recall_chart(results: StudyResults, model: str) -> Chart:
    """Classes by strategies of ``model``: the share of each class's test clips that is recognised."""
    cells = results.cells
    table = class_recall(cells).query("model == @model")
    rows = pd.DataFrame({"class": table["label"], "strategy": table["freeze"], "share": table["recall"]})
    rows["text"] = [percent(share, 0) for share in rows["share"]]
    spec = _fields(rows, strategies_axis(cells.freezes), cells.classes)
    wide = table.pivot(index="label", columns="freeze", values="recall").reindex(cells.classes)[cells.freezes]
    lines = [[plain(label), *(percent(value, 0) for value in line)] for label, *line in wide.itertuples()]
    hardest = wide.mean(axis=1).sort_values()
    words = (
        f"Recall of each class by strategy of {model}. Over the strategies, {hardest.index[0]} is found least "
        f"({percent(hardest.iloc[0], 0)} %) and {hardest.index[-1]} most ({percent(hardest.iloc[-1], 0)} %)."
    )
    caption = f"{model}: share of each class's test clips that is recognised (%), over all seeds"
    table = Table(caption, ["class", *cells.freezes], lines)
    return Chart(f"recall-{model}", f"{model}: how much of each class is found (%)", words, spec, table)


def confusion_chart(results: StudyResults, model: str) -> Chart:
    """Rows: true classes; columns: what ``model`` takes them for, with a strategy to be chosen from all."""
    cells, chosen = results.cells, results.chosen[model]
    table = confusions(cells, model)
    rows = table.rename(columns={"freeze": "strategy", "label": "class", "predicted": "taken for"})
    numbered = len(cells.classes) <= NUMBERED
    told = rows["share"].map(lambda share: f"{percent(share, 0)} %\n") + rows["answers"].astype(str)
    rows["text"] = told.where((rows["share"] >= 0.005) & numbered, "")
    letters = max(map(len, cells.classes))
    axis = alt.Axis(labelAngle=0 if letters * len(cells.classes) <= 90 else -90, labelOverlap=False, labelLimit=130)
    x = alt.X("taken for:N", sort=cells.classes, title="taken for", axis=axis, scale=alt.Scale(domain=cells.classes))
    return Chart(
        f"confusion-{model}",
        f"{model}: what is taken for what (%)",
        _words(table[table["freeze"] == chosen], model, chosen),
        _fields(rows, x, cells.classes, alt.param(name="shown", value=chosen)),
        _worst(table[table["freeze"] == chosen], model, chosen),
        choices=[chosen, *(freeze for freeze in cells.freezes if freeze != chosen)],
        choice_label="Strategy",
        wide=True,
    )


def _fields(rows: pd.DataFrame, x: alt.X, classes: list[str], shown: alt.Parameter | None = None) -> dict[str, Any]:
    """A field for each row, the darker the larger its share, with its text where there are few enough classes."""
    drawn = alt.Chart(values(rows))
    if shown is not None:
        drawn = drawn.transform_filter("datum.strategy == shown")
    y = alt.Y(
        "class:N", sort=classes, title="true class", scale=alt.Scale(domain=classes), axis=alt.Axis(labelLimit=130)
    )
    shade = alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[FAINTEST, STRONGEST]), legend=None)
    names = [name for name in rows if name not in ("share", "text")]
    tooltip = [*(alt.Tooltip(f"{name}:N") for name in names), alt.Tooltip("share:Q", format=".1%")]
    field = drawn.mark_rect(color=OWN, cornerRadius=2, stroke="var(--surface)")
    layers = [field.encode(x=x, y=y, opacity=shade, tooltip=tooltip)]
    lines = 1 + rows["text"].str.count("\n").max()
    if rows["text"].any():
        text = drawn.mark_text(fontSize=11, color=INK, lineBreak="\n", dy=-LINE / 2 * (lines - 1))
        layers.append(text.encode(x=x, y=y, text="text:N"))
    chart = alt.layer(*layers)
    # A row may not be lower than a line of text, nor the whole higher than two screens.
    height = (ROOM + LINE * lines if len(classes) <= 30 else LINE + 3) * len(classes)
    return finished(chart if shown is None else chart.add_params(shown), int(height))


def _worst(table: pd.DataFrame, model: str, chosen: str) -> Table:
    wrong = table[table["label"] != table["predicted"]]
    ordered = wrong.sort_values(["share", "label", "predicted"], ascending=[False, True, True]).head(WORST)
    rows = [
        [plain(row.label), plain(row.predicted), percent(row.share, 0), str(row.answers)]
        for row in ordered.itertuples()
    ]
    caption = f"{model}, {chosen}: the most frequent confusions, over all seeds"
    return Table(caption, ["class", "taken for", "share (%)", "answers"], rows, text_columns=(1,))


def _words(table: pd.DataFrame, model: str, chosen: str) -> str:
    wrong = table[table["label"] != table["predicted"]].sort_values(["share", "label"], ascending=[False, True]).head(3)
    most = [f"{row.label} for {row.predicted} ({percent(row.share, 0)} %)" for row in wrong.itertuples()]
    told = f"it most often takes {', '.join(most)}" if most else "it takes no class for another"
    return f"Confusion matrix of {model}. With the strategy chosen on validation, {chosen}, {told}."
