"""A backbone's network with weights drawn from a seed, and weights of others in its names."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from permafrost import catalogue
from permafrost.models.network import Network, Origin


def build(backbone: str, input_shape: tuple[int, ...], classes: int, seed: int) -> Network:
    """The network of ``backbone`` with freshly drawn weights.

    Body and head are drawn from separate generators, both derived from ``seed``: the head is the same for every
    strategy, and whether or not the body's weights are replaced by pretrained ones. The global generator is left as
    it was.

    Args:
        backbone: an entry of the catalogue, or ``FAMILY:ARCHITECTURE``.
        input_shape: shape of one input without channels: (mels or height, frames or width), or (samples,); or
            (chunks, mels, frames), where a clip consists of so many inputs.
        classes: outputs of the head.
        seed: the cell's seed.

    Raises:
        PermafrostError: unknown backbone, or an input shape that it cannot take.
    """
    module = catalogue.load("backbones", backbone, "backbone")
    chunks, one = (input_shape[0], input_shape[1:]) if len(input_shape) == 3 else (1, input_shape)
    # The CPU's generator alone is saved, seeded and restored: torch.manual_seed would reseed every accelerator too.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(_derived(seed, "body"))
        network = module.build(one, classes, *_architecture(backbone))
        torch.default_generator.manual_seed(_derived(seed, "head"))
        network.head.reset_parameters()
    network.chunks = chunks
    network.origin = Origin(backbone, tuple(input_shape), classes, seed)
    return network


def files_of(backbone: str) -> list[Path]:
    """The local files beside its weights that describe ``backbone``: a family's module names them, others have none."""
    found = getattr(catalogue.load("backbones", backbone, "backbone"), "files_of", None)
    return found(*_architecture(backbone)) if found else []


def converter(backbone: str) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    """From a published state dict of ``backbone`` to one in our names; what has our names passes through."""
    convert = getattr(catalogue.load("backbones", backbone, "backbone"), "convert", dict)
    return lambda state: convert(state, *_architecture(backbone))


def _architecture(backbone: str) -> list[str]:
    """What a family's functions are given besides: the part of the name after the colon."""
    return [part for part in catalogue.split_name(backbone)[1:] if part is not None]


def _derived(seed: int, purpose: str) -> int:
    """A seed for one purpose; hashed, so that neighbouring seeds give unrelated streams."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{purpose}".encode()).digest()[:8], "big") >> 1
