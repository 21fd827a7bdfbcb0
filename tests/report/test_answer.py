"""The answer: its first sentence for every kind of study, and what stands beside it."""

import re
from dataclasses import replace

import pytest

from permafrost.data.cautions import cautions
from permafrost.evaluation.cells import read_study
from permafrost.report.answer import answer
from permafrost.report.headline import is_uneven
from permafrost.report.markdown import report
from permafrost.report.notes import notes
from permafrost.report.strategies_table import strategies_table
from tests.report.test_report import FREEZES, choose, steps, told


@pytest.fixture
def study(fake_study):
    def read(models=("vit",), freezes=FREEZES, seeds=(0, 1, 2), baselines=(), **options):
        folder = fake_study(models, freezes, seeds, baselines=baselines, **options)
        return read_study(folder, list(models), list(freezes), list(seeds), list(baselines))

    return read


def judged(given, verdicts):
    """The study with these verdicts (strategy: verdict) on the contrasts with ``none``."""
    return with_contrasts(given, lambda it: replace(it, verdict=verdicts.get(it.strategy, it.verdict)))


def with_contrasts(results, change):
    """The study with its contrasts changed."""
    result = results.analysis.models["vit"]
    models = {"vit": replace(result, contrasts=[change(item) for item in result.contrasts])}
    return replace(results, analysis=replace(results.analysis, models=models))


def test_depths_that_can_be_told_are_named_with_their_side(study):
    text = answer(told(choose(study(["vit", "vit_random"], aim=steps), "half")))
    first, second = text.split(". `vit` does best")
    assert first.startswith("On `birds`, `half` (+")
    assert ") is better than full fine-tuning (`none`) for `vit`; the cheapest that cannot be told from it is" in first
    assert "pretraining is worth +" in first and "against random weights, a difference that survives" in first
    assert "strategy **`half`** (chosen on validation): **" in second
    assert "test accuracy (95 % interval" in second and "3 seeds and 40 test clips)" in second
    assert second.endswith("against `none`, a difference that survives correction.")


def test_when_every_depth_is_worse_nothing_is_called_cheapest(study):
    text = answer(told(choose(study(aim=lambda model, freeze: 0.9 if freeze == "none" else 0.4), "none")))
    assert ") are worse than full fine-tuning (`none`) for `vit`. `vit` does best with strategy **`none`**" in text
    assert "cheapest" not in text


def test_only_what_is_shown_to_be_equivalent_is_called_so(study):
    given = told(choose(study(aim=lambda model, freeze: 0.7), "half"))
    text = answer(judged(given, {"half": "equivalent", "head": "inconclusive"}))
    assert "the cheapest that cannot be told from it is linear probing (`head`)" in text
    assert "the cheapest equivalent, within 4 points of it, is `half` (" in text
    text = answer(judged(given, {"half": "equivalent", "head": "equivalent"}))
    assert "cannot be told from it" not in text and "cheapest equivalent, within 4 points of it, is linear" in text


def test_what_its_own_interval_puts_below_is_not_advised(study):
    below = {"low": -0.3, "high": -0.07, "verdict": "inconclusive"}
    given = told(choose(study(aim=lambda model, freeze: 0.7), "half"))
    text = answer(with_contrasts(given, lambda it: replace(it, **below) if it.strategy == "head" else it))
    assert "no strategy of `vit` can be told" in text and "the cheapest that cannot be told from it is `half`" in text


def test_a_study_without_full_fine_tuning_says_so(study):
    text = answer(told(study(freezes=["half", "head"])))
    assert "no strategy of `vit` is compared with full fine-tuning (`none`), which the study does not have. " in text
    text = answer(told(study(freezes=["none"])))
    assert "the study has no strategy beside full fine-tuning (`none`). " in text


def test_a_single_seed_claims_nothing(study):
    results = told(study(["vit", "vit_random"], seeds=[3]))
    text = answer(results)
    assert "differs from full fine-tuning (`none`) cannot be told from one seed" in text
    assert "(one seed)" in text
    assert "interval" not in text and "[" not in text and "survives" not in text
    assert any(line.startswith("There is one run a strategy") for line in notes(results))


def test_a_control_is_never_the_answer(study):
    cells = study(["vit", "vit_random"], aim=lambda model, freeze: 0.9 if model == "vit_random" else 0.4)
    assert "`vit` does best" in answer(told(cells))


@pytest.mark.parametrize(("score", "side"), [(0.95, "higher"), (0.3, "lower")])
def test_a_baseline_is_set_beside_the_chosen_strategy(study, score, side):
    aim = {"svm": score}
    text = answer(told(study(baselines=["svm"], aim=lambda model, freeze: aim.get(model, 0.6))))
    first = text.split(". `vit` does best")[0]
    assert f" points {side} [" in first and "the baseline `svm` is " in first
    assert "baseline" not in answer(told(study()))


def test_a_baseline_that_scores_the_same_is_as_high_as_the_strategy(study):
    results = told(study(baselines=["svm"]))
    found = results.analysis.baselines["vit"]
    even = [replace(item, gap=1e-17, low=-0.09, high=0.08) for item in found.contrasts]
    analysis = replace(results.analysis, baselines={"vit": replace(found, contrasts=even)})
    assert "the baseline `svm` is as high [−8.0, +9.0] as " in answer(replace(results, analysis=analysis))


