"""Linear probing, then fine-tuning (LP-FT): training goes on from the run of ``head``, at a share of the rate.

Source: Kumar et al., Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution, ICLR 2022: a
tenth of the rate, BatchNorm as in evaluation.
"""

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from permafrost.models.network import Network
from permafrost.strategies.phase import Phase
from permafrost.strategies.reading import StrategySettings, read_strategy


class Settings(StrategySettings):
    """``after``: the runs that it begins with; ``then``: an entry of ``freezing`` that says what learns from there on,
    at ``share`` of the rate; ``statistics: moving`` lets its BatchNorm statistics follow the training batches."""

    after: tuple[Literal["head"]]
    then: dict[str, Any] = Field(default_factory=lambda: {"freeze": 0})
    share: Annotated[float, Field(gt=0, le=1)] = 0.1
    statistics: Literal["frozen", "moving"] = "frozen"


def phases(network: Network, settings: Settings, key: str) -> list[Phase]:
    """The phases of what comes after linear probing."""
    then = read_strategy(settings.then, f"{key}.then")
    return [
        replace(
            phase,
            scales={name: scale * settings.share for name, scale in phase.scales.items()},
            moving=phase.moving and settings.statistics == "moving",
        )
        for phase in then.module.phases(network, then.settings, then.key)
    ]
