"""How hard the embedded data set is: what params.yaml's default recipe reaches, by split, weights and strategy.

    python -m benchmarks.difficulty [--seeds 0,1,2] [--freezes none,half,head] [--threads N] [--json FILE]

Generates, decodes, renders, pretrains and trains as the pipeline does, in a temporary folder, without DVC. Three things
must hold for the default study to teach anything: a fully trained small model lands between 70 and 95 % on artists it
has not heard, a random split reads at least 5 points higher, and the pretrained body beats a random one by at least 10
points where only the head is trained.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from benchmarks.table import Row, numbers, parser, publish
from permafrost.audio.inputs import Rendered
from permafrost.audio.preprocessing import Kept, Recording, preprocess
from permafrost.audio.rendering import render
from permafrost.audio.settings import Preprocess
from permafrost.audio.synthetic.generate import generate
from permafrost.data.clips import find_clips
from permafrost.data.dataset import Dataset
from permafrost.data.splits import Split, make_splits
from permafrost.data.tables import ClipRow
from permafrost.settings import validate
from permafrost.transfer.cell import train_cell
from permafrost.transfer.examples import Examples, make_examples
from permafrost.transfer.freezing import Freezing
from permafrost.transfer.pretraining import pretrain
from permafrost.transfer.recipe import Runtime, Training

RANDOM = ({}, {"source": "random"})


def main(argv: Sequence[str] | None = None) -> None:
    """Run everything and print the table."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=numbers, default=[0, 1, 2])
    options.add_argument("--freezes", type=lambda text: text.split(","), default=["none", "half", "head"])
    options.add_argument("--model", default="strip_vit", help="a recipe of params.yaml with procedural weights")
    options.add_argument("--threads", type=int)
    arguments = options.parse_args(argv)
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    recipe = params["models"][arguments.model]
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        inputs, clips = rendered(params, recipe, Path(folder), seconds)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    began = time.perf_counter()
    decoded = params["preprocess"]
    state = pretrain(recipe, decoded["sample_rate"], decoded["clip_seconds"])
    seconds["pretrain"] = time.perf_counter() - began
    bases = {"pretrained": (state, {"source": "procedural"}), "random": RANDOM}
    jobs = [("artists apart", name, freeze) for name in bases for freeze in arguments.freezes]
    jobs += [("random split", name, "none") for name in bases]
    splits = {"artists apart": "grouped", "random split": "stratified"}
    rows: list[Row] = []
    for split, weights, freeze in jobs:
        strategy = validate(Freezing, params["freezing"][freeze], "freezing")
        cells = []
        began = time.perf_counter()
        for seed in arguments.seeds:
            examples = examples_of(inputs, clips, params["split"] | {"kind": splits[split]}, seed)
            cells.append(cell(examples, recipe, bases[weights], strategy, seed))
        spent = (time.perf_counter() - began) / len(cells)
        test = [100 * found["test"]["accuracy"] for found in cells]
        row: Row = {"split": split, "weights": weights, "strategy": freeze, "test accuracy, %": float(np.mean(test))}
        row |= {"sd": float(np.std(test, ddof=1)) if len(test) > 1 else None}
        row |= {"valid, %": 100 * float(np.mean([found["valid"]["accuracy"] for found in cells]))}
        rows.append(row | {"cells": len(cells), "seconds a cell": spent})
        print(row, flush=True)
    notes = [", ".join(f"{what} {spent:.1f} s" for what, spent in seconds.items())]
    publish("Difficulty of the embedded data set", rows, arguments.json, notes)


def rendered(
    params: dict[str, Any], recipe: dict[str, Any], folder: Path, seconds: dict[str, float]
) -> tuple[np.ndarray, list[ClipRow]]:
    """The recipe's inputs [clips, ...] and the clip table, made as the stages make them."""
    raw, waveforms, inputs = folder / "raw", folder / "waveforms.npy", folder / "inputs.npy"
    dataset = validate(Dataset, params["dataset"], "dataset")
    settings = validate(Preprocess, params["preprocess"], "preprocess")
    began = time.perf_counter()
    generate(dataset.origin, raw)
    seconds["generate"] = time.perf_counter() - began
    began = time.perf_counter()
    found = find_clips(raw, dataset.labels)
    outcomes = preprocess(raw, [Recording(clip.path) for clip in found], settings, waveforms)
    pairs = zip(found, outcomes, strict=True)
    clips = [
        ClipRow(**asdict(clip), seconds=outcome.seconds, sample_rate=outcome.sample_rate)
        for clip, outcome in pairs
        if isinstance(outcome, Kept)
    ]
    seconds["preprocess"] = time.perf_counter() - began
    began = time.perf_counter()
    render(waveforms, settings.sample_rate, validate(Rendered, {"input": recipe["input"]}, "recipe").input, inputs)
    seconds["render"] = time.perf_counter() - began
    return np.load(inputs), clips


def examples_of(inputs: np.ndarray, clips: list[ClipRow], split: dict[str, Any], seed: int) -> Examples:
    """The examples of a seed's own split: one repeat for each seed, so that no single test set decides."""
    settings = validate(Split, split | {"repeats": seed + 1}, "split")
    subsets = {row.clip_id: row.subset for row in make_splits(clips, settings) if row.repeat == seed}
    return make_examples(inputs, [clip.label for clip in clips], [subsets[clip.clip_id] for clip in clips])


def cell(examples: Examples, recipe: dict[str, Any], base: Any, freezing: Freezing, seed: int) -> dict[str, Any]:
    """One cell's metrics."""
    training = Training(**{key: value for key, value in recipe.items() if key in Training.model_fields})
    return train_cell(
        recipe["backbone"], base, examples, training, freezing, Runtime(threads=torch.get_num_threads()), seed
    ).metrics


if __name__ == "__main__":
    main()
