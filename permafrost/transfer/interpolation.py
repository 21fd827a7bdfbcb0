"""Weights between those of two runs, chosen on validation, without training (WiSE-FT)."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from permafrost.transfer.trainer import Fitted, Trainer


def interpolate(
    trainer: Trainer, ends: Sequence[Mapping[str, Tensor]], alphas: Sequence[float]
) -> tuple[Fitted, dict[str, Any]]:
    """Leave (1 − α) · first + α · second of ``ends`` in the network, with the α that is best on validation.

    Equal accuracy goes to the lower loss, then to the smaller α. Integers (BatchNorm's counters) are the second's.

    Returns:
        A history of one row, and what metrics.json says of the choice: ``alpha``, and what each gave.
    """
    began = time.perf_counter()
    own = trainer.network.state_dict()

    def put(alpha: float) -> None:
        for name, tensor in own.items():
            first, second = (end[name].to(tensor.device) for end in ends)
            mixed = first.lerp(second, alpha) if tensor.is_floating_point() else second
            tensor.copy_(mixed)

    tried = []
    for alpha in alphas:
        put(alpha)
        found = trainer.evaluate("valid")
        tried.append({"alpha": alpha, "valid_accuracy": found["accuracy"], "valid_loss": found["loss"]})
    best = max(tried, key=lambda one: (one["valid_accuracy"], -one["valid_loss"], -one["alpha"]))
    put(best["alpha"])
    train = trainer.evaluate("train")
    row = {
        "epoch": 1,
        "train_loss": train["loss"],
        "train_accuracy": train["accuracy"],
        "valid_loss": best["valid_loss"],
        "valid_accuracy": best["valid_accuracy"],
        "lr": 0.0,
    }
    return Fitted([row], 1, [time.perf_counter() - began]), {"alpha": best["alpha"], "alphas": tried}
