"""The review of a change: names exactly what was changed, says what moved, as Markdown and as a page."""

import json
import re

import pandas as pd
import pytest
import vl_convert

from permafrost.evaluation.revisions import IDENTICAL, Move, Review, Revision
from permafrost.report.html.review_page import review_page, revisions_chart
from permafrost.report.review import lead, review
from permafrost.report.review_changes import (
    Change,
    Changes,
    changed_code,
    changed_outputs,
    entry_words,
    sorted_parameters,
)

NOTHING = Changes({}, {}, [])
ONE = Changes({"vit": [Change("lr", 0.0005, 0.001)]}, {}, [])


def numbers(mean):
    return {"test_accuracy": {"mean": mean, "sd": 0.02, "ci_low": mean - 0.05, "ci_high": mean + 0.05, "n": 2}}


def side(name, half, chosen):
    runs = pd.DataFrame(
        [
            {"model": model, "freeze": freeze, "seed": seed, "test_accuracy": accuracy}
            for model, freeze, accuracy in (("vit", "none", 0.7), ("vit", "half", half), ("cnn", "none", 0.6))
            for seed in (0, 1)
        ]
    )
    gap = {"difference": half - 0.7, "ci_low": half - 0.75, "ci_high": half - 0.65, "p_corrected": 0.2}
    comparisons = {"versus_none": {"vit": {"half": gap}}, "chosen_on_validation": {"vit": chosen, "cnn": "none"}}
    scores = {"vit": {"none": numbers(0.7), "half": numbers(half)}, "cnn": {"none": numbers(0.6)}}
    return Revision(name, runs, {**scores, "comparisons": comparisons, "data": {"chance": 0.25}})


@pytest.fixture
def result():
    def move(model, strategy, before, after, *known, verdict=IDENTICAL):
        known = dict(zip(("low", "high", "p", "p_claim"), known, strict=False))
        sides = {"model": model, "before": before, "after": after}
        return Move("revision", strategy, strategy, after - before, "paired t", verdict=verdict, **known, **sides)

    moves = (
        move("vit", "none", 0.7, 0.7),
        move("vit", "half", 0.7, 0.8, 0.05, 0.15, 0.001, 0.002, verdict="different"),
        move("cnn", "none", 0.6, 0.6),
    )
    before, after = side("main", 0.7, "none"), side("it's <new>", 0.8, "half")
    return Review(before, after, moves, (("vit", "head"),), (), (0, 1), "paired t over seeds", 0.04, ("A remark.",))


def test_parameters_are_sorted_by_what_they_belong_to():
    changes = sorted_parameters(
        {
            "models.vit.lr": {"old": 0.1, "new": 0.2, "diff": 0.1},
            "models.vit.augment.views": {"old": None, "new": 4},
            "models.cnn.backbone": {"old": None, "new": "cnn"},
            "models.cnn.lr": {"old": None, "new": 0.1},
            "freezing.half.freeze": {"old": 0.5, "new": None},
            "freezing.half.kind": {"old": "depth", "new": None},
            "freezing.lora.kind": {"old": None, "new": "lora"},
            "freezing.lora.rank": {"old": None, "new": 8},
            "study.seeds": {"old": "[0, 1]", "new": "[0, 1, 2]"},
        }
    )
    assert list(changes.recipes) == ["cnn", "vit"] and list(changes.strategies) == ["half", "lora"]
    assert entry_words(changes.recipes["vit"]) == "`augment.views` – → 4, `lr` 0.1 → 0.2"
    assert entry_words(changes.recipes["cnn"]) == "new (`backbone: cnn`)"
    assert entry_words(changes.strategies["half"]) == "removed"
    assert entry_words(changes.strategies["lora"]) == "new (`kind: lora`)"
    assert changes.settings == [Change("study.seeds", "[0, 1]", "[0, 1, 2]")]


def test_data_and_base_weights_count_as_changed_and_results_do_not():
    before = {"data/splits.csv": "a", "data/raw": "b", "weights/base/vit.safetensors": "c", "metrics/summary.json": "d"}
    after = {"data/splits.csv": "x", "data/inputs/vit.npy": "e", "weights/base/vit.safetensors": "c", "data/code": "f"}
    assert changed_outputs(before, after) == [
        "`data/inputs/vit.npy` is new",
        "`data/raw` is gone",
        "`data/splits.csv` has other contents",
    ]


def test_changed_modules_and_packages_are_named_by_what_uses_them():
    before = {
        "train-vit": {"modules": {"a": "1", "b": "2"}, "packages": {"torch": "2.0"}},
        "split": {"modules": {"c": "1"}},
    }
    after = {
        "train-vit": {"modules": {"a": "9", "b": "2", "d": "4"}, "packages": {"torch": "2.1"}},
        "split": before["split"],
    }
    assert changed_code(before, after) == {"train-vit": ["a", "d", "torch"]}


def test_the_lead_names_what_moved_and_exactly_the_changed_recipes(result):
    text = lead(result, ONE)
    assert text.startswith(
        "**1 of 3 strategies moved beyond noise**: `vit` `half` +10.0 points. The rest: 2 identical."
    )
    assert text.endswith("Recipes that were changed: `vit`.")
    same = Review(result.before, result.after, result.moves[::2], (), (), (0, 1), "", 0.04, ())
    assert lead(same, NOTHING) == "Every run of 2 strategies is identical. No recipe was changed."


