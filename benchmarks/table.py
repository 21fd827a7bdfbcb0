"""What the benchmarks share: their arguments, one table each, and the same numbers as JSON."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import describe

Row = dict[str, Any]


def parser(description: str | None) -> argparse.ArgumentParser:
    """An argument parser with ``--json``; each benchmark adds its own options."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    return made


def numbers(text: str) -> list[int]:
    """``10,50,200`` as a list."""
    return [int(part) for part in text.split(",") if part]


def publish(title: str, rows: Sequence[Row], json_file: Path | None, notes: Sequence[str] = ()) -> None:
    """Print ``rows`` as a Markdown table under the machine's description; write them to ``json_file`` where given."""
    machine = describe()
    print(f"\n{title}\n{machine}\n")
    print("\n".join(markdown(rows)))
    for note in notes:
        print(f"\n{note}")
    if json_file:
        content = {"title": title, "machine": machine, "rows": list(rows), "notes": list(notes)}
        json_file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def markdown(rows: Sequence[Row]) -> list[str]:
    """The lines of a table with a column for each key that any row has; an absent value is an empty cell."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [columns, *([_cell(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(columns))]
    numeric = [all(not isinstance(row.get(column), str) for row in rows) for column in columns]
    lines = []
    for line in cells:
        padded = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ]
        lines.append(f"| {' | '.join(padded)} |")
    rule = "|".join("-" * (width + 1) + (":" if right else "-") for width, right in zip(widths, numeric, strict=True))
    return [lines[0], f"|{rule}|", *lines[1:]]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return str(value)
