"""The page that `dvc plots` fills, with Vega's scripts inside, so that it opens without a network.

python -m tools.plots_page writes it into the Python environment (it is a megabyte of what vl-convert carries: not for
Git) and names it in .dvc/config.local. `make venv` does so; where nobody has, DVC takes its own page, which loads the
scripts from the network.
"""

import sys
from pathlib import Path

import vl_convert

from permafrost.provenance.revisions import output
from stages.stage import run

# No {scripts}: what DVC puts there are addresses. In a function: the scripts' names are short and would be global ones.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{refresh_tag}
<title>dvc plots</title>
<script>
(function () {VEGA
})();
</script>
<style>
body { font-family: system-ui, sans-serif; margin: 1.5rem; }
body > div { margin-bottom: 2.5rem; }
img { max-width: 100%; }
</style>
</head>
<body>
{plot_divs}
</body>
</html>
"""


def main() -> None:
    """Write the page and tell DVC of it, for this checkout."""
    place = Path(sys.prefix) / "share/permafrost/plots.html"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(page(), encoding="utf-8")
    output("dvc", "config", "--local", "plots.html_template", str(place))


def page() -> str:
    """The template: HTML in which DVC replaces ``{plot_divs}`` and ``{refresh_tag}``."""
    return PAGE.replace("VEGA", vl_convert.javascript_bundle())


if __name__ == "__main__":
    run(main)
