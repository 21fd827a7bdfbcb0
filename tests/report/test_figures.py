"""Figures: what they show, that nothing leaves them, and that equal numbers give equal bytes."""

import re
from dataclasses import replace
from html import unescape

import matplotlib as mpl
import pytest
from PIL import Image

from permafrost.evaluation.cells import read_study
from permafrost.evaluation.study_results import study_results
from permafrost.report.html import figure
from permafrost.report.html.class_charts import confusion_chart
from permafrost.report.html.strategy_chart import strategy_chart
from permafrost.report.html.study_figures import draw_study

DATA = {"name": "birds", "classes": 4, "train_clips": 99, "test_clips": 40, "split": "grouped", "chance": 0.25}
FREEZES = ["none", "three_quarters", "head"]
NAMES = ("strategies", "learning_curves", "confusion")


@pytest.fixture
def study(fake_study):
    def read(models, freezes=FREEZES, seeds=(0, 1, 2), baselines=(), **options):
        folder = fake_study(models, freezes, seeds, baselines=baselines, **options)
        return read_study(folder, models, freezes, list(seeds), baselines)

    return read


@pytest.fixture
def draw(tmp_path, monkeypatch):
    """``draw(cells)``: the three figures as SVG, and as files in ``tmp_path``."""
    pages, drawn = [], figure.vl_convert.svg_to_png
    monkeypatch.setattr(figure.vl_convert, "svg_to_png", lambda svg, scale: pages.append(svg) or drawn(svg, scale))

    def both(cells, **changes):
        pages.clear()
        draw_study(replace(told(cells), **changes), tmp_path)
        return dict(zip(NAMES, pages, strict=True))

    return both


def told(cells):
    return study_results("demo", cells, DATA, {}, {})


def texts(svg):
    return [unescape(text) for text in re.findall(r">([^<>]+)</t(?:ext|span)>", svg)]


def rows_of(spec):
    return [row for part in (spec, *spec["layer"]) for row in part.get("data", {}).get("values", [])]


def test_the_strategies_have_a_facet_a_model_with_its_control_inside(study, draw):
    cells = study(["vit", "vit_random", "cnn"])
    shown = texts(draw(cells)["strategies"])
    assert [name for name in shown if name in cells.models] == ["vit", "cnn"]
    assert "random weights (control)" in shown
    assert {"none", "0/13", "three", "quarters", "1/13", "head", "4/13"} <= set(shown)
    mean = 100 * cells.runs.query("model == 'vit' and freeze == 'head'")["test_accuracy"].mean()
    assert f"{mean:.1f}" in shown


def test_the_strategies_show_every_seed_and_the_intervals_of_the_summary(study):
    cells = study(["vit", "vit_random"])
    results = told(cells)
    rows = rows_of(strategy_chart(results, "vit").spec)
    drawn = {row["value"] for row in rows if "value" in row}
    assert {round(100 * value, 4) for value in cells.runs["test_accuracy"]} <= drawn
    numbers = results.scores["vit"]["head"]["test_accuracy"]
    assert (round(100 * numbers["ci_low"], 4), round(100 * numbers["ci_high"], 4)) in {
        (row.get("low"), row.get("high")) for row in rows
    }


def test_without_a_control_nothing_is_called_pretrained(study, draw):
    shown = texts(draw(study(["cnn"]))["strategies"])
    assert not [text for text in shown if "pretrained" in text or "random" in text]


def test_the_curves_have_a_facet_a_model_and_a_line_a_strategy(study, draw):
    page = draw(study(["vit", "vit_random"]))["learning_curves"]
    assert [text for text in texts(page) if text.startswith("vit")] == ["vit", "vit_random"]
    assert set(FREEZES) <= set(texts(page)) and "var(" not in page


def test_the_confusion_counts_every_test_clip_of_its_strategy(study, draw):
    cells = study(["vit"])
    fields = draw(cells, chosen={"vit": "none"})["confusion"]
    counts = [int(text) for text in texts(fields) if re.fullmatch(r"\d+", text)]
    assert sum(counts) == 40 * 3, "every answer is in one field"
    rows = [row for row in rows_of(confusion_chart(told(cells), "vit").spec) if row["strategy"] == "none"]
    mean = cells.runs.query("freeze == 'none'")["test_accuracy"].mean()
    assert sum(row["answers"] for row in rows if row["class"] == row["taken for"]) == pytest.approx(mean * 120)


@pytest.mark.parametrize(
    "options",
    [
        {"seeds": [4]},
        {"freezes": ["half"]},
        {"epochs": 1, "seeds": [0]},
        {"classes": [f"a rather long class name {number:02d}" for number in range(50)], "clips": 100},
        {"aim": lambda model, freeze: 1.0, "clips": 8},
        {"freezes": ["none", "a_rather_long_strategy", "unbrokenlongstrategynames", "stem", "half", "head"]},
    ],
    ids=["one seed", "one strategy", "one epoch", "fifty classes", "nothing wrong", "long names"],
)
@pytest.mark.filterwarnings("error")
def test_unusual_studies_are_drawn_whole_and_without_a_warning(study, draw, tmp_path, capfd, options):
    draw(study(["vit"], baselines=["svm", "boosting", "hubert"], **options))
    for name in NAMES:
        with Image.open(tmp_path / f"{name}.png") as image:
            edges = image.convert("L").reduce(1)
            right = edges.crop((image.width - 6, 0, image.width, image.height))
            assert image.width == figure.WIDTH * figure.SCALE and right.getextrema() == (255, 255), name
    assert "WARN" not in "".join(capfd.readouterr())


def test_equal_numbers_give_equal_bytes_whatever_the_users_own_style(study, draw, tmp_path):
    cells = study(["vit", "vit_random"])
    draw(cells)
    first = [(tmp_path / f"{name}.png").read_bytes() for name in NAMES]
    with mpl.rc_context({"font.size": 20, "savefig.dpi": 50, "axes.grid": False, "figure.facecolor": "red"}):
        draw(cells)
    assert [(tmp_path / f"{name}.png").read_bytes() for name in NAMES] == first
