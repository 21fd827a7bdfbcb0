"""Freezing by depth: the first k units are frozen, the rest learns."""

from collections.abc import Sequence
from typing import Literal

from permafrost.errors import PermafrostError
from permafrost.models.network import Network
from permafrost.settings import nearest, shown
from permafrost.strategies.phase import Phase, whole_parts, with_pool
from permafrost.strategies.reading import StrategySettings

Units = int | float | str


class Settings(StrategySettings):
    """``freeze`` is a number of leading units (``0`` trains everything, ``1`` freezes the stem), a fraction of the
    blocks as a float (``0.5``: the stem and half of the blocks, rounded half up), the name of the last frozen unit
    (``stem``, ``block7``), or ``all``: every unit and the pooling after them, so that only the head is trained.

    ``class_token: trainable`` and ``batchnorm: drift`` repeat what published code did by oversight: the class token
    stayed trainable in a frozen stem, and frozen BatchNorm layers went on updating their statistics.
    """

    freeze: Units
    class_token: Literal["frozen", "trainable"] = "frozen"
    batchnorm: Literal["frozen", "drift"] = "frozen"


def phases(network: Network, settings: Settings, key: str) -> list[Phase]:
    """One phase: the units after the first k learn, and the pooling where a unit does."""
    count = depth(settings, network.unit_names, key)
    learning = with_pool(network, network.unit_names[count:])
    scales = whole_parts(network, dict.fromkeys(learning, 1.0))
    if settings.class_token == "trainable" and count and network.class_token is not None:
        scales["stem.class_token"] = 1.0
    frozen = {*network.unit_names, "pool"} - set(learning)
    return [Phase(scales, frozenset(learning), drift=frozenset(frozen if settings.batchnorm == "drift" else ()))]


def depth(settings: Settings, units: Sequence[str], key: str) -> int:
    """How many of ``units`` (forward order, the stem first) are frozen."""
    return count_units(settings.freeze, units, f"{key}.freeze")


def count_units(choice: Units, units: Sequence[str], key: str) -> int:
    """How many leading ``units`` a number, a fraction of the blocks, a unit's name or ``all`` means.

    Raises:
        PermafrostError: no such unit, a count beyond the last unit or a fraction outside [0, 1]; it names ``key``.
    """
    blocks = len(units) - 1
    if choice == "all":
        return len(units)
    if isinstance(choice, str):
        if choice not in units:
            raise PermafrostError(
                f"{key}: no unit {shown(choice)}; this backbone has {span(units)}, or 'all'"
                + nearest(choice, [*units, "all"])
            )
        return units.index(choice) + 1
    if isinstance(choice, float):
        if not 0 <= choice <= 1:
            raise PermafrostError(f"{key}: got {choice}, expected a fraction of the blocks between 0.0 and 1.0")
        return 1 + int(choice * blocks + 0.5) if choice > 0 else 0
    if not 0 <= choice <= len(units):
        raise PermafrostError(f"{key}: got {choice}, expected a number of units from 0 to {len(units)} ({span(units)})")
    return choice


def span(units: Sequence[str]) -> str:
    """The names of ``units``, in short."""
    return f"units {', '.join(units)}" if len(units) <= 4 else f"units {units[0]}, {units[1]} … {units[-1]}"
