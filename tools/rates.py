"""Choose a rate and epochs for each strategy on validation: python -m tools.rates --lr 0.01 0.02 --epochs 8 40.

Trains the grid for each model and strategy of params.yaml with the product's own trainer: the frozen units' output is
computed once for a whole grid. A seed's test clips are not looked at; but where splits differ from seed to seed, what
one validates on others test, and one choice for all has seen some of their test clips. Prints a table, and the lines to
paste into conf/rates/. What recipes start from and read must be there: `dvc repro render weights split`.
"""

import argparse
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from permafrost.audio.inputs import Rendered
from permafrost.errors import PermafrostError
from permafrost.models.weights import load_base
from permafrost.settings import choose
from permafrost.threads import limited_threads
from permafrost.transfer.cell import prepare_cell
from permafrost.transfer.examples import read_examples
from permafrost.transfer.freezing import Freezing
from permafrost.transfer.head_cell import fit_head, head_alone
from permafrost.transfer.hearing import input_rate
from permafrost.transfer.recipe import Machine, Runtime, StrategyTraining
from permafrost.transfer.trainer import Fitted, Trainer
from stages.stage import parameters, part, run, section

Rate = tuple[float, int]  # lr, epochs
CLOSE = 0.01 + 1e-9  # of accuracy: less is one or two validation clips, and not worth more epochs


class Tried(NamedTuple):
    """One rate of one strategy over all seeds: validation accuracies of the best epochs, how many of these are last."""

    lr: float
    epochs: int
    accuracies: list[float]
    last: int

    @property
    def mean(self) -> float:
        """Over seeds; 0 for a run that diverged."""
        return float(np.mean(self.accuracies))


def main() -> None:
    """Train the grid, print it and what it chooses."""
    study = parameters("study")
    parser = argparse.ArgumentParser(prog="python -m tools.rates", description=__doc__.split("\n")[0])
    parser.add_argument("--models", nargs="+", default=study["models"], help="default: the study's")
    parser.add_argument("--freezes", nargs="+", default=study["freezes"], help="strategies; default: the study's")
    parser.add_argument("--lr", nargs="+", type=float, required=True)
    parser.add_argument("--epochs", nargs="+", type=int, required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=study["seeds"][:2], help="default: the study's first 2")
    options = parser.parse_args()
    grid = [(lr, epochs) for epochs in options.epochs for lr in options.lr]
    for name, listed, key in (("models", options.models, "models"), ("freezes", options.freezes, "freezing")):
        for value in listed:
            choose(value, parameters(key), f"--{name}")
    print("| model | strategy | lr | epochs | validation, % | best epoch is the last |")
    print("| :-- | :-- | --: | --: | --: | --: |")
    lines = []
    for model in options.models:
        lines += [f"  {model}:", "    by_strategy:"]
        for freeze in options.freezes:
            tried = try_rates(model, freeze, grid, options.seeds)
            best = best_of(tried)
            for one in tried:
                mark = "**" if one is best else ""
                print(
                    f"| `{model}` | `{freeze}` | {one.lr:g} | {one.epochs} | {mark}{100 * one.mean:.1f}{mark} | "
                    f"{one.last} of {len(one.accuracies)} |",
                    flush=True,
                )
            lines.append(f"      {freeze}: {{lr: {best.lr:g}, epochs: {best.epochs}}}")
        asked = shlex.join(["python", "-m", "tools.rates", *sys.argv[1:]])
        lines.append(f'    rates_from: "validation, seeds {" ".join(map(str, options.seeds))}: {asked}"')
    print("\nmodels:\n" + "\n".join(lines))


def best_of(tried: list[Tried]) -> Tried:
    """The best by mean validation accuracy of those with the fewest epochs that come within ``CLOSE`` of the best."""
    top = max(one.mean for one in tried)
    near = [one for one in tried if one.mean >= top - CLOSE]
    return min(near, key=lambda one: (one.epochs, -one.mean, one.lr))


def try_rates(model: str, freeze: str, grid: list[Rate], seeds: list[int]) -> list[Tried]:
    """Each rate of ``grid`` for one strategy, over ``seeds``."""
    found: list[list[Fitted | None]] = [
        list(one) for one in zip(*(_fits(model, freeze, grid, s) for s in seeds), strict=True)
    ]
    return [
        Tried(
            *rate,
            [fitted.best_row["valid_accuracy"] if fitted else 0.0 for fitted in fits],
            sum(fitted is not None and fitted.best_epoch == rate[1] for fitted in fits),
        )
        for rate, fits in zip(grid, found, strict=True)
    ]


def _fits(model: str, freeze: str, grid: list[Rate], seed: int) -> Iterator[Fitted | None]:
    """What each rate leaves of one run; None where it diverges."""
    key = f"models.{model}"
    training, runtime, machine = part(key, StrategyTraining), section("train", Runtime), section("machine", Machine)
    backbone = parameters(f"{key}.backbone")
    rate = input_rate(part(key, Rendered).input, training, backbone, parameters("preprocess.sample_rate"), key)
    inputs = np.load(Path("data/inputs", f"{model}.npy"), mmap_mode="c", allow_pickle=False)
    examples, _, _ = read_examples(inputs, Path("data"), seed)
    with limited_threads(runtime.threads):
        ready = prepare_cell(
            backbone, load_base(Path("weights/base", f"{model}.safetensors")), examples, training,
            section(f"freezing.{freeze}", Freezing), runtime, seed, machine, None, f"freezing.{freeze}", rate,
            training.random_statistics,
        )  # fmt: skip
        start = {name: tensor.clone() for name, tensor in ready.network.state_dict().items()}
        for lr, epochs in grid:
            ready.network.load_state_dict(start)
            settings = training.model_copy(update={"lr": lr, "epochs": epochs})
            trainer = Trainer(ready.prefix, ready.source, examples, settings, ready.placement, seed, runtime.compile)
            try:
                yield fit_head(trainer) if head_alone(trainer) else trainer.fit()
            except PermafrostError:
                yield None


if __name__ == "__main__":
    run(main)
