"""Parameters of one sort learn, in every unit: biases, or the scale and shift of normalisation layers.

Sources: Ben Zaken, Goldberg and Ravfogel, BitFit, ACL 2022 (biases); Frankle, Schwab and Morcos, Training BatchNorm and
Only BatchNorm, ICLR 2021 (norm).
"""

from typing import Literal

from torch import nn

from permafrost.errors import PermafrostError
from permafrost.models.network import NORMS, Network
from permafrost.strategies.phase import Phase, whole_parts
from permafrost.strategies.reading import StrategySettings


class Settings(StrategySettings):
    """``learn``: ``bias`` (every bias, those of normalisation layers too) or ``norm`` (their scale and shift).

    ``statistics: moving`` lets BatchNorm statistics follow the training batches; ``frozen`` keeps them.
    """

    learn: Literal["bias", "norm"]
    statistics: Literal["frozen", "moving"] = "frozen"


def phases(network: Network, settings: Settings, key: str) -> list[Phase]:
    """One phase: these parameters of units and pooling learn, and the whole head."""
    wanted = _biases(network) if settings.learn == "bias" else _norms(network)
    wanted = [name for name in wanted if network.part_of(name) != "head"]
    if not wanted:
        raise PermafrostError(f"{key}.learn: this backbone has no {settings.learn} outside its head; use another")
    scales = dict.fromkeys(wanted, 1.0) | whole_parts(network, {})
    learning = frozenset(map(network.part_of, wanted))
    return [Phase(scales, learning, moving=settings.statistics == "moving")]


def _biases(network: nn.Module) -> list[str]:
    return [name for name, _ in network.named_parameters() if name.rpartition(".")[2].endswith("bias")]


def _norms(network: nn.Module) -> list[str]:
    return [
        f"{place}.{name}"
        for place, module in network.named_modules()
        if isinstance(module, NORMS)
        for name, _ in module.named_parameters(recurse=False)
    ]
