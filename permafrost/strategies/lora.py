"""LoRA: frozen weights, to each of which a product of two small matrices is added that learns.

Source: Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022. A convolution's kernel counts as the
matrix [output channels, all others].
"""

from typing import Literal

from torch import nn

from permafrost.errors import PermafrostError
from permafrost.models.adapters import add_low_rank
from permafrost.models.network import Network
from permafrost.settings import Count, Positive
from permafrost.strategies.depth import Units, count_units
from permafrost.strategies.phase import Phase, whole_parts
from permafrost.strategies.reading import StrategySettings

KINDS: dict[str, tuple[type[nn.Module], ...]] = {
    "linear": (nn.Linear,),
    "convolution": (nn.Conv1d, nn.Conv2d, nn.Conv3d),
    "all": (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d),
}


class Settings(StrategySettings):
    """``rank`` of the products, which count ``alpha / rank``; ``layers``: which kinds of layers have one (a depthwise
    kernel, smaller than its product, never has); ``after_units``: the first so many units have none, as ``freeze`` of
    kind depth. BatchNorm statistics stay; ``statistics: moving`` lets them follow the training batches."""

    rank: Count = 8
    alpha: Positive = 8.0
    layers: Literal["linear", "convolution", "all"] = "all"
    after_units: Units = 0
    statistics: Literal["frozen", "moving"] = "frozen"


def phases(network: Network, settings: Settings, key: str) -> list[Phase]:
    """One phase: the products learn and the whole head; the network gets its adapters, which add nothing yet."""
    units = network.unit_names
    parts = {*units[count_units(settings.after_units, units, f"{key}.after_units") :], "pool"}
    chosen = [
        name
        for name, module in network.named_modules()
        if isinstance(module, KINDS[settings.layers])
        and network.part_of(name) in parts
        and _gains(module.weight, settings.rank)
    ]
    if not chosen:
        kind = "linear or convolutional" if settings.layers == "all" else settings.layers
        raise PermafrostError(
            f"{key}.layers: {settings.layers!r}, but this backbone has no {kind} layer after the first "
            f"{settings.after_units} units that a product of rank {settings.rank} makes smaller; use another kind of "
            "layers, a lower rank, or fewer units"
        )
    names = add_low_rank(network, chosen, settings.rank, settings.alpha)
    learning = frozenset(map(network.part_of, chosen))
    return [
        Phase(dict.fromkeys(names, 1.0) | whole_parts(network, {}), learning, moving=settings.statistics == "moving")
    ]


def _gains(weight: nn.Parameter, rank: int) -> bool:
    rows, columns = weight.shape[0], weight[0].numel()
    return rank * (rows + columns) < rows * columns
