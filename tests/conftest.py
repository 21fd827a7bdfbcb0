"""Fixtures that the tests of several packages share."""

import csv
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

# Tests call more of librosa than the package does. Processes that compile it at once spoil Numba's store for each other
# (see permafrost/audio/librosa_compiled.py): each has its own. Numba reads this when it is first imported.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
# Threads of what tests start wait for each other asleep: two processes of two threads on two cores would spin for ever.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
os.environ["NUMBA_CACHE_DIR"] = str(Path(__file__).parents[1] / ".pytest_cache/numba" / WORKER)


def hear_ctrl_c():
    """Undo what a shell does to a command in the background: SIGINT ignored, by all that it starts as well.

    Tests that interrupt a child would wait for ever: handlers are lost when a child starts, but ignoring is inherited.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


hear_ctrl_c()

CLASSES = ("blues", "disco", "jazz", "pop")
# Accuracy that a strategy aims at, by depth; a control falls to less the more of it is frozen.
AIM = {False: (0.80, 0.81, 0.83, 0.80, 0.75, 0.66), True: (0.74, 0.73, 0.70, 0.62, 0.50, 0.33)}
# Strategies that are no depth: accuracy that they aim at, share of the parameters and rates that they train.
BESIDE = {
    "layer_decay": (0.84, 1.0, (0.001, 0.01)),
    "lora": (0.82, 0.02, (0.005, 0.05)),
    "bias": (0.72, 0.004, (0.01, 0.1)),
    "lp_ft": (0.81, 1.0, (0.0001, 0.001)),
    "wise_ft": (0.85, 1.0, ()),
}


# The long ones begin, so that no worker is left with them at the end. One worker makes what the tests of the pipeline
# share (tests/pipeline/conftest.py), while the other has something else to do.
FIRST = (
    "pipeline/test_repro",
    "stages/test_killed_cell",
    "benchmarks/test_benchmarks",
    "audio/test_descr",
    "pipeline/",
)


def pytest_collection_modifyitems(items):
    def place(item):
        return next((number for number, start in enumerate(FIRST) if f"tests/{start}" in item.nodeid), len(FIRST))

    items.sort(key=place)


@pytest.fixture
def fake_study(tmp_path):
    """``fake_study(models, freezes, seeds)`` writes cells as training does, and returns their folder.

    The results are made up but not arbitrary: clips differ in difficulty and are the same for all cells, seeds add
    noise, and a model whose name ends in ``_random`` falls with depth. ``baselines`` are models without strategies.
    """

    def write(models, freezes, seeds, folder=tmp_path / "runs", baselines=(), **options):
        for name in baselines:
            for seed in seeds:
                write_cell(folder, name, "baseline", seed, 0, **options)
        for model in models:
            for depth, freeze in enumerate(freezes):
                for seed in seeds:
                    write_cell(folder, model, freeze, seed, depth, **options)
        return folder

    return write


def write_cell(folder, model, freeze, seed, depth, classes=CLASSES, clips=40, epochs=5, repeats=1, aim=None):
    """One cell of made-up results: ``clips`` in each of valid and test, the scores of which fit together."""
    place = Path(folder, model, freeze, str(seed))
    place.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng([sum(map(ord, model)), depth, seed])
    difficulty = np.random.default_rng(5).normal(size=2 * clips)
    control = model.endswith("_random")
    standard, learning, rates = BESIDE.get(freeze) or (AIM[control][depth], 1 - depth / 6, ())
    standard -= 0.15 * (control and freeze in BESIDE)
    target = standard if aim is None else aim(model, freeze)
    # Whether a clip is found: its difficulty, the seed's luck, and the strategy's aim as a quantile of their sum.
    found = difficulty + draw.normal(scale=0.5, size=2 * clips) < np.quantile(difficulty, target) + draw.normal() * 0.05
    scores, rows = {}, []
    for subset, offset in (("valid", 0), ("test", clips)):
        labels = np.arange(clips) % len(classes)
        right = found[offset : offset + clips]
        guesses = np.where(right, labels, (labels + 1) % len(classes))
        for number, (label, guess) in enumerate(zip(labels, guesses, strict=True)):
            probability = np.full(len(classes), 0.4 / (len(classes) - 1))
            probability[guess] = 0.6
            names = [f"{subset}/{number:03d}", subset, classes[label], classes[guess]]
            rows.append([*names, *(f"{value:.8g}" for value in probability)])
        given = np.where(right, 0.6, 0.4 / (len(classes) - 1))  # the probability of the true class
        loss = float(-np.log(given).mean())
        scores[subset] = {"accuracy": float(right.mean()), "macro_f1": float(right.mean()) - 0.01, "loss": loss}
    total = 100_000
    metrics = {
        "model": model,
        "freeze": freeze,
        "seed": seed,
        "repeat": seed % repeats,
        **scores,
        "trainable_parameters": int(total * learning),
        "total_parameters": total,
        "frozen_units": 0 if freeze in BESIDE else (0, 1, 4, 7, 10, 13)[depth],
        "units": 13,
        "epochs": epochs,
        "best_epoch": epochs - 1,
        "prefix_cached": depth > 0,
        "prefix_bytes": 0,
        "precision": "fp32",
    }
    if freeze in BESIDE:
        metrics |= {"depth": None, "rates": [{"lr": rate} for rate in rates]}
        metrics |= {"lr": rates[seed % 2]} if rates else {"alpha": 0.3 + 0.2 * (seed % 2), "epochs": 1, "best_epoch": 1}
    (place / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    seconds = 1.5 - 0.2 * min(depth, 6)
    machine = {"seconds_total": seconds * epochs + 1, "seconds_per_epoch": seconds}
    record = {
        "parameters": {"freezing": {freeze: {"after": ["head", "none"]}}} if freeze == "wise_ft" else {},
        "files": {},
        "code": "",
        "computed": {"device": "cpu", "precision": "fp32", "threads": 2},
    }
    (place / "run.json").write_text(json.dumps(record) + "\n", encoding="utf-8")
    (place / "environment.json").write_text(json.dumps(machine) + "\n", encoding="utf-8")
    write_csv(place / "predictions.csv", ["clip_id", "subset", "label", "predicted", *classes], rows)
    history = []
    for epoch in range(1, metrics["epochs"] + 1):
        reached = scores["valid"]["accuracy"] * (1 - 0.7 ** (epoch + 1)) + draw.normal() * 0.01
        history.append([epoch, f"{2.0 / epoch:.8g}", f"{min(1, reached + 0.1):.8g}", "1", f"{reached:.8g}", "0.001"])
    header = ["epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "lr"]
    write_csv(place / "history.csv", header, history)
    return place


def write_csv(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


@pytest.fixture
def one_thread():
    """Torch computes on one thread during the test."""
    import torch  # here, for most tests do without it

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
