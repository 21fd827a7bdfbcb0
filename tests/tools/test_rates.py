"""tools/rates.py: the grid by the product's own runs, and what it chooses."""

import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from permafrost.data.tables import ClipRow, SplitRow, write_clips, write_splits
from permafrost.models.weights import load_base, save_base
from permafrost.transfer.cell import train_cell
from permafrost.transfer.examples import read_examples
from permafrost.transfer.freezing import Freezing
from permafrost.transfer.recipe import Machine, Runtime, Training
from tools import rates
from tools.rates import Tried, best_of


@pytest.fixture
def project(tmp_path, monkeypatch):
    """What a run of a random ResNet-20 reads: 36 small pictures in three classes."""
    monkeypatch.chdir(tmp_path)
    Path("data/inputs").mkdir(parents=True)
    labels = np.arange(36) % 3
    pictures = np.random.default_rng(0).random((36, 16, 12)) + 0.2 * labels[:, None, None]
    np.save("data/inputs/x.npy", pictures.astype(np.float32))
    names = [f"{label}/{clip:03d}" for clip, label in enumerate(labels)]
    write_clips(Path("data/clips.csv"), [ClipRow(name, f"{name}.wav", name[0], "", "", 1.0, 8000) for name in names])
    subsets = ["train"] * 18 + ["valid"] * 9 + ["test"] * 9
    write_splits(Path("data/splits.csv"), [SplitRow(*row) for row in zip(names, [0] * 36, subsets, strict=True)])
    save_base(Path("weights/base/x.safetensors"), {}, {"backbone": "resnet20", "source": "random"})
    parameters = {
        "models": {"x": {"backbone": "resnet20", "batch_size": 6, "input": {"kind": "logmel"}}},
        "freezing": {"half": {"freeze": 0.5}},
        "train": {"threads": 1, "precision": "fp32"},
        "machine": {"device": "cpu"},
        "preprocess": {"sample_rate": 8000},
        "study": {"models": ["x"], "freezes": ["half"], "seeds": [0, 1, 2]},
    }
    Path("params.yaml").write_text(yaml.safe_dump(parameters), encoding="utf-8")


def test_a_grid_is_what_each_run_by_itself_gives_on_validation(project, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["rates", "--lr", "0.003", "1e8", "--epochs", "2"])
    rates.main()
    examples, _, _ = read_examples(np.load("data/inputs/x.npy"), Path("data"), 0)
    base = load_base(Path("weights/base/x.safetensors"))
    training = Training(lr=0.003, epochs=2, batch_size=6)
    runtime, machine = Runtime(threads=1, precision="fp32"), Machine(device="cpu")
    outcomes = [
        train_cell("resnet20", base, examples, training, Freezing(freeze=0.5), runtime, seed, machine)
        for seed in (0, 1)
    ]
    accuracy = np.mean([outcome.metrics["valid"]["accuracy"] for outcome in outcomes])
    last = sum(outcome.fitted.best_epoch == 2 for outcome in outcomes)
    table, _, lines = capsys.readouterr().out.partition("\n\n")
    assert f"| `x` | `half` | 0.003 | 2 | **{100 * accuracy:.1f}** | {last} of 2 |" in table
    assert yaml.safe_load(lines)["models"]["x"] == {
        "by_strategy": {"half": {"lr": 0.003, "epochs": 2}},
        "rates_from": "validation, seeds 0 1: python -m tools.rates --lr 0.003 1e8 --epochs 2",
    }


def test_of_nearly_equal_rates_the_one_with_fewest_epochs_is_taken():
    tried = [Tried(0.1, 8, [0.5, 0.7], 0), Tried(0.1, 4, [0.58, 0.6], 2), Tried(0.2, 4, [0.59, 0.6], 2)]
    assert best_of(tried) is tried[2]
    assert best_of([*tried, Tried(0.3, 8, [0.6, 0.62], 0)]).epochs == 8
