"""Train one run: a model, a freezing strategy and a seed."""

import argparse
from pathlib import Path

import numpy as np

from permafrost.audio.inputs import Rendered
from permafrost.evaluation.records import RUNS, make_record, read_project, recipe_for
from permafrost.evaluation.study import Run, needed
from permafrost.evaluation.study_progress import tell_progress
from permafrost.models.deltas import load_delta, save_delta
from permafrost.models.weights import load_base
from permafrost.settings import part_of
from permafrost.strategies.reading import read_strategy
from permafrost.transfer.cell import Cell, train_cell
from permafrost.transfer.examples import read_examples
from permafrost.transfer.hearing import input_rate
from permafrost.transfer.recipe import Machine, Runtime, StrategyTraining
from permafrost.transfer.recording import Recorder
from stages import STARTED
from stages.stage import parameters, part, run, section

DELTA = "delta.safetensors"


def main() -> None:
    """Read inputs, base weights and split of one run; write its record, its scores and what training changed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", required=True)
    arguments.add_argument("--freeze", required=True)
    arguments.add_argument("--seed", required=True, type=int)
    this = Run(**vars(arguments.parse_args()))
    recipe, strategy = f"models.{this.model}", f"freezing.{this.freeze}"
    data, inputs = Path("data"), Path("data/inputs", f"{this.model}.npy")
    base = Path("weights/base", f"{this.model}.safetensors")
    project, machine = read_project(parameters("")), section("machine", Machine)
    training = part_of(recipe_for(parameters(recipe), this.freeze), StrategyTraining, recipe)
    backbone = parameters(f"{recipe}.backbone")
    rate = input_rate(part(recipe, Rendered).input, training, backbone, parameters("preprocess.sample_rate"), recipe)
    tell_progress(this, project)

    # Of the runs that this one begins with DVC knows the whole folders.
    begins = [RUNS / Run(this.model, other, this.seed).folder for other in needed(parameters(strategy))]
    record = make_record(this, project, [data / "clips.csv", data / "splits.csv", inputs, base])
    recorder = Recorder(this, record, machine, STARTED)
    examples, clips, repeat = read_examples(np.load(inputs, mmap_mode="c", allow_pickle=False), data, this.seed)
    cell = Cell(
        backbone=backbone,
        base=load_base(base),
        examples=examples,
        training=training,
        strategy=read_strategy(parameters(strategy), strategy),
        seed=this.seed,
        runtime=section("train", Runtime),
        machine=machine,
        sample_rate=rate,
        earlier=tuple(load_delta(folder / DELTA, base).state_dict() for folder in begins),
    )
    outcome = train_cell(cell, recorder.checkpoint, recorder.tell)
    save_delta(recorder.folder / DELTA, outcome.network, base)
    recorder.write(outcome, examples, [clip.clip_id for clip in clips], repeat)


if __name__ == "__main__":
    run(main)
