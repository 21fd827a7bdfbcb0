"""A cell in which the head alone is trained, with the steps of ``head_steps`` instead of the general loop."""

import math
import time
from collections.abc import Callable

import torch
from torch import nn

from permafrost.transfer.batches import CLEAN, CachedSource
from permafrost.transfer.head_spec import Embeddings, HeadSpec
from permafrost.transfer.head_steps import HeadTrainer
from permafrost.transfer.trainer import DivergedError, Fitted, Trainer

SAME_NAMES = ("optimiser", "lr", "weight_decay", "momentum", "batch_size", "epochs", "schedule", "warmup_epochs")


def head_alone(trainer: Trainer) -> bool:
    """Whether ``fit_head`` gives what ``trainer.fit`` would: a linear head on a CPU, embeddings that stay the same,
    and none of the settings that the written-out steps do not know."""
    settings = trainer.settings
    return (
        len(trainer.phases) == 1
        and trainer.prefix.everything
        and settings.objective == "cross_entropy"
        and type(trainer.network.head) is nn.Linear
        and isinstance(trainer.source, CachedSource)
        and not settings.augment.active
        and trainer.placement.device.type == "cpu"
        and settings.schedule != "plateau"
        and settings.clip_norm is None
        and settings.patience is None
    )


def fit_head(trainer: Trainer, report: Callable[[dict[str, float]], None] | None = None) -> Fitted:
    """Train the head of ``trainer.network`` and leave the best epoch's weights in it.

    Without a checkpoint: what is left of such a cell takes seconds, and starting it again gives the same bytes.

    Raises:
        DivergedError: the loss is no longer finite.
    """
    settings, examples, head = trainer.settings, trainer.examples, trainer.network.head
    rows, start = {}, 0
    for subset, members in examples.rows.items():
        rows[subset] = torch.arange(start, start + len(members))
        start += len(members)
    order = torch.cat(list(examples.rows.values()))
    values = trainer.source.batch(order, CLEAN).float()
    data = Embeddings(values, examples.labels[order], len(examples.classes), rows)
    spec = HeadSpec(
        seed=trainer.seed,
        label_smoothing=settings.label_smoothing,
        select=settings.select,
        **{name: getattr(settings, name) for name in SAME_NAMES},
    )
    began = time.perf_counter()
    steps = HeadTrainer(data, (), settings.batch_size, trainer.placement.bf16)
    found = steps.fit(spec, {"0.weight": head.weight.detach(), "0.bias": head.bias.detach()}, report)
    if found.diverged:
        raise DivergedError(
            f"the training loss is {math.nan} in epoch {len(found.history) + 1}: training diverged; lower lr (now "
            f"{settings.lr}), or use precision fp32"
        )
    with torch.no_grad():
        head.weight.copy_(found.state["0.weight"])
        head.bias.copy_(found.state["0.bias"])
    seconds = (time.perf_counter() - began) / settings.epochs
    return Fitted(found.history, found.best_epoch, [seconds] * len(found.history))
