"""Optimisers and learning-rate schedules by name."""

import math
from collections.abc import Iterable

import torch

from permafrost.transfer.fused_steps import FusedSteps
from permafrost.transfer.recipe import Training


def make_optimiser(parameters: Iterable[torch.nn.Parameter], settings: Training) -> torch.optim.Optimizer | FusedSteps:
    """The recipe's optimiser over ``parameters``.

    On CPU and CUDA the fused kernels alone; torch's own objects, which give the same bits, where the plateau rule needs
    one of them or where the device has no such kernels.
    """
    parameters = list(parameters)
    if settings.schedule != "plateau" and all(p.device.type in ("cpu", "cuda") for p in parameters):
        return FusedSteps(parameters, settings.optimiser, settings.lr, settings.weight_decay, settings.momentum)
    common = {"lr": settings.lr, "weight_decay": settings.weight_decay}
    if settings.optimiser == "sgd":
        return torch.optim.SGD(parameters, momentum=settings.momentum, **common)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[settings.optimiser](parameters, **common)


class Schedule:
    """The learning rate of each epoch: constant, cosine to zero, or reduced on a plateau, after a linear warm-up.

    Rates change once an epoch, as in the published recipes. The cosine is that of Loshchilov and Hutter (2017) without
    restarts: lr · (1 + cos(π·e/E)) / 2 at epoch e of E, counted after the warm-up.
    """

    def __init__(self, optimiser: torch.optim.Optimizer | FusedSteps, settings: Training) -> None:
        self.optimiser = optimiser
        self.settings = settings
        self.plateau = None
        if settings.schedule == "plateau":
            self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
                optimiser, factor=settings.plateau_factor, patience=settings.plateau_patience
            )

    def begin_epoch(self, epoch: int) -> float:
        """Set and return the rate of ``epoch`` (0-based)."""
        s = self.settings
        warm = s.warmup_epochs
        if epoch < warm:
            rate = s.lr * (epoch + 1) / (warm + 1)
        elif self.plateau is not None:
            # The plateau rule owns the rate once the warm-up is over; it starts from the full one.
            rate = s.lr if epoch == warm else self.optimiser.param_groups[0]["lr"]
        elif s.schedule == "cosine":
            rate = s.lr * (1 + math.cos(math.pi * (epoch - warm) / max(1, s.epochs - warm))) / 2
        else:
            rate = s.lr
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return rate

    def end_epoch(self, epoch: int, valid_loss: float) -> None:
        """Tell the plateau rule how ``epoch`` went."""
        if self.plateau is not None and epoch >= self.settings.warmup_epochs:
            self.plateau.step(valid_loss)

    def state(self) -> dict:
        """What a resumed run needs beside the optimiser's own state."""
        if self.plateau is None:
            return {}
        return {"best": self.plateau.best, "num_bad_epochs": self.plateau.num_bad_epochs}

    def load_state(self, state: dict) -> None:
        """Continue from ``state``."""
        if self.plateau is not None:
            self.plateau.best, self.plateau.num_bad_epochs = state["best"], state["num_bad_epochs"]
