"""Low-rank adapters (LoRA): weights that stay, each with a product of two small matrices added that learns.

Source: Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from permafrost.models.network import Network

# What torch's parametrisation calls a weight that has an adapter, and the adapter's own.
ORIGINAL, ADAPTER = ".parametrizations.{}.original", ".parametrizations.{}.0."
FACTORS = ("up", "down")


class LowRank(nn.Module):
    """``weight + scale · up @ down``; ``up`` begins as zeros, so that nothing is added before training."""

    def __init__(self, weight: Tensor, rank: int, scale: float, draw: torch.Generator) -> None:
        super().__init__()
        rows, columns = weight.shape[0], weight[0].numel()
        self.scale = scale
        self.up = nn.Parameter(torch.zeros(rows, rank))
        self.down = nn.Parameter(torch.empty(rank, columns))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5), generator=draw)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight that the layer computes with, of the same shape."""
        return merged(weight, self.up, self.down, self.scale)


def merged(weight: Tensor, up: Tensor, down: Tensor, scale: float) -> Tensor:
    """``weight`` with the product added: the same operations, and so bits, whether stored apart or together."""
    return weight + (scale * (up @ down)).view_as(weight)


def add_low_rank(network: Network, layers: Iterable[str], rank: int, alpha: float) -> list[str]:
    """Give the weight of each of ``layers`` (names of modules) an adapter that counts ``alpha / rank``.

    What ``down`` begins as is drawn from the network's seed and the layer's name.

    Returns:
        The names of the adapters' parameters.
    """
    names = []
    for layer in layers:
        module = network.get_submodule(layer)
        digest = hashlib.sha256(f"{network.origin.seed if network.origin else 0}/lora/{layer}".encode()).digest()
        draw = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
        parametrize.register_parametrization(module, "weight", LowRank(module.weight, rank, alpha / rank, draw))
        names += [f"{layer}{ADAPTER.format('weight')}{factor}" for factor in FACTORS]
    return names


def plain_state(network: nn.Module) -> tuple[dict[str, Tensor], dict[str, float]]:
    """The tensors of ``network`` under the names that it has without adapters, and each adapted weight's scale.

    An adapter's factors are ``<weight>.up`` and ``<weight>.down``.
    """
    original, adapter = ORIGINAL.format("weight"), ADAPTER.format("weight")
    state = {
        name.replace(original, ".weight").replace(adapter, ".weight."): tensor
        for name, tensor in network.state_dict().items()
    }
    scales = {
        f"{name}.weight": module.parametrizations["weight"][0].scale
        for name, module in network.named_modules()
        if parametrize.is_parametrized(module, "weight")
    }
    return state, scales


def fits(weight: Tensor | None, up: Tensor | None, down: Tensor | None) -> bool:
    """Whether the product of ``up`` and ``down`` can be added to ``weight``."""
    if weight is None or up is None or down is None or not up.ndim == down.ndim == 2 or weight.ndim < 2:
        return False
    return (up.shape[0], down.shape[1]) == (weight.shape[0], weight[0].numel()) and up.shape[1] == down.shape[0]


def merge(state: dict[str, Tensor], changed: Mapping[str, Tensor], scales: Mapping[str, float]) -> None:
    """Add the adapters in ``changed`` to the weights in ``state``, in place."""
    with torch.no_grad():
        for name, scale in scales.items():
            state[name].copy_(merged(state[name], changed[f"{name}.up"], changed[f"{name}.down"], scale))
