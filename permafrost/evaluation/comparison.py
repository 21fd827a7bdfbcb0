"""One comparison of strategies from one table of results or several: what ``stages/compare.py`` prints and draws."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from permafrost.errors import PermafrostError
from permafrost.evaluation.results import DEPTH, Columns, Results, read, read_frame, together
from permafrost.evaluation.statistics.analysis import analyse
from permafrost.evaluation.statistics.classical import Between, Overall, Paired, between, overall, paired
from permafrost.evaluation.statistics.result import Analysis, plain
from permafrost.settings import choose

REFERENCE = "none"


@dataclass(frozen=True)
class Comparison:
    """``analysis`` of each model, beside it the classical tests of its contrasts and of all its strategies; ``tables``
    holds, for each pair of models from two files, every shared strategy."""

    files: tuple[str, ...]
    analysis: Analysis
    classical: dict[str, list[Paired]]
    overall: dict[str, Overall | None]
    tables: tuple[tuple[Between, ...], ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return plain(
            {
                "files": self.files,
                **self.analysis.to_dict(),
                "classical": {name: [asdict(row) for row in rows] for name, rows in self.classical.items()},
                "overall": {name: found and asdict(found) for name, found in self.overall.items()},
                "between": [[asdict(row) for row in rows] for rows in self.tables],
                "read": self.notes,
            }
        )


def compare(
    tables: Sequence[Path | pd.DataFrame],
    columns: Columns | None = None,
    *,
    reference: str | None = None,
    order: Sequence[str] | None = None,
    relevant: float = 0.04,
    test_per_train: float = 1 / 3,
    shared_training: float | None = None,
) -> Comparison:
    """Read the tables, compare strategies within each model, and the first file with each other one.

    Args:
        tables: one CSV file or data frame, or more, with one row a run (see results.py).
        columns: names of the columns to read, where they are not the usual ones.
        reference: the strategy that others are compared with; default ``none`` where there is one.
        order: strategies by depth; default: what results.py found out.
        relevant: the least gap worth a statement, as a fraction.
        test_per_train: n_test / n_train, where splits differ.
        shared_training: the share of training clips that two splits have in common: the safe assumption (analysis.py).

    Raises:
        PermafrostError: a table that cannot be read (see results.py), or an unknown name.
    """
    results = [
        read_frame(table, f"table {number}", columns) if isinstance(table, pd.DataFrame) else read(Path(table), columns)
        for number, table in enumerate(tables, start=1)
    ]
    runs = together(results)
    names = list(dict.fromkeys(runs["strategy"]))
    if reference is not None:
        choose(reference, names, "--reference")
    for name in order or []:
        choose(name, names, "--order")
    if not 0 < relevant < 1:
        raise PermafrostError(f"--relevant: got {100 * relevant:g} points; expected more than 0 and less than 100")
    notes = [line for result in results for line in result.notes]
    reference = reference or (REFERENCE if REFERENCE in names else None)
    if reference is None:
        notes.append(f"no strategy is called {REFERENCE!r}: --reference names the one that others are compared with")
    analysis = analyse(
        runs,
        order=order or _merged(results),
        reference=reference,
        test_per_train=test_per_train,
        shared_training=shared_training,
        relevant=relevant,
    )
    pairs = zip(tables, results, strict=True)
    files = tuple(result.name if isinstance(table, pd.DataFrame) else str(table) for table, result in pairs)
    tests = {name: paired(result) for name, result in analysis.models.items()}
    over = {name: overall(result) for name, result in analysis.models.items()}
    return Comparison(files, analysis, tests, over, _between(results, runs, relevant), tuple(notes))


def _merged(results: Sequence[Results]) -> list[str]:
    names = list(dict.fromkeys(name for result in results for name in result.order))
    return [name for name in DEPTH if name in names] if set(names) <= set(DEPTH) else names


def _between(results: Sequence[Results], runs: pd.DataFrame, relevant: float) -> tuple[tuple[Between, ...], ...]:
    """The first file against each other one, model by model of the same name, or as they are with one model each."""
    scores = {key: rows.to_numpy(float) for key, rows in runs.groupby(["model", "strategy"], sort=False)["score"]}
    tables = []
    for first, second in (pair for other in results[1:] for pair in _pairs(results[0], other)):
        both = {
            name: (scores[first, name], scores[second, name])
            for model, name in scores
            if model == first and (second, name) in scores
        }
        tables += [tuple(between(first, second, both, relevant))] * bool(both)
    return tuple(tables)


def _pairs(first: Results, second: Results) -> list[tuple[str, str]]:
    mine, theirs = (dict(zip(side.runs["model"], side.labels(), strict=True)) for side in (first, second))
    if len(mine) == len(theirs) == 1:
        return [(*mine.values(), *theirs.values())]
    return [(label, theirs[model]) for model, label in mine.items() if model in theirs]
