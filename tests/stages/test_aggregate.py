"""Stage aggregate: what it writes, that it writes the same twice, and how it stops."""

import json
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import yaml

from permafrost.errors import PermafrostError
from permafrost.evaluation.records import RUNS, make_record, read_project
from permafrost.evaluation.study import Run
from permafrost.report.explained import write_pictures
from stages import aggregate

ROOT = Path(__file__).parents[2]
MODELS, FREEZES, SEEDS = ["vit", "vit_random"], ["none", "half"], [0, 1]
PARAMS = """
dataset: {name: birds, path: data/raw}
preprocess: {reader: audio, sample_rate: 8000, clip_seconds: 1.0}
split: {kind: grouped}
train: {threads: 1}
models: {vit: {lr: 0.1}, vit_random: {lr: 0.1}}
freezing: {none: {freeze: 0}, half: {freeze: 0.5}}
study: {name: demo, models: [vit, vit_random], freezes: [none, half], seeds: [0, 1]}
"""


@pytest.fixture
def project(fake_study, tmp_path, monkeypatch):
    fake_study(MODELS, FREEZES, SEEDS)
    monkeypatch.chdir(tmp_path)
    classes = dict.fromkeys(("blues", "disco", "jazz", "pop"), 10)
    split = {
        "repeat": 0,
        "clips": dict.fromkeys(("train", "valid", "test"), 40),
        "classes": dict.fromkeys(("train", "valid", "test"), classes),
        "groups_across_subsets": [],
        "duplicates_across_subsets": [],
    }
    Path("data").mkdir()
    Path("data/audit.json").write_text(
        json.dumps({"clips": 120, "classes": classes, "groups": 7, "repeats": [split]}), encoding="utf-8"
    )
    np.save("data/waveforms.npy", np.random.default_rng(0).integers(-999, 999, (40, 8000)).astype(np.int16))
    rows = [f"test/{number:03d},test/{number:03d}.wav,blues,,,,,,1.0,8000" for number in range(40)]
    Path("data/clips.csv").write_text(
        "\n".join(["clip_id,path,label,group,fold,subset,start,end,seconds,sample_rate", *rows, ""]), encoding="utf-8"
    )
    Path("data/rejected.csv").write_text("path,reason\nbad.wav,silent\n", encoding="utf-8")
    Path("params.yaml").write_text(PARAMS, encoding="utf-8")
    record(yaml.safe_load(PARAMS))
    Path("plots/explain").mkdir(parents=True)
    write_pictures(Path("plots/explain"), [])
    return tmp_path


def record(parameters):
    """What stage train records of every run, made with ``parameters``."""
    project = read_project(parameters)
    for run in map(Run, *zip(*product(MODELS, FREEZES, SEEDS), strict=True)):
        made = make_record(run, project, []) | {"computed": {"device": "cpu", "precision": "fp32", "threads": 1}}
        (RUNS / run.folder / "run.json").write_text(json.dumps(made), encoding="utf-8")


def written():
    files = [*Path("plots").glob("*.*"), *(path for path in Path("metrics").rglob("*") if path.is_file())]
    return {path.as_posix(): path.read_bytes() for path in files}


def test_the_stage_writes_every_table_and_figure_the_same_each_time(project, capsys):
    aggregate.main()
    first = written()
    assert set(first) == {
        "metrics/summary.json",
        "metrics/details.json",
        "metrics/test/none.json",
        "metrics/test/half.json",
        "metrics/report.md",
        "metrics/comparisons.csv",
        "metrics/outcomes.csv",
        "plots/runs.csv",
        "plots/learning_curves.csv",
        "plots/confusion.csv",
        "plots/strategies.png",
        "plots/learning_curves.png",
        "plots/confusion.png",
        "plots/report.html",
    }
    assert "`vit` does best with strategy" in capsys.readouterr().out
    details = json.loads(first["metrics/details.json"])
    assert details["data"]["rejected"] == json.loads(first["metrics/summary.json"])["rejected"] == 1
    assert details["vit"]["half"]["test_accuracy"]["n"] == 2
    assert list(json.loads(first["metrics/test/half.json"])) == MODELS
    assert first["plots/runs.csv"].decode().startswith("model,freeze,depth,seed,")
    assert len(first["plots/runs.csv"].splitlines()) == 9
    aggregate.main()
    assert written() == first
    for path in (project / "runs").rglob("environment.json"):
        path.write_text('{"seconds_per_epoch": 99.0}', encoding="utf-8")
    aggregate.main()
    second = written()
    assert {name for name in first if first[name] != second[name]} == {"plots/report.html"}, "not in Git"


def test_a_missing_cell_stops_the_command_and_is_named(project):
    shutil.rmtree("runs/vit/half/1")
    done = subprocess.run(
        [sys.executable, "-m", "stages.aggregate"], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "runs of the study are missing, 1 of 8:\n  vit/half: seed 1" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("metrics/summary.json").exists()


def test_runs_of_other_parameters_are_refused_with_both_values(project):
    Path("params.yaml").write_text(PARAMS.replace("vit_random: {lr: 0.1}", "vit_random: {lr: 0.2}"), encoding="utf-8")
    with pytest.raises(PermafrostError) as error:
        aggregate.main()
    assert "4 of 8 runs would be made otherwise now:\n  vit_random/none: seeds 0, 1\n" in str(error.value)
    assert "models.vit_random.lr: 0.1 when it was trained, 0.2 in params.yaml now" in str(error.value)
    assert "`dvc repro`" in str(error.value) and not Path("metrics/summary.json").exists()


def test_a_dropped_seed_leaves_the_mean_and_is_named(project, caplog):
    Path("params.yaml").write_text(PARAMS.replace("[0, 1]", "[1]"), encoding="utf-8")
    Path("metrics/test").mkdir(parents=True)
    Path("metrics/test/dropped.json").touch()
    aggregate.main()
    details = json.loads(Path("metrics/details.json").read_text(encoding="utf-8"))
    assert details["vit"]["none"]["test_accuracy"]["n"] == 1
    assert not Path("metrics/test/dropped.json").exists(), "the file of a strategy that the study has no more"
    assert "vit/none: seed 0" in caplog.text


def test_a_missing_audit_says_which_stage_writes_it(project):
    Path("data/audit.json").unlink()
    with pytest.raises(PermafrostError, match="dvc repro split"):
        aggregate.main()
