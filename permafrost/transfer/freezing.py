"""Freezing strategies: which leading units of a backbone are frozen, and what frozen means."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

from permafrost.errors import PermafrostError
from permafrost.models.network import Network
from permafrost.settings import Settings, nearest, shown

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class Freezing(Settings):
    """One entry of ``freezing``.

    ``freeze`` is a number of leading units (``0`` trains everything, ``1`` freezes the stem), a fraction of the blocks
    as a float (``0.5``: the stem and half of the blocks, rounded half up), the name of the last frozen unit
    (``stem``, ``block7``), or ``all``: every unit and the pooling after them, so that only the head is trained.

    ``class_token: trainable`` and ``batchnorm: drift`` repeat what published code did by oversight: the class token
    stayed trainable in a frozen stem, and frozen BatchNorm layers went on updating their statistics.
    """

    freeze: int | float | str
    class_token: Literal["frozen", "trainable"] = "frozen"
    batchnorm: Literal["frozen", "drift"] = "frozen"


def frozen_count(freezing: Freezing, units: Sequence[str], key: str = "freezing") -> int:
    """How many of ``units`` (forward order, the stem first) ``freezing`` freezes.

    Raises:
        PermafrostError: no such unit, a count beyond the last unit or a fraction outside [0, 1]; it names ``key``.
    """
    choice = freezing.freeze
    blocks = len(units) - 1
    if choice == "all":
        return len(units)
    if isinstance(choice, str):
        if choice not in units:
            raise PermafrostError(
                f"{key}.freeze: no unit {shown(choice)}; this backbone has {_span(units)}, or 'all'"
                + nearest(choice, [*units, "all"])
            )
        return units.index(choice) + 1
    if isinstance(choice, float):
        if not 0 <= choice <= 1:
            raise PermafrostError(f"{key}.freeze: got {choice}, expected a fraction of the blocks between 0.0 and 1.0")
        return 1 + int(choice * blocks + 0.5) if choice > 0 else 0
    if not 0 <= choice <= len(units):
        raise PermafrostError(
            f"{key}.freeze: got {choice}, expected a number of units from 0 to {len(units)} ({_span(units)})"
        )
    return choice


class FrozenPrefix:
    """The frozen units of one network: sets what takes a gradient, and keeps them in evaluation mode.

    A frozen unit's parameters take no gradient, and its BatchNorm statistics and dropout are as in evaluation. Where
    every unit is frozen, the pooling that follows (a ViT's final LayerNorm) is frozen too.
    """

    def __init__(self, network: Network, freezing: Freezing, key: str = "freezing") -> None:
        units = network.units
        self.network = network
        self.count = frozen_count(freezing, list(units), key)
        self.modules: list[nn.Module] = list(units.values())[: self.count]
        if self.count == len(units):
            self.modules.append(network.pool)
        self.drift = freezing.batchnorm == "drift"
        self._class_token = getattr(network.stem, "class_token", None)
        self.token_trains = freezing.class_token == "trainable" and self._class_token is not None and self.count > 0
        for module in self.modules:
            module.requires_grad_(False)
        if self.token_trains:
            self._class_token.requires_grad_(True)

    @property
    def batch_norms(self) -> list[nn.Module]:
        """The BatchNorm layers of the frozen part."""
        return [part for module in self.modules for part in module.modules() if isinstance(part, BATCH_NORMS)]

    @property
    def everything(self) -> bool:
        """Whether only the head is trained."""
        return len(self.modules) > self.count

    @property
    def constant(self) -> bool:
        """Whether the prefix gives the same output for the same input throughout training, so that it can be cached."""
        return self.count > 0 and not self.token_trains and not (self.drift and self.batch_norms)

    def train_mode(self) -> None:
        """Put the network into training mode, except for what is frozen."""
        self.network.train()
        for module in self.modules:
            module.eval()
        if self.drift:
            for norm in self.batch_norms:
                norm.train()

    def run(self, x: torch.Tensor) -> torch.Tensor:
        """Output of the frozen part for a prepared batch ``x`` [B, ...]: activations, or embeddings under ``all``."""
        x = self.network.run(x, 0, self.count)
        return self.network.pooled(x) if self.everything else x

    def rest(self, x: torch.Tensor) -> torch.Tensor:
        """Logits [B, classes] from the output of ``run``."""
        if not self.everything:
            x = self.network.pooled(self.network.run(x, self.count, len(self.network.units)))
        return self.network.head(x)


def _span(units: Sequence[str]) -> str:
    return f"units {', '.join(units)}" if len(units) <= 4 else f"units {units[0]}, {units[1]} … {units[-1]}"
