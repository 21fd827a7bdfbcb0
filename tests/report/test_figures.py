"""Figures: what they show, and that equal numbers give equal bytes."""

import itertools
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.text import Text

from permafrost.evaluation.cells import read_study
from permafrost.evaluation.study_results import study_results
from permafrost.report.confusion_figure import confusion_figure
from permafrost.report.curve_figure import curve_figure
from permafrost.report.strategy_figure import strategy_figure
from permafrost.report.style import house_style, new_figure, save

DATA = {"name": "birds", "classes": 4, "train_clips": 99, "test_clips": 40, "split": "grouped", "chance": 0.25}
FREEZES = ["none", "three_quarters", "head"]


@pytest.fixture
def study(fake_study):
    def read(models, freezes=FREEZES, seeds=(0, 1, 2), baselines=(), **options):
        folder = fake_study(models, freezes, seeds, baselines=baselines, **options)
        return read_study(folder, models, freezes, list(seeds), baselines)

    return read


def told(cells):
    return study_results("demo", cells, DATA, {}, {})


def strategies(cells):
    return strategy_figure(told(cells))


def draw_all(cells):
    results = told(cells)
    return [strategy_figure(results), curve_figure(results), confusion_figure(results)]


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def visible(figure):
    return [ax for ax in figure.axes if ax.get_visible()]


def test_the_strategy_figure_has_a_facet_a_model_with_its_control_inside(study):
    figure = strategies(study(["vit", "vit_random", "cnn"]))
    assert [ax.get_title(loc="left") for ax in visible(figure)] == ["vit", "cnn"]
    assert "random weights (control)" in texts(figure)
    assert [label.get_text() for label in visible(figure)[0].get_xticklabels()] == [
        "none\n0/13",
        "three_quarters\n1/13",
        "head\n4/13",
    ]


def test_the_strategy_figure_shows_every_seed_and_every_mean(study):
    cells = study(["vit", "vit_random"])
    ax = visible(strategies(cells))[0]
    drawn = {round(float(y), 6) for points in ax.collections for y in points.get_offsets()[:, 1]}
    assert {round(100 * value, 6) for value in cells.runs["test_accuracy"]} <= drawn
    mean = 100 * cells.runs.query("model == 'vit' and freeze == 'head'")["test_accuracy"].mean()
    assert f"{mean:.1f}" in [text.get_text() for text in ax.texts]


def test_the_strategy_figure_draws_the_intervals_of_the_summary(study):
    cells = study(["vit"])
    results = told(cells)
    lines = [line for part in visible(strategy_figure(results))[0].collections for line in part.get_paths()]
    drawn = {tuple(line.vertices[:, 1].round(6)) for line in lines if len(line.vertices) == 2}
    numbers = results.scores["vit"]["head"]["test_accuracy"]
    assert (round(100 * numbers["ci_low"], 6), round(100 * numbers["ci_high"], 6)) in drawn


def test_without_a_control_nothing_is_called_pretrained(study):
    shown = texts(strategies(study(["cnn"])))
    assert not [text for text in shown if "pretrained" in text or "random" in text]


def test_the_curves_have_a_facet_a_model_and_a_line_a_strategy(study):
    figure = curve_figure(told(study(["vit", "vit_random"])))
    assert [ax.get_title(loc="left") for ax in visible(figure)] == ["vit", "vit_random"]
    assert set(FREEZES) <= set(texts(figure))


def test_the_confusion_counts_every_test_clip_of_its_strategy(study):
    cells = study(["vit"])
    results = replace(told(cells), chosen={"vit": "none"})
    figure = confusion_figure(results)
    shares = np.asarray(visible(figure)[0].collections[0].get_array()).reshape(4, 4)
    assert shares.sum(axis=1) == pytest.approx([100] * 4)
    mean = cells.runs.query("freeze == 'none'")["test_accuracy"].mean()
    assert shares.diagonal().mean() == pytest.approx(100 * mean)
    fields = [text.get_text() for text in visible(figure)[0].texts if text.get_text()]
    assert sum(int(field.split("\n")[1]) for field in fields) == 40 * 3, "every answer is in one field"
    found = f"{shares[0, 0]:.0f} %"
    assert fields[0].split("\n")[0] == found
    assert visible(figure)[0].get_yticklabels()[0].get_text() == f"blues  {found} of 30"


