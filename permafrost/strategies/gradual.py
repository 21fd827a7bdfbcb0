"""Gradual unfreezing: the head alone first, then one unit more every few epochs, from the top down.

Source: Howard and Ruder, ULMFiT, ACL 2018: one unit an epoch, each at the rate of the one above divided by 2.6.
"""

from typing import Annotated

from pydantic import Field

from permafrost.models.network import Network
from permafrost.settings import Count
from permafrost.strategies.phase import Phase, whole_parts
from permafrost.strategies.reading import StrategySettings


class Settings(StrategySettings):
    """``every`` epochs, ``units`` more begin to learn; each unit at ``decay`` times the rate of the one above it. The
    pooling begins with the last unit. What the run has left when the stem has begun belongs to the last phase."""

    every: Count = 1
    units: Count = 1
    decay: Annotated[float, Field(gt=0, le=1)] = 1 / 2.6


def phases(network: Network, settings: Settings, key: str) -> list[Phase]:
    """A phase for the head, and one for each step downwards."""
    downwards = network.unit_names[::-1]
    scales = {name: settings.decay**place for place, name in enumerate(downwards)} | {"pool": 1.0}
    made = []
    for count in [*range(0, len(downwards), settings.units), len(downwards)]:
        learning = [*downwards[:count], *(["pool"] if count else [])]
        chosen = {name: scales[name] for name in learning}
        epochs = settings.every if count < len(downwards) else None
        made.append(Phase(whole_parts(network, chosen), frozenset(learning), epochs))
    return made
