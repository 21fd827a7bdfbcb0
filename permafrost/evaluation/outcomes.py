"""metrics/outcomes.csv: which test clips each cell got right. Small enough for Git, so that two revisions can be
compared clip by clip without the cells themselves."""

import csv
from io import StringIO
from itertools import product

import pandas as pd

from permafrost.errors import PermafrostError
from permafrost.evaluation.cells import Cells, groups

CLIP, LABEL, GROUP = "clip_id", "label", "group"


def outcome_table(cells: Cells) -> pd.DataFrame:
    """One row a test clip: clip_id, label, group, then ``model/freeze/seed``: 1 right, 0 wrong, empty: not tested."""
    rows = pd.concat([group.predictions for group in groups(cells)])
    rows = rows[rows["subset"] == "test"]
    right = (rows["label"] == rows["predicted"]).astype(int)
    column = rows["model"] + "/" + rows["freeze"] + "/" + rows["seed"].astype(str)
    wide = pd.DataFrame({CLIP: rows[CLIP], "column": column, "right": right}).pivot(
        index=CLIP, columns="column", values="right"
    )
    wanted = [
        f"{model}/{freeze}/{seed}"
        for group in groups(cells)
        for model, freeze, seed in product(group.models, group.freezes, group.seeds)
    ]
    table = wide.reindex(columns=wanted).sort_index().astype("Int8")
    clips = rows.assign(**{GROUP: rows.get(GROUP, "")}).drop_duplicates(CLIP).set_index(CLIP)
    for place, name in enumerate((LABEL, GROUP)):
        table.insert(place, name, clips[name].reindex(table.index))
    return table.reset_index()


def read_outcomes(text: str, source: str) -> pd.DataFrame:
    """The contents of outcomes.csv as one row a cell and clip: model, strategy, seed, clip_id, group, correct.

    Files of older revisions have no group: it is empty.

    Raises:
        PermafrostError: it is no such table; ``source`` is what the error calls it.
    """
    header = next(csv.reader(StringIO(text)), [])
    known = [name for name in (CLIP, LABEL, GROUP) if name in header[:3]]
    columns = [name.split("/") for name in header[len(known) :]]
    if header[:2] != [CLIP, LABEL] or any(len(parts) != 3 or not parts[2].isdecimal() for parts in columns):
        raise PermafrostError(
            f"{source}: the columns are {', '.join(header[:4])} …, expected {CLIP}, {LABEL}, {GROUP}, then "
            "model/freeze/seed; run `dvc repro aggregate`"
        )
    types = {name: str if name in known else float for name in header}
    try:
        wide = pd.read_csv(
            StringIO(text), dtype=types, keep_default_na=False, na_values={name: [""] for name in header[len(known) :]}
        )
    except ValueError as error:
        raise PermafrostError(f"{source}: {error}; run `dvc repro aggregate`") from None
    wide = wide.drop(columns=LABEL).assign(**{GROUP: wide.get(GROUP, "")})
    long = wide.melt(id_vars=[CLIP, GROUP], var_name="cell", value_name="correct").dropna().reset_index(drop=True)
    long[["model", "strategy", "seed"]] = long["cell"].str.split("/", expand=True)
    return long[["model", "strategy", "seed", CLIP, GROUP, "correct"]].astype({"seed": int})
