"""WiSE-FT: weights between those of linear probing and of full fine-tuning, without training.

Source: Wortsman et al., Robust Fine-Tuning of Zero-Shot Models, CVPR 2022: (1 − α) · θ_probe + α · θ_tuned, here with α
chosen on validation. Buffers (BatchNorm statistics) are interpolated as parameters are.
"""

from typing import Annotated, Literal

from pydantic import Field

from permafrost.models.network import Network
from permafrost.strategies.phase import Phase, whole_parts
from permafrost.strategies.reading import StrategySettings

Share = Annotated[float, Field(ge=0, le=1)]


class Settings(StrategySettings):
    """``after``: the runs between which it lies; ``alphas``: the weights that are tried."""

    after: tuple[Literal["head"], Literal["none"]]
    alphas: Annotated[tuple[Share, ...], Field(min_length=1)] = tuple(step / 10 for step in range(11))


def phases(network: Network, settings: Settings, key: str) -> list[Phase]:
    """One phase, which names what differs from the start; ``interpolates`` says that nothing is trained."""
    everything = [*network.unit_names, "pool"]
    return [Phase(whole_parts(network, dict.fromkeys(everything, 1.0)), frozenset(everything))]


def interpolates(settings: Settings) -> tuple[float, ...]:
    """The weights α that are tried, smallest first."""
    return tuple(sorted(settings.alphas))
