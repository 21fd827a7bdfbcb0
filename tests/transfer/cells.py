"""Small cells for tests."""

import numpy as np
import torch

from permafrost.transfer.cell import train_cell
from permafrost.transfer.freezing import Freezing
from permafrost.transfer.recipe import Machine, Runtime, Training

RANDOM = ({}, {"source": "random"})


def small_cell(
    examples, backbone="strip_vit", freeze=0, seed=0, training=None, runtime=None, freezing=None, machine=None, **more
):
    return train_cell(
        backbone=backbone,
        base=({}, {"backbone": backbone, "source": "random"}),
        examples=examples,
        training=Training(**({"lr": 3e-3, "batch_size": 8, "epochs": 3} | (training or {}))),
        freezing=Freezing(freeze=freeze, **(freezing or {})),
        runtime=Runtime(**({"precision": "fp32", "threads": 1} | (runtime or {}))),
        machine=Machine(**({"device": "cpu"} | (machine or {}))),
        seed=seed,
        **more,
    )


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
