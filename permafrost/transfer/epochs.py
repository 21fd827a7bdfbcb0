"""What a trainer decides at each epoch: its learning rate, and whether it is the best so far."""

import math
from typing import Literal

Select = Literal["accuracy", "loss", "last"]


def epoch_rate(lr: float, schedule: str, epochs: int, warmup_epochs: int, epoch: int) -> float:
    """The learning rate of ``epoch`` (from 0) under ``constant`` or ``cosine``, after a linear warm-up.

    The cosine is that of Loshchilov and Hutter (2017) without restarts: lr · (1 + cos(π·e/E)) / 2 at epoch e of E,
    counted after the warm-up. Rates change once an epoch, as in the published recipes.
    """
    if epoch < warmup_epochs:
        return lr * (epoch + 1) / (warmup_epochs + 1)
    if schedule == "cosine":
        return lr * (1 + math.cos(math.pi * (epoch - warmup_epochs) / max(1, epochs - warmup_epochs))) / 2
    return lr


def better(select: Select, row: dict[str, float], best: dict[str, float] | None) -> bool:
    """Whether the epoch with the history's ``row`` beats ``best``, the row of the best so far (None: there is none).

    By validation ``accuracy`` (ties go to the lower loss), by ``loss``, or always (``last``).
    """
    if select == "last" or best is None:
        return True
    if select == "loss":
        return row["valid_loss"] < best["valid_loss"]
    return (row["valid_accuracy"], -row["valid_loss"]) > (best["valid_accuracy"], -best["valid_loss"])
