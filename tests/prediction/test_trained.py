"""Which trained run predicts: as asked for, or as the study chose; and that its own record says how it hears."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import yaml

from permafrost.errors import PermafrostError
from permafrost.evaluation.records import make_record, read_project
from permafrost.evaluation.study import Run, Study
from permafrost.models.building import build
from permafrost.models.deltas import save_delta
from permafrost.models.weights import save_base
from permafrost.prediction.trained import as_table, find_run, predictor_of, trained_runs
from stages import predict

RATE = 8000
LOGMEL = {"kind": "logmel", "n_mels": 32, "n_fft": 512, "hop_length": 256, "size": [32, 32]}
PARAMETERS = {
    "models": {"vit": {"backbone": "strip_vit", "input": LOGMEL}, "vit_random": {"backbone": "strip_vit"}},
    "baselines": {"svm": {"kind": "svm"}},
    "freezing": {"none": {"freeze": 0}, "half": {"freeze": 0.5}},
    "train": {"threads": 1},
    "preprocess": {"sample_rate": RATE, "clip_seconds": 1.0},
    "study": {
        "name": "demo",
        "models": ["vit", "vit_random"],
        "freezes": ["none", "half"],
        "seeds": [3, 1],
        "baselines": ["svm"],
    },
}
BEST = {"none": 0.6, "half": 0.8}


@pytest.fixture
def study(fake_study, tmp_path, monkeypatch):
    """A finished study in which ``half`` is best on validation; ``vit``, half, seed 3 has weights."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(PARAMETERS), encoding="utf-8")
    fake_study(
        ["vit", "vit_random"], ["none", "half"], [3, 1], baselines=["svm"], aim=lambda _, freeze: BEST.get(freeze, 0.9)
    )
    for run in Study(**PARAMETERS["study"]).runs():
        record(run)
    base = Path("weights/base/vit.safetensors")
    save_base(base, {}, {"backbone": "strip_vit", "source": "random"})
    network = build("strip_vit", (32, 32), 4, seed=3)
    with torch.no_grad():
        network.head.bias[2] += 9.0
    save_delta(Path("runs/vit/half/3/delta.safetensors"), network, base)
    return read_project(PARAMETERS)


def record(run):
    made = make_record(run, read_project(PARAMETERS), []) | {"computed": {}}
    Path("runs", run.folder, "run.json").write_text(json.dumps(made), encoding="utf-8")


def test_trained_runs_are_listed_with_their_seeds_and_scores(study):
    runs = trained_runs()
    assert len(runs) == 10 and Run("svm", "baseline", 1) in runs
    lines = as_table(runs, study).splitlines()
    assert lines[0].split() == ["model", "strategy", "seeds", "validation", "accuracy"] and len(lines) == 6
    assert lines[1].split()[:3] == ["svm", "baseline", "1,3"]
    assert [line.split()[:2] for line in lines if line.endswith("chosen")] == [["vit", "half"]]
    shutil.rmtree("runs/vit/none/1")
    assert "chosen" not in as_table(trained_runs(), study), "the study is not complete"
    shutil.rmtree("runs")
    with pytest.raises(PermafrostError, match="no trained run; train them with `dvc repro`"):
        trained_runs()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ((None, None, None), Run("vit", "half", 3)),
        (("vit_random", None, None), Run("vit_random", "half", 3)),
        (("vit", "none", 1), Run("vit", "none", 1)),
        (("svm", None, None), Run("svm", "baseline", 3)),
    ],
)
def test_what_is_not_asked_for_the_study_chose(study, asked, found, caplog):
    run, how = find_run(study, *asked)
    assert run == found and ("chosen" in how) == (asked[1] is None and asked[0] != "svm")
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("vti", None, None), r"--model: 'vti' does not exist; expected one of svm, vit, vit_random.*mean 'vit'"),
        (("vit", "hlaf", None), r"--freeze: 'hlaf' does not exist; expected one of half, none.*mean 'half'"),
        (("vit", "half", 7), r"--seed: '7' does not exist; expected one of 1, 3"),
    ],
)
def test_a_name_that_does_not_exist_gets_the_list(study, asked, said):
    with pytest.raises(PermafrostError, match=said):
        find_run(study, *asked)


def test_other_preprocessing_is_refused_with_both_values(study):
    changed = read_project(PARAMETERS | {"preprocess": {"sample_rate": 44100, "clip_seconds": 1.0}})
    for asked in (("svm",), ("vit", "half"), (None,)):
        with pytest.raises(PermafrostError, match=r"preprocess\.sample_rate: 8000 when it was trained, 44100"):
            find_run(changed, *asked)


def test_a_choice_rests_on_every_run_of_the_models(study):
    shutil.rmtree("runs/svm")
    assert find_run(study, None)[0] == Run("vit", "half", 3)
    shutil.rmtree("runs/vit_random/none/1")
    with pytest.raises(PermafrostError, match="runs of the study are missing, 1 of 8"):
        find_run(study, None)
    assert find_run(study, "vit", "half")[0] == Run("vit", "half", 3)


def test_recordings_are_heard_as_the_run_s_record_says(study, capsys, monkeypatch):
    soundfile.write("a.wav", 0.5 * np.sin(np.arange(RATE)), RATE)
    predictor, preprocess = predictor_of(Run("vit", "half", 3))
    assert (predictor.samples, preprocess.sample_rate) == (RATE, RATE)
    monkeypatch.setattr("sys.argv", ["predict", "a.wav"])
    predict.main()
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1].split(",")[3] == "jazz"
    assert "by the run vit-half-3, chosen by its validation accuracy in the study demo" in shown.err
    monkeypatch.setattr("sys.argv", ["predict"])
    predict.main()
    assert "vit_random" in capsys.readouterr().out
