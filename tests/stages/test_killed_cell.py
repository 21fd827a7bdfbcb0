"""kill -9 at random moments of a real cell's process: each time the next run ends with the same bytes."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from permafrost.data.tables import ClipRow, SplitRow, write_clips, write_splits
from permafrost.models.weights import save_base

ROOT = Path(__file__).resolve().parents[2]
CELL = ("--model", "x", "--freeze", "half", "--seed", "3")
SAME = ("metrics.json", "history.csv", "predictions.csv", "run.json", "delta.safetensors")
KILLS, CLIPS, CLASSES, EPOCHS = 6, 90, 3, 12


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """What stage train reads, small; a checkpoint after every epoch, inputs augmented so that every draw counts."""
    project = tmp_path_factory.mktemp("killed")
    (project / "data/inputs").mkdir(parents=True)
    (project / "data/code").mkdir()
    (project / "data/code/train-x.json").write_text("{}\n", encoding="utf-8")
    draw = np.random.default_rng(0)
    labels = np.arange(CLIPS) % CLASSES
    pictures = draw.random((CLIPS, 32, 24), dtype=np.float32) + 0.3 * labels[:, None, None].astype(np.float32)
    np.save(project / "data/inputs/x.npy", pictures)
    names = [f"{label}/{clip:03d}" for clip, label in enumerate(labels)]
    write_clips(
        project / "data/clips.csv", [ClipRow(name, f"{name}.wav", name[0], "", "", 1.0, 22050) for name in names]
    )
    subsets = ["train"] * (CLIPS - 36) + ["valid"] * 18 + ["test"] * 18
    rows = [SplitRow(name, 0, subset) for name, subset in zip(names, subsets, strict=True)]
    write_splits(project / "data/splits.csv", rows)
    save_base(project / "weights/base/x.safetensors", {}, {"backbone": "resnet20", "source": "random"})
    recipe = {"backbone": "resnet20", "weights": "random", "lr": 1e-3, "epochs": EPOCHS, "batch_size": 18}
    recipe["input"] = {"kind": "logmel"}
    recipe["augment"] = {"time_mask": 4, "freq_mask": 4, "time_shift": 2}
    parameters = {
        "models": {"x": recipe},
        "freezing": {"half": {"freeze": 0.5}},
        "train": {"threads": 1},
        "machine": {"device": "cpu", "checkpoint_seconds": 0},
        "preprocess": {"sample_rate": 8000},
    }
    (project / "params.yaml").write_text(yaml.safe_dump(parameters), encoding="utf-8")
    return project


def start(project):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "stages.train", *CELL],
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def results(project):
    place = project / "runs/x/half/3"
    found = {name: (place / name).read_bytes() for name in SAME}
    shutil.rmtree(project / "runs")
    return found


@pytest.mark.timeout(240)  # thirteen processes that import torch, beside other tests
def test_each_kill_gives_the_same_bytes(project):
    whole = start(project)
    assert len([line for line in whole.stderr if "epoch" in line]) == EPOCHS and whole.wait() == 0
    reference = results(project)
    assert not list((project / ".ckpt").iterdir()), "a finished cell leaves no checkpoint"
    chance = random.Random(0)
    resumed = 0
    for _ in range(KILLS):
        process = start(project)
        last = chance.randrange(EPOCHS)  # killed some moment after this epoch was told of; 0: before the first
        for _, _line in zip(range(last), process.stderr, strict=False):
            pass
        time.sleep(chance.uniform(0, 0.15))
        process.kill()
        process.communicate()
        again = start(project)
        told = [line for line in again.stderr if "epoch" in line]
        assert again.wait() == 0
        resumed += len(told) < EPOCHS
        assert results(project) == reference
        assert not list((project / ".ckpt").iterdir())
    assert resumed >= KILLS // 2, "most kills must fall where there is something to continue from"
