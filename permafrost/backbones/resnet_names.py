"""The names that ResNets are published under, by torchvision and by those who follow it."""

from collections.abc import Sequence

from torch import Tensor


def convert_resnet(state: dict[str, Tensor], stages: Sequence[int], head: str) -> dict[str, Tensor]:
    """``conv1``, ``bn1``, ``layer2.0.…`` and ``head`` to the names of ``Network``, the head included.

    Other names are handed on as they are, so that the check against the network can name them.

    Args:
        state: by published names.
        stages: how many blocks ``layer1``, ``layer2``, … have.
        head: what the last layer is called.
    """
    first_block = {f"layer{number}": sum(stages[: number - 1]) for number in range(1, len(stages) + 1)}
    converted = {}
    for name, tensor in state.items():
        first, _, rest = name.partition(".")
        if first in ("conv1", "bn1"):
            name = f"stem.{name}"
        elif first == head:
            name = f"head.{rest}"
        elif first in first_block:
            index, _, rest = rest.partition(".")
            name = f"blocks.{first_block[first] + int(index)}.{rest}"
        converted[name] = tensor
    return converted
