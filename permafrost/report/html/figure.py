"""The charts of a page as one PNG: drawn by vl-convert from the same specifications, below a title and a legend."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import vl_convert
from markupsafe import escape
from PIL import Image

from permafrost.report.fonts import family, warn_of_undrawable
from permafrost.report.html.parts import Mark
from permafrost.report.html.theme import CONFIG, palette
from permafrost.report.names import letters, shortened

# A README column is about 860 pixels wide; `dvc plots` shows pictures at full size.
WIDTH, SCALE, MARGIN, GAP, LINE = 880, 1.5, 12, 18, 20
TITLE, SUBTITLE, LABEL, FACET = 75, 120, 30, 90  # letters that have room; of a facet's name, in the whole width
LETTER = 6.6  # pixels of a legend's letter, on average
VEGA_LITE = "6.4"  # that of the pinned Altair
Facet = tuple[str, dict[str, Any]]
SHAPES = {
    "dot": '<circle cx="9" cy="-4" r="5" fill="{0}"/>',
    "small": '<circle cx="9" cy="-4" r="2.5" fill="{0}" opacity="0.6"/>',
    "hollow": '<circle cx="9" cy="-4" r="4.5" fill="none" stroke="{0}" stroke-width="2"/>',
    "diamond": '<path d="M9 -10l6 6l-6 6l-6 -6z" fill="{0}"/>',
    "line": '<path d="M0 -4h18" stroke="{0}" stroke-width="2.5"/>',
    "dashed": '<path d="M0 -4h18" stroke="{0}" stroke-width="2" stroke-dasharray="4 3"/>',
    "interval": '<path d="M9 -11v14" stroke="{0}" stroke-width="2.5"/>',
    "square": '<rect y="-10" width="18" height="12" fill="{0}"/>',
}


def save_figure(
    path: Path,
    title: str,
    subtitle: str,
    rows: Sequence[Sequence[Facet]],
    legend: Sequence[Mark] = (),
    strategies: int = 0,
    colours: int | None = 256,
) -> None:
    """Write ``rows`` of facets, each a name and its Vega-Lite specification.

    ``strategies`` is how many colours by depth they need. Equal content gives equal bytes; a letter that no font has
    is warned of.
    """
    parts = [_text(MARGIN, 24, shortened(title, TITLE), 'font-size="17" font-weight="bold"')]
    parts += [_text(MARGIN, 46, shortened(subtitle, SUBTITLE), 'fill="var(--faint)"')]
    marks, bottom = _legend(legend, 70)
    parts += marks
    columns = max(map(len, rows), default=1)
    width = (WIDTH - 2 * MARGIN - GAP * (columns - 1)) / columns
    for facets in rows:
        row = [
            (MARGIN + place * (width + GAP), name, *_drawn(spec, width)) for place, (name, spec) in enumerate(facets)
        ]
        named = LINE * any(name for _, name, *_ in row)
        for left, name, svg, _ in row:
            shown = shortened(name, FACET // columns)
            parts += [_text(left, bottom + 14, shown, 'font-size="14" font-weight="bold"')] if name else []
            parts.append(svg.replace("<svg ", f'<svg x="{left:.1f}" y="{bottom + named:.1f}" ', 1))
        bottom += named + max(height for *_, height in row) + GAP / 2
    page = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom:.0f}" font-size="13" '
        f'font-family="{family()}" fill="var(--ink)"><rect width="100%" height="100%" fill="var(--surface)"/>'
        f"{''.join(parts)}</svg>"
    )
    warn_of_undrawable(re.findall(r">([^<>]+)<", page))
    shades = palette(strategies)["light"]
    page = re.sub(r"var\(--([\w-]+)\)", lambda found: shades[found[1]], page)
    write_png(path, vl_convert.svg_to_png(page, SCALE), colours)


def write_png(path: Path, data: bytes, colours: int | None) -> None:
    """Write a PNG in no more than so many ``colours``: a quarter of the bytes, for Git; None: all that it has."""
    with Image.open(io.BytesIO(data)) as image:
        fewer = image.convert("RGB")
        fewer = fewer.quantize(colours, dither=Image.Dither.NONE) if colours else fewer.copy()
    path.parent.mkdir(parents=True, exist_ok=True)
    fewer.save(path, "PNG", optimize=True)


def in_rows(facets: Sequence[Facet], columns: int) -> list[Sequence[Facet]]:
    """``facets``, so many side by side."""
    return [facets[start : start + columns] for start in range(0, len(facets), columns)]


def _drawn(spec: dict[str, Any], width: float) -> tuple[str, float]:
    """A specification as SVG of this ``width``, and its height."""
    config = {**CONFIG, "font": family(), "text": {**CONFIG["text"], "font": family()}}
    svg = vl_convert.vegalite_to_svg({**spec, "width": width}, vl_version=VEGA_LITE, config=config)
    return svg, float(re.search(r'height="([\d.]+)"', svg)[1])


def _legend(marks: Sequence[Mark], top: float) -> tuple[list[str], float]:
    """Entries side by side, in as many rows as they need, and where the last one ends."""
    parts, left = [], float(MARGIN)
    for mark in marks:
        label = shortened(mark.label, LABEL)
        width = 26 + LETTER * letters(label) + GAP
        if left > MARGIN and left + width > WIDTH:
            left, top = float(MARGIN), top + LINE
        shape = SHAPES[mark.shape].format(mark.colour)
        parts += [
            f'<g transform="translate({left:.1f} {top})">{shape}</g>',
            _text(left + 25, top, label, 'font-size="12"'),
        ]
        left += width
    return parts, top + (GAP if marks else -LINE / 2)


def _text(left: float, top: float, text: str, more: str = "") -> str:
    return f'<text x="{left:.1f}" y="{top:.1f}" {more}>{escape(text)}</text>'
