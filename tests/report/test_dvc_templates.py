"""The Vega-Lite templates of `dvc plots` and its page: filled by DVC's own code, they show what they should."""

import csv
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import vl_convert
import yaml
from dvc_render.html import render_html
from dvc_render.vega import VegaRenderer

from permafrost.evaluation.cells import read_study
from permafrost.report.tables import confusion_rows, learning_curves, write_csv
from tools import plots_page

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / ".dvc/plots"
MODELS, FREEZES = ["vit", "vit_random"], ["none", "half", "all-but_head"]


@pytest.fixture
def tables(fake_study, tmp_path):
    cells = read_study(fake_study(MODELS, FREEZES, [0, 1, 2]), MODELS, FREEZES, [0, 1, 2])
    write_csv(tmp_path / "freezing.csv", cells.runs)
    write_csv(tmp_path / "learning_curves.csv", learning_curves(cells))
    write_csv(tmp_path / "confusion.csv", confusion_rows(SimpleNamespace(cells=cells, model="vit", freeze="none")))
    return tmp_path


def filled(tables, name, revisions, template=None, **axes):
    """The specification that `dvc plots diff` would show: DVC hands over CSV values as text, with their revision."""
    with open(tables / f"{name}.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    points = [{**row, "rev": revision} for revision in revisions for row in rows]
    return renderer(points, template=template or name, **axes).get_filled_template()


def renderer(points, **properties):
    return VegaRenderer(points, "plots", template_dir=str(TEMPLATES), title="A title", **properties)


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


def test_confusions_are_shares_of_the_true_class_in_each_revision(tables):
    stage = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["aggregate"]
    plot = next(entry["plots/confusion.csv"] for entry in stage["plots"] if "plots/confusion.csv" in entry)
    axes = {key: plot[key] for key in ("template", "x", "y")}
    spec = filled(tables, "confusion", ["main", "work"], **axes)
    svg = vl_convert.vegalite_to_svg(spec, vl_version="5.8")
    found = re.findall(r"predicted: (\w+); label: (\w+); percent_of_y: ([\d.]+)", svg)
    shares = {(predicted, label): float(share) for predicted, label, share in found}
    for label in {label for _, label in shares}:
        assert sum(share for (_, true), share in shares.items() if true == label) == pytest.approx(1, abs=0.03)


def test_the_page_that_dvc_fills_needs_no_network(tables, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    subprocess.run(["dvc", "init", "-q", "--no-scm"], check=True)
    plots_page.main()
    named = re.search(r"html_template = (.+)", Path(".dvc/config.local").read_text(encoding="utf-8"))[1]
    with open(tables / "freezing.csv", encoding="utf-8", newline="") as file:
        points = [{**row, "rev": "main"} for row in csv.DictReader(file)]
    chart = renderer(points, template="freezing", x="freeze", y="test_accuracy")
    page = Path(render_html([chart], tmp_path / "index.html", named)).read_text(encoding="utf-8")
    assert "cdn.jsdelivr" not in page and "<script src" not in page
    assert page.index("window.vegaEmbed=") < page.index("vegaEmbed('#")