@pytest.mark.parametrize(
    "options",
    [
        {"seeds": [4]},
        {"freezes": ["half"]},
        {"epochs": 1, "seeds": [0]},
        {"classes": [f"a rather long class name {number:02d}" for number in range(50)], "clips": 100},
        {"aim": lambda model, freeze: 1.0, "clips": 8},
    ],
    ids=["one seed", "one strategy", "one epoch", "fifty classes", "nothing wrong"],
)
@pytest.mark.filterwarnings("error")
def test_unusual_studies_are_drawn_without_a_warning(study, tmp_path, options):
    cells = study(["vit"], **options)
    for number, figure in enumerate(draw_all(cells)):
        save(figure, tmp_path / f"{number}.png")
        assert (tmp_path / f"{number}.png").stat().st_size > 5_000


def test_equal_numbers_give_equal_bytes_whatever_the_users_own_style(study, tmp_path):
    cells = study(["vit", "vit_random"])
    for figure, name in zip(draw_all(cells), "abc", strict=True):
        save(figure, tmp_path / f"{name}.png")
    with mpl.rc_context({"font.size": 20, "savefig.dpi": 50, "axes.grid": False, "figure.facecolor": "red"}):
        for figure, name in zip(draw_all(cells), "abc", strict=True):
            save(figure, tmp_path / f"{name}2.png")
    for name in "abc":
        assert (tmp_path / f"{name}.png").read_bytes() == (tmp_path / f"{name}2.png").read_bytes()
        assert b"Software" not in (tmp_path / f"{name}.png").read_bytes()


@pytest.mark.parametrize("name", ["$5_$10", "$", "a$\\b$", "$\\frac$", "x^{2", "100 %", "{}", "a_b", "\\"])
def test_names_are_drawn_as_they_are(name, tmp_path):
    with house_style():
        figure = new_figure(2)
        ax = figure.subplots()
        ax.set_title(name)
        ax.set_xticks([0], [name])
        figure.text(0, 0, name)
    assert texts(figure).count(name) == 3
    save(figure, tmp_path / "names.png")


@pytest.mark.parametrize(
    ("freezes", "aim"),
    [
        (FREEZES, lambda model, freeze: 1.0 if model == "vit" else 0.02),
        (FREEZES, lambda model, freeze: 0.5 if model == "vit" else 0.25),
        (["none", "a_rather_long_strategy", "unbrokenlongstrategynames", "stem", "half", "head"], None),
    ],
    ids=["all and nothing found", "near chance", "long names"],
)
def test_no_number_covers_a_name_and_every_mark_is_inside_its_axes(study, freezes, aim):
    baselines = ["svm", "boosting", "hubert"]
    models = ["vit", "vit_random"] if len(freezes) > 3 else ["vit", "vit_random", "cnn"]
    cells = study(models, freezes, seeds=(0, 1), aim=aim, baselines=baselines)
    with house_style():
        figure = strategies(cells)
        figure.draw_without_rendering()
    for ax in visible(figure):
        low, high = ax.get_ylim()
        for drawn in ax.collections:
            lines = isinstance(drawn, LineCollection)
            places = np.concatenate(drawn.get_segments()) if lines else drawn.get_offsets()
            assert len(places) and low <= places[:, 1].min() and places[:, 1].max() <= high
        assert ax.spines["left"].get_bounds()[0] >= 0 and ax.spines["left"].get_bounds()[1] <= 100
    boxes = [
        (text.get_text(), text.get_window_extent())
        for text in figure.findobj(Text)
        if text.get_text() and text.get_visible() and text.get_rotation() == 0
    ]
    covered = [(a, b) for (a, one), (b, other) in itertools.combinations(boxes, 2) if one.overlaps(other)]
    assert not covered
