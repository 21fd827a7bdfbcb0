"""Discriminative rates: each part of the network's depth learns at a share of the rate that a list gives.

Source: Howard and Ruder, Universal Language Model Fine-tuning for Text Classification (ULMFiT), ACL 2018.
"""

from typing import Annotated

from pydantic import Field

from permafrost.errors import PermafrostError
from permafrost.models.network import Network
from permafrost.settings import NonNegative
from permafrost.strategies.phase import Phase, whole_parts
from permafrost.strategies.reading import StrategySettings


class Settings(StrategySettings):
    """``scales`` from the stem upwards: the units are cut into as many runs of near-equal length; 0 is frozen. The head
    learns at the full rate, the pooling as the last unit."""

    scales: Annotated[tuple[NonNegative, ...], Field(min_length=1)]


def phases(network: Network, settings: Settings, key: str) -> list[Phase]:
    """One phase; units at scale 0 are frozen."""
    units, given = network.unit_names, settings.scales
    if len(given) > len(units):
        raise PermafrostError(
            f"{key}.scales: {len(given)} of them, but this backbone has {len(units)} units; expected at most as many"
        )
    scales = {name: given[place * len(given) // len(units)] for place, name in enumerate(units)}
    scales["pool"] = scales[units[-1]]
    return [Phase(whole_parts(network, scales), frozenset(name for name, scale in scales.items() if scale > 0))]
