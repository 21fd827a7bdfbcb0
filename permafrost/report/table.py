"""A table once: cells of Markdown, which reports print aligned and pages turn into HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from permafrost.report.names import letters, one_line

BARE_PIPE = re.compile(r"(?<!\\)((?:\\\\)*)\|")  # a backslash before it, unless that has one itself, makes it a letter


@dataclass(frozen=True)
class Table:
    """A table with its caption; the first ``heads`` cells of a row are its headings, numbers are set right."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    heads: int = 1
    text_columns: Sequence[int] = ()

    def markdown(self) -> str:
        """The table without its caption."""
        return aligned_table(self.header, self.rows, max([self.heads, *(column + 1 for column in self.text_columns)]))


def aligned_table(header: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int) -> str:
    """A Markdown table that reads well before it is rendered, its columns aligned; the first ``text_columns`` are set
    left, numbers right.

    A cell is Markdown; pipes and line breaks in it do not end it.
    """
    cells = [[BARE_PIPE.sub(r"\1\\|", one_line(cell)) for cell in row] for row in (header, *rows)]
    widths = [max(3, *map(letters, column)) for column in zip(*cells, strict=True)]
    rule = ["-" * (width - 1) for width in widths]
    rule = [f":{line}" if place < text_columns else f"{line}:" for place, line in enumerate(rule)]

    def padded(row: Sequence[str]) -> list[str]:
        room = [" " * (width - letters(cell)) for cell, width in zip(row, widths, strict=True)]
        return [cell + room[place] if place < text_columns else room[place] + cell for place, cell in enumerate(row)]

    return "\n".join(f"| {' | '.join(row)} |" for row in (padded(cells[0]), rule, *map(padded, cells[1:])))
