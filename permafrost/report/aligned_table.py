"""A Markdown table that reads well before it is rendered: in a terminal, its columns are aligned."""

from collections.abc import Sequence


def aligned_table(header: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int) -> str:
    """A Markdown table with padded cells; the first ``text_columns`` are set left, numbers right."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (header, *rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(header))]
    left = [column < text_columns for column in range(len(header))]
    rule = [
        f":{'-' * (width - 1)}" if side else f"{'-' * (width - 1)}:" for width, side in zip(widths, left, strict=True)
    ]
    lines = [
        [cell.ljust(width) if side else cell.rjust(width) for cell, width, side in zip(row, widths, left, strict=True)]
        for row in cells
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))
