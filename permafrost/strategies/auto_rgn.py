"""Auto-RGN: before each epoch every tensor's rate is set by its relative gradient norm ‖∇‖ / ‖θ‖, the largest being 1.

Source: Lee et al., Surgical Fine-Tuning Improves Adaptation to Distribution Shifts, ICLR 2023: over five batches, the
parameters of BatchNorm left out.
"""

import math
from collections.abc import Mapping

from permafrost.models.network import BATCH_NORMS, Network
from permafrost.strategies.phase import Phase, whole_parts
from permafrost.strategies.reading import StrategySettings


class Settings(StrategySettings):
    """It has no settings of its own."""


def phases(network: Network, settings: Settings, key: str) -> list[Phase]:
    """One phase in which all but BatchNorm's parameters learn, at scales that are measured anew for each epoch."""
    everything = frozenset([*network.unit_names, "pool"])
    norms = tuple(f"{name}." for name, module in network.named_modules() if isinstance(module, BATCH_NORMS))
    scales = whole_parts(network, dict.fromkeys(everything, 1.0))
    scales = {name: scale for name, scale in scales.items() if not name.startswith(norms)}
    return [Phase(scales, everything, rescale=relative)]


def relative(ratios: Mapping[str, float]) -> dict[str, float]:
    """``ratios`` divided by their largest; a parameter that is all zeros, with an infinite ratio, learns at scale 1."""
    largest = max((ratio for ratio in ratios.values() if math.isfinite(ratio)), default=0.0)
    return {name: min(1.0, ratio / largest) if largest > 0 else 1.0 for name, ratio in ratios.items()}
