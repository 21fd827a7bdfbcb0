"""Optimisers and learning-rate schedules by name."""

from collections.abc import Iterable

import torch

from permafrost.transfer.epochs import epoch_rate
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
    """The learning rate of each epoch: constant, cosine to zero, or reduced on a plateau, after a linear warm-up."""

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
        if self.plateau is not None and epoch > s.warmup_epochs:
            rate = self.optimiser.param_groups[0][
                "lr"
            ]  # the plateau rule owns it once it has started from the full one
        else:
            rate = epoch_rate(s.lr, s.schedule, s.epochs, s.warmup_epochs, epoch)
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
