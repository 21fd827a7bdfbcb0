"""Small cells for tests."""

import numpy as np
import torch

from permafrost.strategies.reading import read_strategy
from permafrost.transfer.cell import Cell, train_cell
from permafrost.transfer.recipe import Machine, Runtime, Training

RANDOM = ({}, {"source": "random"})


def a_cell(
    examples, backbone="strip_vit", freeze=0, seed=0, training=None, runtime=None, freezing=None, machine=None, **more
):
    """A cell of 3 epochs on one thread; ``freezing`` is the strategy's entry, or adds to ``freeze``."""
    entry = freezing if "kind" in (freezing or {}) else {"freeze": freeze} | (freezing or {})
    return Cell(
        backbone=backbone,
        base=more.pop("base", ({}, {"backbone": backbone, "source": "random"})),
        examples=examples,
        training=Training(**({"lr": 3e-3, "batch_size": 8, "epochs": 3} | (training or {}))),
        strategy=read_strategy(entry, "freezing.tried"),
        seed=seed,
        runtime=Runtime(**({"precision": "fp32", "threads": 1} | (runtime or {}))),
        machine=Machine(**({"device": "cpu"} | (machine or {}))),
        **more,
    )


def small_cell(*arguments, checkpoint=None, report=None, **more):
    """The outcome of ``a_cell``."""
    return train_cell(a_cell(*arguments, **more), checkpoint, report)


def same(first, second) -> bool:
    """Whether two outcomes agree to the last bit in history, probabilities and weights."""
    return (
        first.fitted.history == second.fitted.history
        and first.fitted.best_epoch == second.fitted.best_epoch
        and all(np.array_equal(first.probabilities[s], second.probabilities[s]) for s in first.probabilities)
        and all(
            torch.equal(a, b)
            for a, b in zip(first.network.state_dict().values(), second.network.state_dict().values(), strict=True)
        )
    )
