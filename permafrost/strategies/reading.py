"""An entry of section ``freezing``: its kind's module with its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from permafrost import catalogue
from permafrost.errors import PermafrostError
from permafrost.models.network import Network
from permafrost.settings import NonNegative, Settings, shown, validate
from permafrost.strategies import DEFAULT
from permafrost.strategies.phase import Phase


class StrategySettings(Settings):
    """What every entry may say: its ``kind`` (a module of permafrost/strategies), and ``l2_sp``, the pull β towards
    what training starts from (0: none; .01 in Li, Grandvalet and Davoine 2018)."""

    kind: str = DEFAULT
    l2_sp: NonNegative = 0.0


@dataclass(frozen=True)
class Strategy:
    """A strategy that is ready to be given a network.

    Attributes:
        settings: its entry, checked.
        module: of its kind.
        key: where it stands, for errors.
    """

    settings: StrategySettings
    module: ModuleType
    key: str

    def phases(self, network: Network, epochs: int) -> list[Phase]:
        """Its phases for ``network`` in a run of ``epochs``; LoRA gives the network its adapters here.

        Raises:
            PermafrostError: it does not fit this network, nothing learns, or the run ends before its last phase begins.
        """
        phases = [replace(p, pull=self.settings.l2_sp) for p in self.module.phases(network, self.settings, self.key)]
        if not phases:
            raise PermafrostError(f"{self.key}: has no phase, so that nothing would be trained; expected at least one")
        if any(phase.epochs is None for phase in phases[:-1]):
            raise PermafrostError(f"{self.key}: a phase before the last never ends; give it a number of epochs")
        before = sum(phase.epochs for phase in phases[:-1])
        if before >= epochs:
            raise PermafrostError(
                f"{self.key}: its {len(phases)} phases need more than {before} epochs, and the run has {epochs}; give "
                "it more epochs, or fewer or shorter phases"
            )
        return [*phases[:-1], replace(phases[-1], epochs=epochs - before)]

    @property
    def interpolated(self) -> tuple[float, ...]:
        """The weights between two earlier runs that are tried, where nothing is trained; none for all others."""
        found = getattr(self.module, "interpolates", None)
        return found(self.settings) if found else ()

    def depth(self, units: Sequence[str]) -> int | None:
        """How many of ``units`` it freezes, where it is a depth; None for all other strategies."""
        found = getattr(self.module, "depth", None)
        return found(self.settings, units, self.key) if found else None


def read_strategy(values: Any, key: str) -> Strategy:
    """Check one entry of ``freezing``, which stands at ``key``.

    Raises:
        PermafrostError: no mapping, no such kind, or a key or value that the kind does not have.
    """
    if not isinstance(values, Mapping):
        raise PermafrostError(f"{key}: got {shown(values)}, expected a mapping such as {{freeze: 0.5}}")
    module = catalogue.load("strategies", values.get("kind", DEFAULT), f"{key}.kind")
    return Strategy(validate(module.Settings, values, key), module, key)
