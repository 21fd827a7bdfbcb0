"""kill -9 at random moments of a real cell's process: what continues ends with the same bytes."""

import os
import random
import re
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
KILLS, CLIPS, CLASSES, EPOCHS = 5, 90, 3, 12


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """What stage train reads, small; a checkpoint after every epoch, inputs augmented so that every draw counts."""
    project = tmp_path_factory.mktemp("killed")
    (project / "data/inputs").mkdir(parents=True)
    (project / "data/code").mkdir()
    (project / "data/code/train-x.half.json").write_text("{}\n", encoding="utf-8")
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


@pytest.fixture(scope="module")
def reference(project):
    """What a run gives that nobody kills."""
    whole = start(project)
    assert told(whole) == list(range(1, EPOCHS + 1)) and whole.wait() == 0
    assert not list((project / ".ckpt").iterdir()), "a finished cell leaves no checkpoint"
    return results(project)


@pytest.mark.timeout(240)  # six processes one after the other; 8 seconds where nothing else runs
@pytest.mark.parametrize("chain", range(2))
def test_kills_end_with_the_same_bytes(project, reference, chain):
    """One run: killed, continued, killed again. What a kill spoils stays until the run's end."""
    chance = random.Random(chain)
    resumed = 0
    for last in sorted(chance.sample(range(EPOCHS), KILLS)):
        process = start(project)  # killed some moment after epoch ``last`` was told of; 0: before the first
        resumed += told(process, last)[:1] > [1]
        time.sleep(chance.uniform(0, 0.15))
        process.kill()
        process.communicate()
    again = start(project)
    resumed += told(again)[:1] > [1]
    assert again.wait() == 0
    assert results(project) == reference
    assert not list((project / ".ckpt").iterdir())
    assert resumed > KILLS // 2, "most kills must fall where there is something to continue from"


def told(process, last=EPOCHS + 1):
    """The epochs that a cell tells of, until ``last`` or its end."""
    epochs = []
    while (not epochs or epochs[-1] < last) and last and (line := process.stderr.readline()):
        epochs += [int(number) for number in re.findall(r"epoch +(\d+)", line)]
    return epochs