def test_the_field_s_names_stand_once_in_the_report(study):
    text = report(told(study(["vit", "vit_random"])))
    for name, term in (("none", "full fine-tuning"), ("head", "linear probing")):
        assert text.count(f"{term} (`{name}`)") == 1
        assert text.index(f"`{name}`") == text.index(f"{term} (`{name}`)") + len(term) + 2


def relabelled(cells, labels, predicted):
    """The study with test labels and predictions renamed, as a data set of uneven classes has them."""
    rows = cells.predictions.astype({"label": str, "predicted": str})
    test = rows["subset"] == "test"
    rows.loc[test, "label"] = rows.loc[test, "label"].replace(labels)
    rows.loc[test, "predicted"] = rows.loc[test, "predicted"].replace(predicted)
    return replace(cells, predictions=rows)


def test_macro_f1_leads_where_classes_are_uneven(study):
    results = told(study())
    uneven = replace(results, cells=relabelled(results.cells, {"disco": "blues", "jazz": "blues"}, {"pop": "blues"}))
    text = answer(uneven)
    numbers = results.scores["vit"][uneven.freeze]
    f1, accuracy = (f"{100 * numbers[score]['mean']:.1f} %" for score in ("macro_f1", "test_accuracy"))
    assert f"**{f1}** macro F1 (95 % interval" in text and f", {accuracy} test accuracy; " in text
    assert "classes are uneven (`blues` has 75 % of the test clips, 25 % would be even) and `pop` is never" in text
    assert "differences and their tests are of accuracy" in text
    header = report(uneven).split("| strategy ")[1].splitlines()[0]
    assert header.index("macro F1") < header.index("test accuracy")
    assert strategies_table(uneven, "vit").header[3] == "macro F1 (%)"
    assert "Macro F1 leads" not in answer(results)
    assert strategies_table(results, "vit").header[3] == "test accuracy (%)"


@pytest.mark.parametrize(
    ("share", "classes", "uneven"),
    [(0.15, 10, True), (0.14, 10, False), (0.75, 2, True), (0.7, 2, False), (1.0, 1, False)],
)
def test_uneven_is_what_splitting_warns_of(share, classes, uneven):
    assert is_uneven(share, 1 / classes) == uneven


FACTS = {
    "clip_seconds": 5.0,
    "sample_rate": 22050,
    "seconds": {name: {"min": 1.0, "median": 2.0, "max": 9.0} for name in ("blues", "disco", "jazz", "pop")},
    "padded": {"clips": 60, "zeros": 0.4},
    "cropped": {"clips": 10, "lost": 0.2},
    "sample_rates": {"16000": 30, "44100": 50},
    "upsampled": {"pop": 30},
    "clipped": {"clips": 9, "worst": "pop/1", "share": 0.2},
    "majority": {"label": "pop", "share": 0.6},
    "few_test_clips": {"jazz": 2},
    "remarks": {"one channel is silent": ["pop/3.wav"]},
}


def test_what_the_sound_is_like_is_warned_of_first_and_listed_with_the_data(study):
    text = report(told(study(), audit={"facts": FACTS}))
    top, data = text.split("## Strategies")[0], re.sub(" +", " ", text.split("## Data")[1].split("## To keep")[0])
    lines = cautions(FACTS)
    assert len(lines) == 7
    for line in lines[:-1]:
        assert f"- Beware: {line}." in top and f"- {line[0].upper()}{line[1:]}." in data
    assert "pop/3.wav" not in top and "pop/3.wav" in data
    assert "| padded to 5 s | 60 of 80; 40.0 % zeros |" in data and "16000 Hz (30), 44100 Hz (50)" in data
    assert "Beware" not in report(told(study()))


def test_several_splits_show_how_far_the_scores_move(study):
    results = told(study(seeds=range(4), repeats=2, baselines=["svm"]))
    (line,) = [line for line in notes(results) if line.startswith("From split to split, of 2,")]
    assert "` reads " in line and ", `svm` reads " in line
    assert not any("From split" in line for line in notes(told(study())))


def test_an_interval_that_says_nothing_is_called_so_and_none_leaves_what_is_possible(study):
    luck = {"none": 0.6, "half": 0.9, "head": 0.3}
    for options in ({"repeats": 2}, {}):
        given = told(
            study(["vit", "vit_random"], seeds=(0, 1), clips=20, aim=lambda m, freeze: luck[freeze], **options)
        )
        text = report(given)
        shares = re.findall(r"(?<![\d.+−])([\d.]+) to ([\d.]+)", text)
        assert shares and all(0 <= float(end) <= 100 for pair in shares for end in pair)
        gaps = re.findall(r"points?\*{0,2} \[([^,\]]+), ([^\]]+)\]", text)
        assert gaps and all(abs(float(end.replace("−", "-"))) <= 100 for pair in gaps for end in pair)
    assert not any("say next to nothing" in line for line in notes(given))
    given.scores["vit"]["half"]["test_accuracy"] |= {"ci_low": 0.2, "ci_high": 0.81}
    (line,) = [line for line in notes(given) if "say next to nothing" in line]
    assert line == (
        "The 95 % intervals of `half` cover more than 60 of the 100 points there are and say next to nothing: "
        "2 seeds and 20 test clips are too few."
    )
