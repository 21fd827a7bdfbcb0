"""Train one cell: a model, a freezing strategy and a seed."""

import argparse
import sys
from pathlib import Path

import numpy as np

from permafrost.data.tables import read_clips, read_splits, subsets_for_seed
from permafrost.models.deltas import save_delta
from permafrost.models.weights import load_base
from permafrost.provenance.identity import identity
from permafrost.transfer.cell import train_cell
from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.examples import make_examples
from permafrost.transfer.freezing import Freezing
from permafrost.transfer.recipe import Runtime, Training
from permafrost.transfer.recording import write_outcome
from stages.stage import parameters, part, run, section


def main() -> None:
    """Read inputs, base weights and split of one cell; write its metrics and the weights that training changed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", required=True)
    arguments.add_argument("--freeze", required=True)
    arguments.add_argument("--seed", required=True, type=int)
    cell = vars(arguments.parse_args())
    model, freeze, seed = cell.values()
    place = Path(model, freeze, str(seed))
    recipe, strategy = f"models.{model}", f"freezing.{freeze}"
    inputs = Path("data/inputs", f"{model}.npy")
    base = Path("weights/base", f"{model}.safetensors")
    clips_table, splits_table = Path("data/clips.csv"), Path("data/splits.csv")
    code = Path("data/code", f"train-{model}.json")

    clips = read_clips(clips_table)
    repeat, subsets = subsets_for_seed(read_splits(splits_table), seed)
    examples = make_examples(
        np.load(inputs, mmap_mode="c"),
        labels=[clip.label for clip in clips],
        subsets=[subsets.get(clip.clip_id, "") for clip in clips],
    )
    runtime = section("train", Runtime)
    depends = [cell, parameters(recipe), parameters(strategy), runtime.model_dump()]
    checkpoint = Checkpoint(
        Path(".ckpt", identity(depends, [inputs, base, clips_table, splits_table, code])), runtime.checkpoint_seconds
    )
    state, metadata = load_base(base)
    outcome = train_cell(
        backbone=parameters(f"{recipe}.backbone"),
        base=(state, metadata),
        examples=examples,
        training=part(recipe, Training),
        freezing=section(strategy, Freezing),
        runtime=runtime,
        seed=seed,
        checkpoint=checkpoint,
        report=lambda row: print(_line(cell, row), file=sys.stderr, flush=True),
        key=strategy,
    )
    save_delta(Path("runs", place, "delta.safetensors"), outcome.network, base)
    write_outcome(Path("runs", place), outcome, examples, [clip.clip_id for clip in clips], cell | {"repeat": repeat})
    checkpoint.remove()


def _line(cell: dict, row: dict) -> str:
    return (
        f"{cell['model']}-{cell['freeze']}-{cell['seed']} epoch {row['epoch']:3d}: train loss {row['train_loss']:.3f}, "
        f"valid loss {row['valid_loss']:.3f}, valid accuracy {row['valid_accuracy']:.3f}"
    )


if __name__ == "__main__":
    run(main)
