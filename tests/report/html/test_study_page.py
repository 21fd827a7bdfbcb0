"""The page of a study: complete, self-contained, sound as HTML; every chart compiles, and is drawn by a browser."""

import itertools
import json
import re
import shutil
import subprocess
from functools import partial
from html.parser import HTMLParser

import numpy as np
import pytest
import vl_convert

from permafrost.data.tables import ClipRow
from permafrost.evaluation.cells import read_study
from permafrost.evaluation.study_results import study_results
from permafrost.readers import audio
from permafrost.report.answer import answer
from permafrost.report.explained import Shown
from permafrost.report.html.clip_cards import Recordings
from permafrost.report.html.study_page import Origin, study_page

CLASSES = ("blues", "disco", "jazz", "pop")
VOID = {"meta", "img", "br", "link", "input", "hr"}


def make(fake_study, models=("vit", "vit_random"), freezes=("none", "half", "head"), seeds=(0, 1, 2), **options):
    models, freezes, seeds = list(models), list(freezes), list(seeds)
    baselines, explanations = options.pop("baselines", ()), options.pop("explanations", None)
    options = {"clips": 20, **options}
    folder = fake_study(models, freezes, seeds, baselines=baselines, **options)
    cells = read_study(folder, models, freezes, seeds, baselines)
    counts = dict.fromkeys(cells.classes, 5)
    data = {"name": "birds", "clips": 80, "classes": len(cells.classes), "groups": 10, "rejected": 1,
            "split": "grouped", "splits": 1, "train_clips": 40, "valid_clips": 20, "test_clips": 20,
            "chance": 0.25, "majority": 0.3,
            "groups_across_subsets": 0, "duplicates_across_subsets": 0}  # fmt: skip
    audit = {"classes": counts, "duplicates": [], "near_duplicates": None, "repeats": [
        {"repeat": repeat, "classes": dict.fromkeys(("train", "valid", "test"), counts)}
        for repeat in range(options.get("repeats", 1))
    ]}  # fmt: skip
    ids = [f"test/{number:03d}" for number in range(options["clips"])]
    noise = np.random.default_rng(0).integers(-3000, 3000, (len(ids), 8000)).astype(np.int16)
    rows = [ClipRow(name, f"{name}.wav", "jazz", "", "", 1.0, 8000) for name in ids]
    results = study_results("demo", cells, data, audit, {"<b>.wav": "silent"})
    origin = Origin("abc1234", "dvc repro")
    return study_page(
        results, Recordings(rows, noise, partial(audio.show, sample_rate=8000)), origin, explanations
    ), answer(results)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The page of a small study, made once."""
    from tests.conftest import write_cell

    folder = tmp_path_factory.mktemp("cells")

    def fake(models, freezes, seeds, baselines=(), **options):
        for model in models:
            for depth, freeze in enumerate(freezes):
                for seed in seeds:
                    write_cell(folder, model, freeze, seed, depth, **options)
        return folder

    return make(fake)


class Outline(HTMLParser):
    """Elements with their attributes and text, and whether every one is closed where it should be."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.faults = [], [], []
        self.feed(page)
        self.faults += self.open

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", "in": [item["tag"] for item in self.open], **dict(attributes)}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop()["tag"] != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag):
        return [element for element in self.elements if element["tag"] == tag]


@pytest.fixture(scope="module")
def outline(made):
    return Outline(made[0])


def specs_of(page):
    return json.loads(re.search(r'id="charts">(.*?)</script>', page, re.S)[1])["specs"]


def test_the_answer_comes_first_in_one_sentence(made, outline):
    sentence = next(element["text"] for element in outline.all("p") if element.get("class") == "answer")
    assert " ".join(sentence.split()) == re.sub("[`*]", "", made[1])


def test_nothing_is_fetched(outline):
    for element in outline.elements:
        for attribute in ("src", "href", "poster", "action"):
            value = element.get(attribute, "#")
            assert value.startswith(("#", "data:")), f"{element['tag']} {attribute}={value[:60]}"
    style = outline.all("style")[0]["text"]
    assert "url(" not in style and "@import" not in style


