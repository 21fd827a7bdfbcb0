"""Any set of units learns: one contiguous block of them (surgical fine-tuning), or those that are named.

Source: Lee et al., Surgical Fine-Tuning Improves Adaptation to Distribution Shifts, ICLR 2023.
"""

from typing import Annotated

from pydantic import Field, model_validator

from permafrost.errors import PermafrostError
from permafrost.models.network import Network
from permafrost.settings import nearest, shown
from permafrost.strategies.depth import Units, count_units, span
from permafrost.strategies.phase import Phase, whole_parts, with_pool
from permafrost.strategies.reading import StrategySettings


class Settings(StrategySettings):
    """``learn`` names the units, in any order; or ``after`` and ``until`` mean the block of units after the first
    ``after`` up to and with the first ``until``, each as ``freeze`` of kind depth (``after_units: 0.25, until: 0.5``).
    The head always learns; ``after_units: 0`` with ``until: 0.5`` freezes the top alone.
    """

    learn: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    after_units: Units = 0
    until: Units | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "Settings":
        if (self.learn is None) == (self.until is None):
            raise ValueError("expected either learn (names of units) or until (and after_units)")
        return self


def phases(network: Network, settings: Settings, key: str) -> list[Phase]:
    """One phase: the chosen units and the head learn, and the pooling where the last unit does."""
    units = network.unit_names
    if settings.learn is not None:
        for name in settings.learn:
            if name not in units:
                raise PermafrostError(
                    f"{key}.learn: no unit {shown(name)}; this backbone has {span(units)}{nearest(name, units)}"
                )
        chosen = [name for name in units if name in settings.learn]
    else:
        first = count_units(settings.after_units, units, f"{key}.after_units")
        chosen = units[first : count_units(settings.until, units, f"{key}.until")]
        if not chosen:
            raise PermafrostError(
                f"{key}.until: {settings.until} is not beyond after_units {settings.after_units} for {len(units)} "
                "units, so that no unit would learn; expected a later one, or the strategy head"
            )
    learning = with_pool(network, chosen)
    return [Phase(whole_parts(network, dict.fromkeys(learning, 1.0)), frozenset(learning))]
