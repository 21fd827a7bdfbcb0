"""The Vega-Lite templates of `dvc plots`: filled by DVC's own code, they compile and show what they should."""

import csv
import re
from pathlib import Path

import pytest
import vl_convert
from dvc_render.vega import VegaRenderer

from permafrost.evaluation.cells import read_study
from permafrost.report.tables import learning_curves, write_csv

TEMPLATES = Path(__file__).parents[2] / ".dvc/plots"
MODELS, FREEZES = ["vit", "vit_random"], ["none", "half", "all-but_head"]


@pytest.fixture
def tables(fake_study, tmp_path):
    cells = read_study(fake_study(MODELS, FREEZES, [0, 1, 2]), MODELS, FREEZES, [0, 1, 2])
    write_csv(tmp_path / "freezing.csv", cells.runs)
    write_csv(tmp_path / "learning_curves.csv", learning_curves(cells))
    return tmp_path


def filled(tables, name, revisions, **axes):
    """The specification that `dvc plots diff` would show: DVC hands over CSV values as text, with their revision."""
    with open(tables / f"{name}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    points = [{**row, "rev": revision} for revision in revisions for row in rows]
    renderer = VegaRenderer(points, "plots", template=name, template_dir=str(TEMPLATES), title="A title", **axes)
    return renderer.get_filled_template()


@pytest.mark.parametrize("revisions", [["workspace"], ["main", "HEAD~1"]])
@pytest.mark.parametrize("version", ["5.8", "6.4"])
def test_strategies_are_drawn_by_model_with_a_colour_a_revision(tables, revisions, version):
    spec = filled(tables, "freezing", revisions, x="freeze", y="test_accuracy")
    assert "<DVC_METRIC" not in str(spec)
    svg = vl_convert.vegalite_to_svg(spec, vl_version=version)
    shown = re.findall(r">([^<>]+)</text>", svg)
    assert {*MODELS, *FREEZES, *revisions, "A title", "test_accuracy"} <= set(shown)
    # In order of depth, which is neither the alphabet's nor that of its reverse.
    assert [text for text in shown if text in FREEZES][: len(FREEZES)] == FREEZES
    assert svg.count('aria-roledescription="point"') == len(revisions) * 18


def test_learning_curves_have_a_panel_a_model_and_strategy(tables):
    spec = filled(tables, "learning_curves", ["main", "work"], x="epoch", y="valid_accuracy")
    assert "<DVC_METRIC" not in str(spec)
    svg = vl_convert.vegalite_to_svg(spec, vl_version="5.8")
    panels = re.findall(r"<tspan[^>]*>(vit\w*)</tspan><tspan[^>]*>([^<]+)</tspan>", svg)
    assert panels == [(model, freeze) for model in MODELS for freeze in FREEZES]