def test_the_page_is_sound_html_with_unique_ids(outline):
    assert outline.faults == []
    ids = [element["id"] for element in outline.elements if "id" in element]
    assert len(ids) == len(set(ids))
    links = {element["href"][1:] for element in outline.all("a")}
    assert links <= set(ids) and {"strategies", "sure", "transfer", "mistakes", "origin"} <= links


def test_it_can_be_read_without_eyes_and_without_a_mouse(outline):
    assert outline.all("html")[0]["lang"] == "en"
    assert len(outline.all("main")) == len(outline.all("nav")) == len(outline.all("h1")) == 1
    levels = [int(element["tag"][1]) for element in outline.elements if re.fullmatch("h[1-6]", element["tag"])]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), "a level is left out"
    tables = outline.all("table")
    assert len(outline.all("caption")) == len(tables) > 8
    assert all(element.get("scope") in ("row", "col") for element in outline.all("th"))
    assert all(len(element["alt"]) > 20 for element in outline.all("img"))
    assert all("Listen to" in element["aria-label"] for element in outline.all("audio"))
    scrolling = [element for element in outline.all("div") if element.get("class") == "scroll"]
    assert len(scrolling) == len(tables) and all(element["tabindex"] == "0" for element in scrolling)


def test_every_chart_has_a_text_and_its_numbers(made, outline):
    pictures = [element for element in outline.all("div") if element.get("role") == "img"]
    assert len(pictures) == len(specs_of(made[0])) == 9
    for element in pictures:
        assert len(element["aria-label"]) > 60 and re.search(r"\d", element["aria-label"])
    places = {element["id"] for element in outline.all("div") if element.get("class") == "plot"}
    assert places == {f"chart-{name}" for name in specs_of(made[0])}


def test_every_chart_compiles_and_shows_its_strategies(made):
    for name, spec in specs_of(made[0]).items():
        svg = vl_convert.vegalite_to_svg(spec, vl_version="6.4")
        shown = " ".join(re.findall(r">([^<>]+)</t(?:ext|span)>", svg))
        if name.startswith(("strategies", "gain", "recall")):
            assert all(freeze in shown for freeze in ("none", "half", "head")), name
    charts = {name.rsplit("-", 1)[0] for name in specs_of(made[0])}
    assert {"strategies", "gaps", "gain", "cost-trainable", "curves", "recall", "confusion"} <= charts


def test_each_section_says_what_it_should(made, outline):
    text = " ".join(outline.all("main")[0]["text"].split())
    assert "test clips are got wrong by every strategy" in text
    assert "conditional on it" in text
    assert "Revision of code and parameters: abc1234" in text and "dvc repro" in text
    assert "<b>.wav" in text  # a name with signs of HTML is shown as it is
    assert "Pretraining (vit against vit_random)" in text
    assert "p corrected" in text and "corrected over" in text


def test_equal_studies_give_equal_pages(made, fake_study):
    assert make(fake_study)[0] == made[0]


@pytest.mark.parametrize(
    "options",
    [
        {"models": ["cnn"], "freezes": ["half"], "seeds": [4]},
        {"models": ["vit", "cnn"], "seeds": [0, 1, 2, 3], "repeats": 2},
        {"aim": lambda model, freeze: 1.0, "clips": 8, "models": ["vit"]},
        {"classes": [f"a class with <signs> {n:02d}" for n in range(20)], "epochs": 1, "seeds": [0, 1]},
    ],
    ids=["one cell", "two splits, two models", "nothing wrong", "twenty classes"],
)
def test_unusual_studies_have_a_page(fake_study, options):
    page, _ = make(fake_study, **options)
    outline = Outline(page)
    assert outline.faults == []
    for spec in specs_of(page).values():
        assert "<svg" in vl_convert.vegalite_to_svg(spec, vl_version="6.4")


# Names of marks and axes that reach below their chart, into the legend.
MEASURE = """<script>addEventListener("load", () => setInterval(() => {
  if (!document.querySelector(".drawn")) return;
  const low = [...document.querySelectorAll(".plot")].filter((plot) => [...plot.querySelectorAll("text")].some(
    (text) => text.getBoundingClientRect().bottom > plot.getBoundingClientRect().bottom + 1));
  document.body.dataset.low = low.map((plot) => plot.id).join(" ");
}, 100))</script>"""


