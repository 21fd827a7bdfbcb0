"""Train one run: a model, a freezing strategy and a seed."""

import argparse
from pathlib import Path

import numpy as np

from permafrost.audio.inputs import Rendered
from permafrost.evaluation.records import make_record, read_project, recipe_for
from permafrost.evaluation.study import Run
from permafrost.evaluation.study_progress import tell_progress
from permafrost.models.deltas import save_delta
from permafrost.models.weights import load_base
from permafrost.settings import part_of
from permafrost.transfer.cell import train_cell
from permafrost.transfer.examples import read_examples
from permafrost.transfer.freezing import Freezing
from permafrost.transfer.hearing import input_rate
from permafrost.transfer.recipe import Machine, Runtime, StrategyTraining
from permafrost.transfer.recording import Recorder
from stages import STARTED
from stages.stage import parameters, part, run, section


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

    record = make_record(this, project, [data / "clips.csv", data / "splits.csv", inputs, base])
    recorder = Recorder(this, record, machine, STARTED)
    examples, clips, repeat = read_examples(np.load(inputs, mmap_mode="c", allow_pickle=False), data, this.seed)
    outcome = train_cell(
        backbone=backbone,
        base=load_base(base),
        examples=examples,
        training=training,
        freezing=section(strategy, Freezing),
        runtime=section("train", Runtime),
        machine=machine,
        seed=this.seed,
        checkpoint=recorder.checkpoint,
        report=recorder.tell,
        key=strategy,
        sample_rate=rate,
        random_statistics=training.random_statistics,
    )
    save_delta(recorder.folder / "delta.safetensors", outcome.network, base)
    recorder.write(outcome, examples, [clip.clip_id for clip in clips], repeat)


if __name__ == "__main__":
    run(main)
