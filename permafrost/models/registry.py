"""Backbones by name: a backbone is a module of this package that defines ``build(input_shape, classes)``.

This is the project's one dynamic import; its name comes from a recipe, so that the backbone's module is part of that
recipe's code and of no other's.
"""

import hashlib
import importlib
import re
from pathlib import Path
from types import ModuleType

import torch

from permafrost.models.network import Network, Origin
from permafrost.settings import choose

_BUILD = re.compile(r"^def build\(\s*input_shape\b", re.MULTILINE)


def backbone_names() -> list[str]:
    """The names of all backbones, sorted; read from the sources, so that nothing heavy is imported."""
    return [source.stem for source in sorted(Path(__file__).parent.glob("*.py")) if _is_backbone(source)]


def _is_backbone(source: Path) -> bool:
    return source.is_file() and bool(_BUILD.search(source.read_text(encoding="utf-8")))


def backbone_module(backbone: str) -> ModuleType:
    """The module of ``backbone``.

    Raises:
        PermafrostError: there is no such backbone; the message lists those that exist.
    """
    if not _is_backbone(Path(__file__).with_name(f"{backbone}.py")):  # others are not opened where it is one
        choose(backbone, backbone_names(), "backbone")
    return importlib.import_module(f"permafrost.models.{backbone}")


def build(backbone: str, input_shape: tuple[int, ...], classes: int, seed: int) -> Network:
    """The network of ``backbone`` with freshly drawn weights.

    Body and head are drawn from separate generators, both derived from ``seed``: the head is the same for every
    strategy, and whether or not the body's weights are replaced by pretrained ones. The global generator is left as
    it was.

    Args:
        backbone: one of ``backbone_names()``.
        input_shape: shape of one input without channels: (mels or height, frames or width), or (samples,).
        classes: outputs of the head.
        seed: the cell's seed.

    Raises:
        PermafrostError: unknown backbone, or an input shape that it cannot take.
    """
    module = backbone_module(backbone)
    # The CPU's generator alone is saved, seeded and restored: torch.manual_seed would reseed every accelerator too.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(_derived(seed, "body"))
        network = module.build(input_shape, classes)
        torch.default_generator.manual_seed(_derived(seed, "head"))
        network.head.reset_parameters()
    network.origin = Origin(backbone, tuple(input_shape), classes, seed)
    return network


def _derived(seed: int, purpose: str) -> int:
    """A seed for one purpose; hashed, so that neighbouring seeds give unrelated streams."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{purpose}".encode()).digest()[:8], "big") >> 1
