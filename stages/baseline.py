"""Train one cell of a baseline: a model without a freezing dimension, and a seed."""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from permafrost.audio.pool import default_workers
from permafrost.baselines.cell import classical_cell
from permafrost.baselines.network import network_cell, random_base
from permafrost.baselines.recipe import NetworkBaseline, read_baseline
from permafrost.baselines.stored import save_model
from permafrost.data.descriptor_table import load_descriptors
from permafrost.data.tables import read_clips, read_splits, subsets_for_seed
from permafrost.evaluation.study import NO_STRATEGY
from permafrost.models.deltas import save_delta
from permafrost.models.weights import save_base
from permafrost.provenance.identity import identity
from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.examples import Examples, make_examples
from permafrost.transfer.recipe import Runtime
from permafrost.transfer.recording import write_outcome
from stages.stage import parameters, run, section


def main() -> None:
    """Read input and split of one cell; write its metrics and its model."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--baseline", required=True)
    arguments.add_argument("--seed", required=True, type=int)
    given = arguments.parse_args()
    cell = {"model": given.baseline, "freeze": NO_STRATEGY, "seed": given.seed}
    place = Path(given.baseline, NO_STRATEGY, str(given.seed))
    key = f"baselines.{given.baseline}"
    recipe = read_baseline(parameters(key), key)
    runtime = section("train", Runtime)
    clips = read_clips(Path("data/clips.csv"))
    repeat, subsets = subsets_for_seed(read_splits(Path("data/splits.csv")), given.seed)
    stored = Path("data/inputs", f"{given.baseline}.npy")
    weights = Path("runs", place)

    def examples_of(inputs: np.ndarray) -> Examples:
        return make_examples(inputs, [clip.label for clip in clips], [subsets.get(clip.clip_id, "") for clip in clips])

    if isinstance(recipe, NetworkBaseline):
        examples = examples_of(np.load(stored, mmap_mode="c", allow_pickle=False))
        outcome = _network(recipe, examples, runtime, cell, stored, weights, key)
    else:
        names, values = load_descriptors(stored)
        examples = examples_of(values)
        threads = runtime.threads or default_workers()
        outcome = classical_cell(recipe, names, examples, [clip.group for clip in clips], given.seed, threads)
        save_model(weights / "model.safetensors", outcome.model)
    write_outcome(Path("runs", place), outcome, examples, [clip.clip_id for clip in clips], cell | {"repeat": repeat})


def _network(
    recipe: NetworkBaseline, examples: Examples, runtime: Runtime, cell: dict, stored: Path, weights: Path, key: str
) -> Any:
    rate = parameters("preprocess.sample_rate")
    depends = [cell, recipe.model_dump(mode="json"), runtime.model_dump(mode="json"), rate]
    files = [
        stored,
        Path("data/clips.csv"),
        Path("data/splits.csv"),
        Path("data/code", f"baseline-{cell['model']}.json"),
    ]
    checkpoint = Checkpoint(Path(".ckpt", identity(depends, files)), runtime.checkpoint_seconds)
    outcome = network_cell(
        recipe,
        examples,
        rate,
        runtime,
        cell["seed"],
        checkpoint,
        report=lambda row: print(_line(cell, row), file=sys.stderr, flush=True),
        key=key,
    )
    # A base of its own, without tensors, so that a baseline's weights are read as any cell's are.
    save_base(weights / "base.safetensors", *random_base(recipe.backbone))
    save_delta(weights / "delta.safetensors", outcome.network, weights / "base.safetensors")
    checkpoint.remove()
    return outcome


def _line(cell: dict, row: dict) -> str:
    return (
        f"{cell['model']}-{cell['freeze']}-{cell['seed']} epoch {row['epoch']:3d}: train loss {row['train_loss']:.3f}, "
        f"valid loss {row['valid_loss']:.3f}, valid accuracy {row['valid_accuracy']:.3f}"
    )


if __name__ == "__main__":
    run(main)
