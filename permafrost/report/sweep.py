"""A sweep as one table: the parameters that differ between experiments, and what came of each."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from permafrost.errors import PermafrostError
from permafrost.report.wording import percent

Row = Mapping[str, Any]  # one experiment: dotted names of parameters and metrics to values, and ``Experiment``
NAME = "Experiment"


def varied(rows: Sequence[Row], sections: Sequence[str]) -> list[str]:
    """The dotted parameters, of those below ``sections``, that are not the same in all ``rows``, sorted."""
    names = sorted({name for row in rows for name in row if name.partition(".")[0] in sections})
    return [name for name in names if len({str(_plain(row.get(name))) for row in rows}) > 1]


def scored(rows: Sequence[Row], score: str) -> list[tuple[str, str]]:
    """(model, strategy) of all that have ``score`` in any row, in the order in which they come; of a baseline,
    ``baselines`` and its name, as in summary.json."""
    found = {}
    for row in rows:
        for name in row:
            parts = name.split(".")
            if len(parts) == 4 and parts[2:] == [score, "mean"] and _number(row[name]):
                found[parts[0], parts[1]] = None
    return list(found)


def sweep_table(rows: Sequence[Row], sections: Sequence[str], score: str = "test_accuracy") -> str:
    """A Markdown table: experiment, each varied parameter, then mean ± sd of ``score`` for each model and strategy.

    Args:
        rows: experiments.
        sections: first parts of the names that are parameters (``models``, ``baselines``, …).
        score: a share, shown in percent.

    Raises:
        PermafrostError: there are no experiments, or none has the score.
    """
    if not rows:
        raise PermafrostError(
            "there is no finished experiment of this commit; sweep first: dvc exp run --queue -S … && dvc exp run "
            "--run-all"
        )
    parameters, models = varied(rows, sections), scored(rows, score)
    if not models:
        raise PermafrostError(f"--score: no experiment has {score!r}; expected a score of metrics/summary.json")
    header = ["experiment", *parameters, *(f"{model} {freeze}" for model, freeze in models)]
    lines = []
    for row in sorted(rows, key=lambda row: [_order(row.get(name)) for name in parameters]):
        cells = [_score(row, f"{model}.{freeze}.{score}") for model, freeze in models]
        lines.append([str(row[NAME]), *(str(_plain(row.get(name))) for name in parameters), *cells])
    widths = [max(len(line[column]) for line in [header, *lines]) for column in range(len(header))]

    def written(line: Sequence[str]) -> str:
        return "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([written(header), rule, *map(written, lines)])


def _score(row: Row, name: str) -> str:
    mean, sd = row.get(f"{name}.mean"), row.get(f"{name}.sd")
    if not _number(mean):
        return ""
    return f"{percent(mean)} ± {percent(sd)}" if _number(sd) else percent(mean)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


def _plain(value: Any) -> Any:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value


def _order(value: Any) -> tuple[bool, float, str]:
    """Numbers by size, then everything else by its letters."""
    return (not _number(value), float(value) if _number(value) else 0.0, str(_plain(value)))
