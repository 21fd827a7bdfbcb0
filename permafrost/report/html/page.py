"""Filling a page's template: styles, the charts' specifications, and the one script that draws them."""

import base64
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from permafrost.report.html.parts import Chart, cell, inline
from permafrost.report.html.theme import CONFIG, palette

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, charts: Sequence[Chart], strategies: int, **content: Any) -> str:
    """``templates/<template>`` filled with ``content``: one self-contained HTML file as text.

    ``charts`` are all that the page shows; ``strategies`` is how many colours by depth it needs. Equal content gives
    equal text.
    """
    options = {"autoescape": True, "undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), **options)
    environment.filters |= {"md": inline, "cell": cell, "script": script_text}
    page = environment.get_template(template)
    return page.render(
        **content,
        specs={chart.name: chart.spec for chart in charts},
        css=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        javascript=Markup((TEMPLATES / "page.js").read_text(encoding="utf-8")),
        palette=palette(strategies),
        config=CONFIG,
        vega=vega(),
    )


def script_text(value: Any) -> Markup:
    """``value`` as JSON that may stand in a script element: ``</script>`` cannot end it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def vega() -> Markup:
    """Vega, Vega-Lite and vega-embed as vl-convert carries them: JavaScript, gzipped, base64.

    Packed, they take 0.4 MB instead of 0.9, so that a page stays small enough for Git; page.js unpacks them.
    """
    import vl_convert

    packed = gzip.compress(vl_convert.javascript_bundle().encode("utf-8"), compresslevel=9, mtime=0)
    return Markup(base64.b64encode(packed).decode("ascii"))
