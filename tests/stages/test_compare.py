"""stages/compare.py on a table like the published one: what it prints is what scipy gives by hand."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from permafrost.errors import PermafrostError
from permafrost.evaluation.wording import probability
from stages import compare

ROOT = Path(__file__).parents[2]
MEANS = {"none": 71.6, "stem": 69.1, "quarter": 71.1, "half": 73.2, "head": 63.1}
SEEDS = (1, 8, 16, 24, 32, 40, 48, 56, 64, 72)


def published(path, seeds=SEEDS, sd=2.5, shift=0.0, names=("model", "freeze_mode", "seed", "test_acc")):
    """Ten seeds, five strategies, in percent of 100 clips: the published means to the last digit."""
    random = np.random.default_rng(2)
    rows = []
    for freeze, mean in MEANS.items():
        luck = random.normal(0, sd, len(seeds))
        for seed, score in zip(seeds, mean + shift + luck - luck.mean(), strict=True):
            rows.append(("vit_b_16", freeze, seed, round(float(score), 4)))
    table = pd.DataFrame(rows, columns=list(names))
    table.to_csv(path, index=False)
    return table


def invoke(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["compare", *map(str, arguments)])
    compare.main()
    return capsys.readouterr().out


def cells(page, title):
    """The rows of the first table below a heading: {strategy: cells}."""
    lines = page.split(title, 1)[1].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| "))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("| "):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return {row[0]: row[1:] for row in rows}


def test_the_published_table_as_scipy_gives_it(tmp_path, monkeypatch, capsys):
    table = published(tmp_path / "published.csv")
    page = invoke(monkeypatch, capsys, tmp_path / "published.csv", "--json", tmp_path / "out/found.json")
    scores = table.pivot(index="freeze_mode", columns="seed", values="test_acc")
    summary = cells(page, "## vit_b_16")
    for freeze, mean in MEANS.items():
        assert summary[freeze][:3] == ["10", f"{mean:.2f}", f"{scores.loc[freeze].std():.2f}"]
    others = [freeze for freeze in MEANS if freeze != "none"]
    p = [stats.ttest_rel(scores.loc[freeze], scores.loc["none"]).pvalue for freeze in others]
    holm = multipletests(p, method="holm")[1]
    contrasts = cells(page, "### Against `none`")
    for freeze, raw in zip(others, p, strict=True):
        assert contrasts[freeze][2] == probability(raw)
    found = json.loads((tmp_path / "out/found.json").read_text())
    against = [item for item in found["models"]["vit_b_16"]["contrasts"] if item["question"] == "reference"]
    assert [item["p"] for item in against] == pytest.approx(p)
    classical = [item for item in found["classical"]["vit_b_16"] if item["question"] == "reference"]
    assert [item["t"] for item in classical] == pytest.approx(list(holm))
    assert "dip" in page.lower()
    assert "hold for the clips that were tested" in page


def test_three_seeds_of_scores_are_inconclusive(tmp_path, monkeypatch, capsys):
    published(tmp_path / "few.csv", seeds=SEEDS[:3])
    page = invoke(monkeypatch, capsys, tmp_path / "few.csv")
    assert "Dip and recover is inconclusive" in page and "reliably" not in page
    verdicts = {row[-1] for row in cells(page, "### Against `none`").values()}
    assert verdicts == {"inconclusive"}


def test_two_files_are_compared_strategy_by_strategy(tmp_path, monkeypatch, capsys):
    table = published(tmp_path / "theirs.csv")
    own = published(tmp_path / "ours.csv", SEEDS[:7], sd=2, shift=6, names=("model", "freeze", "seed", "test_accuracy"))
    page = invoke(monkeypatch, capsys, tmp_path / "theirs.csv", tmp_path / "ours.csv")
    row = cells(page, "## ours against theirs")["head"]
    sides = table[table["freeze_mode"] == "head"]["test_acc"], own[own["freeze"] == "head"]["test_accuracy"]
    assert row[0] == "theirs" and row[1].startswith("+6.0 [") and "(10 and 7 a strategy) are not paired" in page
    welch = stats.ttest_ind(sides[1], sides[0], equal_var=False).pvalue
    assert row[2] == probability(welch)


def test_files_that_are_written(tmp_path, monkeypatch, capsys):
    published(tmp_path / "a.csv")
    page = invoke(
        monkeypatch, capsys, tmp_path / "a.csv", "--markdown", tmp_path / "new/a.md", "--figure", tmp_path / "a.png"
    )
    assert (tmp_path / "new/a.md").read_text() == page
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    invoke(monkeypatch, capsys, tmp_path / "a.csv", "--figure", tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_baseline_and_the_order_can_be_chosen(tmp_path, monkeypatch, capsys):
    published(tmp_path / "a.csv")
    page = invoke(monkeypatch, capsys, tmp_path / "a.csv", "--reference", "head", "--order", "head,half,none")
    assert set(cells(page, "### Against `head`")) == {"none", "stem", "quarter", "half"}
    assert list(cells(page, "### Neighbours")) == ["half", "none"]
    # Nearest to the fewest frozen comes first in the summary, then what has no place in depth.
    assert list(cells(page, "## vit_b_16")) == ["head", "half", "none", "stem", "quarter"]


def test_faults_stop_it_with_one_line(tmp_path):
    published(tmp_path / "a.csv").iloc[:-1].to_csv(tmp_path / "a.csv", index=False)
    done = subprocess.run(
        [sys.executable, "-m", "stages.compare", str(tmp_path / "a.csv")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "vit_b_16: no score for head seed 72" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_column_is_named(tmp_path, monkeypatch, capsys):
    published(tmp_path / "a.csv")
    with pytest.raises(PermafrostError, match=r"--score: 'top1' does not exist"):
        invoke(monkeypatch, capsys, tmp_path / "a.csv", "--score", "top1")
