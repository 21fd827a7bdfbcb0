"""A Markdown table that reads well before it is rendered: in a terminal, its columns are aligned."""

import re
from collections.abc import Sequence

from permafrost.report.names import letters, one_line

BARE_PIPE = re.compile(r"(?<!\\)((?:\\\\)*)\|")  # a backslash before it, unless that has one itself, makes it a letter


def aligned_table(header: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int) -> str:
    """A Markdown table with padded cells; the first ``text_columns`` are set left, numbers right.

    A cell is Markdown; pipes and line breaks in it do not end it.
    """
    cells = [[BARE_PIPE.sub(r"\1\\|", one_line(cell)) for cell in row] for row in (header, *rows)]
    widths = [max(3, *(letters(row[column]) for row in cells)) for column in range(len(header))]
    left = [column < text_columns for column in range(len(header))]
    rule = [
        f":{'-' * (width - 1)}" if side else f"{'-' * (width - 1)}:" for width, side in zip(widths, left, strict=True)
    ]
    lines = [[_padded(cell, width, side) for cell, width, side in zip(row, widths, left, strict=True)] for row in cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))


def _padded(cell: str, width: int, left: bool) -> str:
    room = " " * (width - letters(cell))
    return cell + room if left else room + cell
