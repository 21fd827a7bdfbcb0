"""Train one run of a baseline: a model without a freezing dimension, and a seed."""

import argparse
from pathlib import Path

import numpy as np

from permafrost.baselines.cell import classical_cell
from permafrost.baselines.network import network_cell, random_base
from permafrost.baselines.recipe import NetworkBaseline, read_baseline
from permafrost.baselines.stored import save_model
from permafrost.data.descriptor_table import load_descriptors
from permafrost.evaluation.records import make_record, read_project
from permafrost.evaluation.study import NO_STRATEGY, Run
from permafrost.evaluation.study_progress import tell_progress
from permafrost.models.deltas import save_delta
from permafrost.models.weights import save_base
from permafrost.transfer.cell import train_cell
from permafrost.transfer.examples import read_examples
from permafrost.transfer.recipe import Machine, Runtime
from permafrost.transfer.recording import Recorder
from stages import STARTED
from stages.stage import parameters, run, section


def main() -> None:
    """Read input and split of one run; write its record, its scores and its model."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--baseline", required=True)
    arguments.add_argument("--seed", required=True, type=int)
    given = arguments.parse_args()
    this = Run(given.baseline, NO_STRATEGY, given.seed)
    key = f"baselines.{this.model}"
    data, inputs = Path("data"), Path("data/inputs", f"{this.model}.npy")
    recipe, runtime = read_baseline(parameters(key), key), section("train", Runtime)
    project, machine = read_project(parameters("")), section("machine", Machine)
    tell_progress(this, project)

    record = make_record(this, project, [data / "clips.csv", data / "splits.csv", inputs])
    recorder = Recorder(this, record, machine, STARTED)
    folder = recorder.folder
    if isinstance(recipe, NetworkBaseline):
        examples, clips, repeat = read_examples(np.load(inputs, mmap_mode="c", allow_pickle=False), data, this.seed)
        rate = parameters("preprocess.sample_rate")
        cell = network_cell(recipe, examples, rate, runtime, this.seed, machine, key)
        outcome = train_cell(cell, recorder.checkpoint, recorder.tell)
        # A base of its own, without tensors, so that a baseline's weights are read as any run's are.
        save_base(folder / "base.safetensors", *random_base(recipe.backbone))
        save_delta(folder / "delta.safetensors", outcome.network, folder / "base.safetensors")
    else:
        names, values = load_descriptors(inputs)
        examples, clips, repeat = read_examples(values, data, this.seed)
        outcome = classical_cell(recipe, names, examples, [clip.group for clip in clips], this.seed, runtime.threads)
        save_model(folder / "model.safetensors", outcome.model)
    recorder.write(outcome, examples, [clip.clip_id for clip in clips], repeat)


if __name__ == "__main__":
    run(main)
