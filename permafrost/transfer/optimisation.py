"""Optimisers and learning-rate schedules by name."""

from collections.abc import Mapping

import torch

from permafrost.transfer.epochs import epoch_rate
from permafrost.transfer.fused_steps import FusedSteps
from permafrost.transfer.recipe import Training

Scaled = Mapping[torch.nn.Parameter, float]
KEPT = ("best", "num_bad_epochs")  # of the plateau rule


def make_optimiser(scaled: Scaled, settings: Training, apart: bool = False) -> torch.optim.Optimizer | FusedSteps:
    """The recipe's optimiser, a group of parameters for each scale, or each its own where they are to stand ``apart``.

    On CPU and CUDA the fused kernels alone; torch's own objects, which give the same bits, where the device has none.
    """
    groups: dict[object, dict] = {}
    for parameter, scale in scaled.items():
        group = groups.setdefault(parameter if apart else scale, {"params": [], "scale": scale, "lr": 0.0})
        group["params"].append(parameter)
    made = list(groups.values())
    if all(parameter.device.type in ("cpu", "cuda") for parameter in scaled):
        return FusedSteps(made, settings.optimiser, settings.weight_decay, settings.momentum)
    common = {"lr": 0.0, "weight_decay": settings.weight_decay}
    if settings.optimiser == "sgd":
        return torch.optim.SGD(made, momentum=settings.momentum, **common)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[settings.optimiser](made, **common)


def set_rates(optimiser: torch.optim.Optimizer | FusedSteps, rate: float) -> None:
    """Let every group learn at its scale's share of ``rate``."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["scale"]


class Schedule:
    """The learning rate of each epoch: constant, cosine to zero, or reduced on a plateau, after a linear warm-up."""

    def __init__(self, settings: Training, lr: float) -> None:
        self.settings, self.lr = settings, lr
        self.plateau = None
        if settings.schedule == "plateau":
            # torch's rule wants an optimiser: this one holds nothing but the rate.
            self.holder = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
            self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
                self.holder, factor=settings.plateau_factor, patience=settings.plateau_patience
            )

    def rate(self, epoch: int) -> float:
        """The rate of ``epoch`` (0-based), for scale 1."""
        s = self.settings
        if self.plateau is not None and epoch >= s.warmup_epochs:
            return self.holder.param_groups[0]["lr"]
        return epoch_rate(self.lr, s.schedule, s.epochs, s.warmup_epochs, epoch)

    def end_epoch(self, epoch: int, valid_loss: float) -> None:
        """Tell the plateau rule how ``epoch`` went."""
        if self.plateau is not None and epoch >= self.settings.warmup_epochs:
            self.plateau.step(valid_loss)

    def state(self) -> dict:
        """What a resumed run needs beside the optimiser's own state."""
        if self.plateau is None:
            return {}
        return {name: getattr(self.plateau, name) for name in KEPT} | {"lr": self.holder.param_groups[0]["lr"]}

    def load_state(self, state: dict) -> None:
        """Continue from ``state``."""
        if self.plateau is not None:
            self.holder.param_groups[0]["lr"] = state["lr"]
            for name in KEPT:
                setattr(self.plateau, name, state[name])
