"""A table once: cells of Markdown, which reports print aligned and pages turn into HTML."""

from collections.abc import Sequence
from dataclasses import dataclass

from permafrost.report.aligned_table import aligned_table


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
