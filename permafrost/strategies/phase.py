"""A phase of training: which parameters learn, how fast and for how long. A strategy is a list of phases."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from permafrost.models.network import Network

Rescale = Callable[[Mapping[str, float]], Mapping[str, float]]


@dataclass(frozen=True)
class Phase:
    """What the trainer knows of a strategy.

    Attributes:
        scales: parameter name to learning-rate scale, above 0, of those that learn; all others are frozen.
        active: names of parts (units, ``pool``) in training mode: their dropout draws, their BatchNorm statistics move.
            All others are as in evaluation; the head is always active.
        epochs: how many; None is all that the run has left.
        moving: whether BatchNorm statistics of active parts move.
        drift: parts in evaluation mode whose BatchNorm statistics move all the same (a published oversight).
        pull: β of L2-SP (Li, Grandvalet and Davoine, ICML 2018): β/2 · ‖θ − θ₀‖² is added to the loss, over the body's
            parameters that learn, θ₀ being what training started from.
        rescale: from ‖∇‖ / ‖θ‖ of each learning parameter, measured before each epoch, to this epoch's scales.
    """

    scales: Mapping[str, float]
    active: frozenset[str]
    epochs: int | None = None
    moving: bool = True
    drift: frozenset[str] = frozenset()
    pull: float = 0.0
    rescale: Rescale | None = None


def whole_parts(network: Network, scales: Mapping[str, float]) -> dict[str, float]:
    """The scale of every parameter of the parts in ``scales`` (part to scale; 0 is frozen), and of the head: 1."""
    scales = {"head": 1.0} | dict(scales)
    return {
        name: scales[part]
        for name, _ in network.named_parameters()
        if (part := network.part_of(name)) in scales and scales[part] > 0
    }


def with_pool(network: Network, units: Iterable[str]) -> list[str]:
    """``units`` and, where the last unit is one of them, the pooling after it: frozen below, it is frozen too."""
    units = list(units)
    return [*units, "pool"] if network.unit_names[-1] in units else units
