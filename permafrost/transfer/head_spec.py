"""What one head is, what it is trained on, and what training leaves. torch and numpy are all that this needs."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from permafrost.errors import PermafrostError
from permafrost.transfer.epochs import better, epoch_rate
from permafrost.transfer.seeding import stream_seed

OPTIMISERS = ("adamw", "adam", "sgd")
SCHEDULES = ("constant", "cosine")
SELECTIONS = ("accuracy", "loss", "last")


@dataclass(frozen=True)
class HeadSpec:
    """One head on fixed embeddings: its shape and how it is trained.

    Attributes:
        seed: fixes the first weights and the order of batches, as a cell's seed does.
        hidden: widths of hidden layers with ReLU after each; ``()`` is a linear head.
        optimiser: ``adamw`` or ``adam`` (betas 0.9 and 0.999, eps 1e-8), or ``sgd`` with ``momentum``.
        schedule: ``constant``, or ``cosine`` to zero, once an epoch, after ``warmup_epochs`` of linear warm-up.
        select: what makes an epoch the best: validation ``accuracy`` (ties go to the lower loss), ``loss``, ``last``.
    """

    seed: int
    lr: float
    weight_decay: float = 0.0
    hidden: tuple[int, ...] = ()
    optimiser: str = "adamw"
    momentum: float = 0.9
    batch_size: int = 100
    epochs: int = 25
    schedule: str = "constant"
    warmup_epochs: int = 0
    label_smoothing: float = 0.0
    select: str = "accuracy"

    def __post_init__(self) -> None:
        for name, allowed in (("optimiser", OPTIMISERS), ("schedule", SCHEDULES), ("select", SELECTIONS)):
            if getattr(self, name) not in allowed:
                raise PermafrostError(f"head: {name} {getattr(self, name)!r}; expected one of {', '.join(allowed)}")
        for name in ("lr", "batch_size", "epochs"):
            if not getattr(self, name) > 0:
                raise PermafrostError(f"head: {name} {getattr(self, name)!r}; expected a number above zero")
        for name in ("seed", "weight_decay", "warmup_epochs"):
            if getattr(self, name) < 0:
                raise PermafrostError(f"head: {name} {getattr(self, name)!r}; expected zero or more")
        for name in ("momentum", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise PermafrostError(f"head: {name} {getattr(self, name)!r}; expected at least 0 and below 1")
        if any(width < 1 for width in self.hidden):
            raise PermafrostError(f"head: hidden {self.hidden}; expected widths of 1 or more")

    def rate(self, epoch: int) -> float:
        """The learning rate of ``epoch`` (from 0)."""
        return epoch_rate(self.lr, self.schedule, self.epochs, self.warmup_epochs, epoch)


@dataclass(frozen=True)
class Embeddings:
    """Fixed embeddings, and who trains, validates and tests.

    Attributes:
        values: float32 [clips, size].
        labels: int64 [clips], each below ``classes``.
        classes: number of classes.
        rows: for ``train``, ``valid`` and ``test``, int64 row numbers.
    """

    values: Tensor
    labels: Tensor
    classes: int
    rows: dict[str, Tensor]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.labels.shape != self.values.shape[:1]:
            raise PermafrostError(
                f"embeddings of shape {tuple(self.values.shape)} and labels of shape {tuple(self.labels.shape)}; "
                "expected [clips, size] and [clips]"
            )
        for subset in ("train", "valid", "test"):
            if not len(self.rows.get(subset, ())):
                raise PermafrostError(f"embeddings: no clip in {subset!r}; expected rows for train, valid and test")
        if not 0 <= int(self.labels.min()) <= int(self.labels.max()) < self.classes:
            raise PermafrostError(
                f"embeddings: labels from {int(self.labels.min())} to {int(self.labels.max())}; expected 0 to "
                f"{self.classes - 1}, one of {self.classes} classes"
            )

    @property
    def size(self) -> int:
        """Length of an embedding."""
        return self.values.shape[1]


@dataclass
class FittedHead:
    """One trained head.

    Attributes:
        history: one row an epoch, with the keys of a cell's history.
        best_epoch: from 1; 0 where training diverged before the first epoch ended.
        probabilities: of the best epoch, for ``valid`` and ``test``, float64 [clips of the subset, classes].
        state: of the best epoch, for ``head_module(spec, ...)``; None where it was not asked for.
        diverged: whether the training loss stopped being finite; the history ends before that epoch.
    """

    spec: HeadSpec
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    probabilities: dict[str, np.ndarray] = field(default_factory=dict)
    state: dict[str, Tensor] | None = None
    diverged: bool = False

    def better(self, row: dict[str, float]) -> bool:
        """Whether ``row`` beats the best epoch so far."""
        return better(self.spec.select, row, self.history[self.best_epoch - 1] if self.best_epoch else None)


def head_module(spec: HeadSpec, size: int, classes: int) -> nn.Sequential:
    """The head of ``spec`` for embeddings of ``size``, with the first weights of its seed.

    nn.Linear's own initialisation, under a seed of its own; the global generator is left as it was.
    """
    widths = [size, *spec.hidden, classes]
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(stream_seed(spec.seed, "head"))
        for number in range(len(widths) - 1):
            layers += [nn.Linear(widths[number], widths[number + 1]), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
