"""One phase of training on one network: what takes a gradient, what is frozen, and what frozen means."""

from torch import Tensor, nn

from permafrost.models.network import BATCH_NORMS, Network
from permafrost.strategies.phase import Phase


class FrozenPrefix:
    """A network in a phase: its longest leading run of units without a learning parameter, and the rest.

    A frozen parameter takes no gradient; BatchNorm statistics and dropout of parts that are not active are as in
    evaluation. Where no unit and not the pooling learns, the prefix is all but the head.

    Attributes:
        network: whose parameters take a gradient as the phase has it.
        phase: the phase.
        count: number of units in the prefix.
        everything: whether the head alone learns, so that the prefix includes the pooling.
    """

    def __init__(self, network: Network, phase: Phase) -> None:
        self.network, self.phase = network, phase
        self._parts = network.parts
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(name in phase.scales)
        learning = {network.part_of(name) for name in phase.scales if not _is_class_token(name)} | phase.active
        names = network.unit_names
        self.count = next((place for place, name in enumerate(names) if name in learning), len(names))
        self.everything = self.count == len(names) and "pool" not in learning
        # A learning class token leaves its stem frozen in all else, as published code had it.
        self.token_trains = self.count > 0 and any(map(_is_class_token, phase.scales))

    @property
    def constant(self) -> bool:
        """Whether the prefix gives the same output for an input throughout the phase, so that it can be cached."""
        return self.count > 0 and not self.token_trains and not any(self._drifts(name) for name in self.parts)

    @property
    def parts(self) -> list[str]:
        """The names of the prefix's parts."""
        return [*self.network.unit_names[: self.count], *(["pool"] if self.everything else [])]

    @property
    def still_norms(self) -> list[tuple[str, nn.Module]]:
        """The BatchNorm layers whose statistics do not follow the training batches, each with its part's name."""
        phase = self.phase
        moving = phase.active if phase.moving else frozenset()
        return [
            (name, norm)
            for name, module in self._parts.items()
            if name != "head" and name not in moving
            for norm in _norms(module)
        ]

    def train_mode(self) -> None:
        """Put the head and the active parts into training mode, all else into evaluation mode."""
        for name, module in self._parts.items():
            active = name == "head" or name in self.phase.active
            module.train(active)
            if (active and not self.phase.moving) or self._drifts(name):
                for norm in _norms(module):
                    norm.train(not active)

    def run(self, x: Tensor) -> Tensor:
        """Output of the prefix for a prepared batch ``x`` [B, ...]: activations, or embeddings if it is everything."""
        x = self.network.run(x, 0, self.count)
        return self.network.pooled(x) if self.everything else x

    def rest(self, x: Tensor) -> Tensor:
        """Logits [B, classes] from the output of ``run``."""
        if not self.everything:
            x = self.network.pooled(self.network.run(x, self.count, len(self.network.units)))
        return self.network.head(x)

    def _drifts(self, name: str) -> bool:
        return name in self.phase.drift and name not in self.phase.active and bool(_norms(self._parts[name]))


def _is_class_token(name: str) -> bool:
    return name == "stem.class_token"


def _norms(module: nn.Module) -> list[nn.Module]:
    return [part for part in module.modules() if isinstance(part, BATCH_NORMS)]