def test_a_browser_without_a_network_draws_every_chart_and_a_phone_has_no_name_in_a_legend(tmp_path):
    from tests.conftest import write_cell

    def fake(models, freezes, seeds, baselines=(), **options):
        for model, (depth, freeze), seed in itertools.product(models, enumerate(freezes), seeds):
            write_cell(tmp_path / "runs", model, freeze, seed, depth // 2, **options)
        return tmp_path / "runs"

    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not browser:
        pytest.skip("no Chromium on this machine")
    names = ["none", "stem", "stem_plus_one", "quarter", "three_eighths", "half", "penultimate_block", "head"]
    page, _ = make(fake, freezes=names, seeds=(0, 1))
    (tmp_path / "report.html").write_text(page.replace("</body>", f"{MEASURE}</body>"), encoding="utf-8")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND",
         "--window-size=390,2000", f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000",
         "--dump-dom", (tmp_path / "report.html").as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    elements = Outline(done.stdout).elements
    assert next(element for element in elements if element["tag"] == "html").get("class") == "drawn"
    assert next(element for element in elements if element["tag"] == "body").get("data-low") == ""
    assert len(re.findall(r'<svg[^>]+class="marks"', done.stdout)) == len(specs_of(page))


def test_baselines_and_explanations_have_sections_of_their_own(fake_study):
    shown = {"svm": [Shown("data:image/png;base64,AAAA", "SHAP <values> of it")]}
    page, _ = make(fake_study, baselines=["svm", "boosting"], explanations=shown)
    outline = Outline(page)
    assert not outline.faults
    assert {"baselines", "why"} <= {element.get("id") for element in outline.all("section")}
    picture = next(element for element in outline.all("img") if element["alt"] == "SHAP <values> of it")
    assert picture["src"] == "data:image/png;base64,AAAA"
    specs = specs_of(page)
    for name in ("strategies-vit", "against-vit"):
        drawn = vl_convert.vegalite_to_svg(specs[name], vl_version="6.4")
        assert re.search(r">svm\b[^<]*</text>", drawn) and re.search(r">boosting\b[^<]*</text>", drawn), name
    plain, _ = make(fake_study)
    assert 'id="baselines"' not in plain and 'id="why"' not in plain


def test_no_number_or_name_in_the_strategy_chart_covers_another(fake_study):
    baselines = ("svm", "boosting", "hubert")
    page, _ = make(fake_study, baselines=baselines, aim=lambda model, freeze: 1.0 if model == "vit" else 0.3)
    spec = {**specs_of(page)["strategies-vit"], "width": 900}
    drawn = vl_convert.vegalite_to_svg(spec, vl_version="6.4")
    found = re.findall(r"<text[^>]*translate\(([\d.]+),([\d.]+)\)[^>]*>((?:chance|svm|boosting|hubert) [\d.]+)<", drawn)
    places = sorted((float(y), text) for x, y, text in found if float(x) >= 700)
    assert {text.split()[0] for _, text in places} == {"chance", *baselines}
    assert all(below - above >= 13.9 for (above, _), (below, _) in itertools.pairwise(places))
    texts = [layer for layer in spec["layer"] if layer["mark"]["type"] == "text"]
    assert texts[-1]["encoding"]["y"]["field"] == "top"


def test_the_cost_charts_draw_intervals_inside_the_axis_and_say_the_rule_of_the_front(made):
    charts = {name: spec for name, spec in specs_of(made[0]).items() if name.startswith("cost-")}
    assert len(charts) == 2 and made[0].count("the cheapest stays.") == 1
    for spec in charts.values():
        rules = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "rule")
        low, high = rules["encoding"]["y"]["scale"]["domain"]
        assert len(rules["data"]["values"]) == 3
        assert all(low <= row["low"] <= row["value"] <= row["high"] <= high for row in rules["data"]["values"])
    assert "Accuracy against trained parameters, with the Pareto front" in made[0]
