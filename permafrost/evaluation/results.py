"""Anyone's table of results, read and checked: one row a run, in percent or fractions."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from permafrost.errors import PermafrostError
from permafrost.settings import choose

# Names that a column goes by, the first one present is taken: the published tables', then our own plots/runs.csv.
USUAL = {
    "strategy": ("freeze_mode", "freeze", "strategy"),
    "seed": ("seed",),
    "score": ("test_acc", "test_accuracy", "accuracy", "acc", "score"),
    "model": ("model",),
    "valid": ("valid_accuracy", "valid_acc", "val_accuracy", "val_acc"),
    "split": ("repeat", "split", "fold"),
}
DEPTH = ("none", "stem", "quarter", "half", "three_quarters", "head")


@dataclass(frozen=True)
class Columns:
    """The columns to read; None means the first of the usual names that is there (model may be absent)."""

    strategy: str | None = None
    seed: str | None = None
    score: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class Results:
    """``runs`` has model, strategy, seed, score (fraction) and, where they were found, valid_score and split.

    ``order`` lists the strategies by depth as well as it is known; ``notes`` say what was assumed.
    """

    name: str
    runs: pd.DataFrame
    order: tuple[str, ...]
    notes: tuple[str, ...]

    def labels(self) -> pd.Series:
        """What each run's model is called beside other files: the file's name, and the model's where it has several."""
        models = self.runs["model"]
        return models.map(lambda name: self.name if models.nunique() == 1 else f"{self.name}: {name}")


def read(path: Path, columns: Columns | None = None) -> Results:
    """Read a table with one row a run; commas, semicolons or tabs, with or without a byte-order mark.

    Raises:
        PermafrostError: no such file, an empty or unreadable one, a missing column, a value that is no score, percent
            and fractions mixed, duplicate rows; each named. Missing seeds are ``analyse``'s to name.
    """
    return _results(_table(path), path, columns)


def read_frame(table: pd.DataFrame, name: str, columns: Columns | None = None) -> Results:
    """The same of a data frame; ``name`` is what messages call it.

    Raises:
        PermafrostError: as ``read``.
    """
    if table.empty:
        raise PermafrostError(f"{name} has no rows; expected one row a run")
    text = table.astype(object).where(table.notna(), "").astype(str).reset_index(drop=True)
    return _results(text.rename(columns=lambda column: str(column).strip()), Path(name), columns)


def _results(table: pd.DataFrame, path: Path, columns: Columns | None) -> Results:
    columns, table = columns or Columns(), table.apply(lambda column: column.str.strip())
    strategy, seed, score = (_column(table, getattr(columns, what), what, path) for what in list(USUAL)[:3])
    named = columns.model is not None or set(USUAL["model"]) & set(table)
    model = _column(table, columns.model, "model", path) if named else None
    runs = pd.DataFrame({"model": table[model] if model else path.stem, "strategy": table[strategy]})
    runs["seed"] = table[seed].map(_number)
    for column, source in (("model", model), ("strategy", strategy), ("seed", seed)):
        empty = runs.index[runs[column].isna() | (runs[column] == "")]
        if len(empty):
            raise PermafrostError(f"{path} line {empty[0] + 2}: {source} is empty; expected a value in each row")
    runs["score"], percent = _fractions(table[score], score, path)
    notes = [f"{path.name}: {score} is read as {'percent' if percent else 'fractions'}"]
    taken = (strategy, seed, score)
    valid, split = (
        next((name for name in USUAL[what] if name in table and name not in taken), None) for what in ("valid", "split")
    )
    if valid and table[valid].ne("").all():
        runs["valid_score"], _ = _fractions(table[valid], valid, path)
    if split and table[split].ne("").all():
        runs["split"] = table[split]
        if runs["split"].nunique() > 1:
            notes.append(f"{path.name}: {split} names {runs['split'].nunique()} splits, so that splits are redrawn")
    _refuse_duplicates(runs, path)
    order, said = _order(table, runs)
    return Results(path.stem, runs, order, (*notes, f"{path.name}: {said}"))


def together(results: Sequence[Results]) -> pd.DataFrame:
    """The runs of several files in one table; with more than one, each model's name begins with its file's."""
    if len(results) == 1:
        return results[0].runs
    names = [result.name for result in results]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise PermafrostError(f"two files are called {twice!r}; rename one, so that the tables can be told apart")
    return pd.concat([result.runs.assign(model=result.labels()) for result in results], ignore_index=True)


def _table(path: Path) -> pd.DataFrame:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
        separator = max(",;\t", key=head.count)
        table = pd.read_csv(path, sep=separator, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    except FileNotFoundError:
        raise PermafrostError(f"{path}: no such file; expected a CSV table with one row a run") from None
    except (OSError, UnicodeDecodeError, csv.Error, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise PermafrostError(f"{path} cannot be read as a CSV table with one row a run: {error}") from None
    if table.empty:
        raise PermafrostError(f"{path} has no rows; expected one row a run below its header")
    table.columns = [str(name).strip() for name in table.columns]
    return table


def _column(table: pd.DataFrame, given: str | None, what: str, path: Path) -> str:
    if given is not None:
        choose(given, list(table), f"{path}: --{what}")
        return given
    if found := [name for name in USUAL[what] if name in table]:
        return found[0]
    raise PermafrostError(
        f"{path}: no column of the usual names for the {what} ({', '.join(USUAL[what])}); it has {', '.join(table)}: "
        f"give one by --{what}"
    )


def _fractions(column: pd.Series, name: str, path: Path) -> tuple[pd.Series, bool]:
    values = pd.to_numeric(column.str.removesuffix("%").str.strip(), errors="coerce")
    bad = values.index[values.isna() | (values < 0) | (values > 100)]
    if len(bad):
        raise PermafrostError(
            f"{path} line {bad[0] + 2}: {name} is {column[bad[0]]!r}; expected a fraction (0 to 1) or percent "
            "(0 to 100)"
        )
    percent = bool((values > 1).any())
    small = values.index[(values > 0) & (values <= 1)]
    if percent and len(small):
        large = values.index[values > 1][0]
        raise PermafrostError(
            f"{path}: {name} is {column[small[0]]} in line {small[0] + 2} but {column[large]} in line {large + 2}; "
            "expected all in percent or all as fractions"
        )
    return values / (100 if percent else 1), percent


def _refuse_duplicates(runs: pd.DataFrame, path: Path) -> None:
    keys = ["model", "strategy", "seed"]
    twice = runs[runs.duplicated(keys, keep=False)]
    if len(twice):
        named = [
            f"{model} {strategy} seed {seed} (lines {', '.join(str(line + 2) for line in group.index)})"
            for (model, strategy, seed), group in twice.groupby(keys, sort=False)
        ]
        raise PermafrostError(f"{path}: more than one row for {'; '.join(named)}; expected one row a run")


def _order(table: pd.DataFrame, runs: pd.DataFrame) -> tuple[tuple[str, ...], str]:
    found = list(dict.fromkeys(runs["strategy"]))
    if "depth" in table:
        depth = pd.to_numeric(table["depth"], errors="coerce")
        if depth.notna().all():
            first = depth.groupby(runs["strategy"]).median()
            return tuple(sorted(found, key=lambda name: first[name])), "strategies are ordered by the column depth"
    if set(found) <= set(DEPTH):
        return tuple(name for name in DEPTH if name in found), "strategies are ordered by depth as their names say"
    return tuple(found), f"depth is taken to rise in the order of the file ({', '.join(found)}); --order changes that"


def _number(text: str) -> int | str:
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() else text
