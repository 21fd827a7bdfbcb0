"""Stage train on a small waveform model: what it leaves, and that the number of threads is its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from permafrost.data.tables import ClipRow, SplitRow, write_clips, write_splits
from permafrost.errors import PermafrostError
from permafrost.evaluation.records import read_record
from permafrost.models.weights import save_base
from stages import train

ROOT = Path(__file__).resolve().parents[2]
RATE, CLIPS, CLASSES = 22050, 36, 3
ARGUMENTS = ("--model", "x", "--freeze", "none", "--seed", "0")
SAME = ("metrics.json", "history.csv", "predictions.csv", "run.json", "delta.safetensors")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """What the stage reads: tones of half a second in three classes, for a network that augments waveforms."""
    monkeypatch.chdir(tmp_path)
    Path("data/inputs").mkdir(parents=True)
    labels = np.arange(CLIPS) % CLASSES
    times = np.arange(RATE // 2) / RATE
    waves = np.sin(2 * np.pi * 300 * (1 + labels[:, None]) * times) + 0.1 * np.random.default_rng(0).random(len(times))
    np.save("data/inputs/x.npy", (9000 * waves).astype(np.int16))
    names = [f"{label}/{clip:03d}" for clip, label in enumerate(labels)]
    write_clips(Path("data/clips.csv"), [ClipRow(name, f"{name}.wav", name[0], "", "", 0.5, RATE) for name in names])
    subsets = ["train"] * 24 + ["valid"] * 6 + ["test"] * 6
    write_splits(Path("data/splits.csv"), [SplitRow(*row) for row in zip(names, [0] * CLIPS, subsets, strict=True)])
    save_base(Path("weights/base/x.safetensors"), {}, {"backbone": "cnn", "source": "random"})
    return tmp_path


def write_parameters(threads=2, rate=RATE, **recipe):
    model = {"backbone": "cnn", "weights": "random", "epochs": 2, "batch_size": 12, "input": {"kind": "waveform"}}
    parameters = {
        "models": {"x": model | recipe},
        "freezing": {"none": {"freeze": 0}},
        "train": {"threads": threads, "precision": "fp32"},
        "machine": {"device": "cpu"},
        "preprocess": {"sample_rate": rate, "clip_seconds": 0.5},
    }
    Path("params.yaml").write_text(yaml.safe_dump(parameters), encoding="utf-8")
    return parameters


def results():
    return {name: Path("runs/x/none/0", name).read_bytes() for name in SAME}


def test_a_waveform_model_is_augmented_and_its_run_tells_what_made_it(project, monkeypatch, capsys):
    parameters = write_parameters(
        threads=1, augment_waveform={"noise": 0.5, "crop_seconds": 0.4, "low_pass_hz": [2000, 9000]}
    )
    monkeypatch.setattr(sys, "argv", ["train", *ARGUMENTS])
    train.main()
    assert "x-none-0 epoch   2: train loss" in capsys.readouterr().err
    record = read_record(Path("runs/x/none/0"))
    assert record["computed"] == {"device": "cpu", "precision": "fp32", "threads": 1}
    assert set(record["files"]) == {
        "data/clips.csv", "data/splits.csv", "data/inputs/x.npy", "weights/base/x.safetensors",
    }  # fmt: skip
    assert record["parameters"]["models"] == parameters["models"]
    assert json.loads(Path("runs/x/none/0/environment.json").read_text(encoding="utf-8"))["seconds_of_stage"] > 0
    first = results()
    train.main()
    assert results() == first and not list(Path().glob(".ckpt/*"))


def test_another_rate_than_the_backbone_s_is_refused_before_anything_is_trained(project, monkeypatch):
    write_parameters(rate=8000)
    monkeypatch.setattr(sys, "argv", ["train", *ARGUMENTS])
    with pytest.raises(
        PermafrostError, match=r"models\.x\.input\.sample_rate: 8000, but cnn reads 22050; set it to 22050"
    ):
        train.main()
    assert not Path("runs").exists()


def test_the_environment_s_number_of_threads_changes_no_byte(project):
    write_parameters(threads=2)
    found = []
    for number in ("1", "2"):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": number}
        subprocess.run(
            [sys.executable, "-m", "stages.train", *ARGUMENTS], env=environment, check=True, capture_output=True
        )
        found.append(results())
    assert found[0] == found[1]
