"""Layer-wise decay of the learning rate: a unit that is d units below the head learns at rate · decay^d.

Source: Clark et al., ELECTRA, ICLR 2020; Bao, Dong and Wei, BEiT, ICLR 2022 (.65 to .9).
"""

from typing import Annotated

from pydantic import Field

from permafrost.models.network import Network
from permafrost.strategies.phase import Phase, whole_parts
from permafrost.strategies.reading import StrategySettings


class Settings(StrategySettings):
    """``decay`` of each unit downwards; head and pooling learn at the full rate."""

    decay: Annotated[float, Field(gt=0, le=1)] = 0.75


def phases(network: Network, settings: Settings, key: str) -> list[Phase]:
    """One phase in which everything learns."""
    units = network.unit_names
    scales = {name: settings.decay ** (len(units) - place) for place, name in enumerate(units)} | {"pool": 1.0}
    return [Phase(whole_parts(network, scales), frozenset(scales))]