def test_the_markdown_holds_changes_moves_and_both_revisions(result):
    changes = Changes(ONE.recipes, {}, [], ["`data/raw` is gone"], {"train-vit": ["a.b"]})
    text = re.sub(" +", " ", review(result, changes))
    assert text.startswith("# Review: `main` → `it's <new>`")
    assert "- recipe `vit`: `lr` 0.0005 → 0.001" in text
    assert "- `data/raw` is gone" in text and "- code of `train-vit`: `a.b`" in text
    assert "| `vit` | `half` | 70.0 | 80.0 | +10.0 [+5.0, +15.0] | .002 | **different** |" in text
    assert "| `vit` | `none` | 70.0 | 70.0" not in text and "`vit`: `none` scored the same in every run." in text
    assert "chosen on validation was `none`, **is `half`**" in text and "is still `none`" in text
    assert "Only in `it's <new>`: `vit` `head`." in text and "- A remark." in text
    assert "| `half` | 70.0 (65.0 to 75.0) | 0.0 [−5.0, +5.0] | 80.0 (75.0 to 85.0) | +10.0 [+5.0, +15.0] |" in text


def test_nothing_changed_is_said(result):
    text = review(result, NOTHING)
    assert "- nothing: parameters, data and code are the same" in text


def test_the_page_shows_the_same_and_draws_moves_and_both_revisions(result):
    page = review_page(result, ONE)
    assert "<code>vit</code>: <code>lr</code> 0.0005 → 0.001" in page
    assert "it&#39;s &lt;new&gt;" in page and "it's <new>" not in page.split('id="charts"')[0]
    specs = json.loads(re.search(r'id="charts">(.*?)</script>', page, re.S)[1])["specs"]
    # No run of the other model differs: there is no move to draw.
    assert set(specs) == {"moves-vit", "within-vit", "within-cnn"}
    for spec in specs.values():
        assert "<svg" in vl_convert.vegalite_to_svg(spec, vl_version="6.4")
    assert all(f'id="chart-{name}"' in page for name in specs)


def test_equal_reviews_give_equal_pages(result):
    assert review_page(result, ONE) == review_page(result, ONE)


def test_a_summary_of_an_earlier_version_is_read(result):
    gap = result.before.summary["comparisons"]["versus_none"]["vit"]["half"]
    gap["mean"] = gap.pop("difference")
    assert "| `half` | 70.0 (65.0 to 75.0) | 0.0 [−5.0, +5.0] |" in re.sub(" +", " ", review(result, ONE))


def test_baselines_are_reviewed_like_strategies_of_one_model(result):
    for side_ in (result.before, result.after):
        side_.summary["baselines"] = {"svm": numbers(0.65)}
        side_.runs.loc[len(side_.runs)] = ["svm", "baseline", 0, 0.65]
    text, page = re.sub(" +", " ", review(result, NOTHING)), review_page(result, NOTHING)
    assert "### `baselines`" in text and "| `svm` | 65.0 (60.0 to 70.0)" in text
    assert "### `svm`" not in text
    assert "within-baselines" in page


def test_a_baseline_that_comes_or_changes_is_a_recipe():
    changes = sorted_parameters(
        {
            "baselines.svm.C": {"old": "[1]", "new": "[2]"},
            "baselines.trees.kind": {"old": None, "new": "boosting"},
            "baselines.trees.rounds": {"old": None, "new": 100},
        }
    )
    assert list(changes.recipes) == ["svm", "trees"] and not changes.settings
    assert entry_words(changes.recipes["trees"]) == "new (`kind: boosting`)"


@pytest.mark.parametrize(
    ("old", "new", "frozen", "expected"),
    [
        (["none", "stem", "head"], ["none", "head"], None, ["none", "head", "stem"]),
        (["none", "stem", "half", "head"], ["none", "quarter", "head"], [0, 1, 7, 13, 0, 4, 13],
         ["none", "stem", "quarter", "half", "head"]),
        (["none", "bias", "head"], ["none", "half", "head"], [0, 0, 13, 0, 7, 13], ["none", "half", "head", "bias"]),
    ],
    ids=["unknown units", "known units", "no depth"],
)  # fmt: skip
def test_strategies_of_both_revisions_stand_by_depth(old, new, frozen, expected):
    sides = []
    for name, freezes in (("main", old), ("work", new)):
        rows = [{"model": "vit", "freeze": freeze, "seed": 0, "test_accuracy": 0.7} for freeze in freezes]
        for row in rows if frozen else []:
            row |= {"frozen_units": frozen.pop(0), "by_depth": row["freeze"] != "bias"}
        summary = {"vit": {freeze: numbers(0.7) for freeze in freezes}, "data": {"chance": 0.25}}
        sides.append(Revision(name, pd.DataFrame(rows), summary))
    result = Review(*sides, (), (), (), (0,), "", 0.04, ())
    assert re.findall(r"^\| `(\w+)` +\|", review(result, NOTHING), re.M) == expected
    chart = revisions_chart(result, "vit")
    assert [row[0].strip("`") for row in chart.table.rows] == expected
    assert chart.spec["layer"][-1]["encoding"]["x"]["sort"] == expected
