"""What a study's weights take on disk, beside storing every trained network whole; computed from the tensors' sizes.

    python -m benchmarks.weights_size [--study gtzan_vit] [--json FILE]

A cell stores the tensors that training changed: parameters that take a gradient, and the buffers of units that are not
frozen. Each recipe stores its base once; a random control's base is empty, as its seed draws it.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml
from torch import nn

from benchmarks.table import Row, parser, publish
from permafrost.models.building import build
from permafrost.models.network import Network
from permafrost.settings import validate
from permafrost.transfer.freezing import Freezing, FrozenPrefix
from stages.compose import compose_into

CLASSES = 10


def main(argv: Sequence[str] | None = None) -> None:
    """Compute and print the table."""
    options = parser(__doc__)
    options.add_argument("--study", default="gtzan_vit")
    arguments = options.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        composed = Path(folder, "params.yaml")
        compose_into(composed, [f"study={arguments.study}"])
        params = yaml.safe_load(composed.read_text(encoding="utf-8"))
    study = params["study"]
    sizes: list[tuple[str, int, int, int]] = []
    for model in study["models"]:
        recipe = params["models"][model]
        network = build(recipe["backbone"], tuple(recipe["input"]["size"]), CLASSES, 0)
        whole, head = stored(network), stored(network.head)
        base = 0 if recipe["weights"] == "random" else whole - head
        cells = [
            changed(network, validate(Freezing, params["freezing"][name], name)) * len(study["seeds"])
            for name in study["freezes"]
        ]
        count = len(study["freezes"]) * len(study["seeds"])
        sizes.append((model, count, base + sum(cells), whole * count))
    sizes.append(("all", *(sum(column) for column in list(zip(*sizes, strict=True))[1:])))
    publish(f"Weights of the study {arguments.study}", [_row(*size) for size in sizes], arguments.json)


def stored(module: nn.Module) -> int:
    """Bytes of a module's tensors."""
    return sum(tensor.nbytes for tensor in module.state_dict().values())


def changed(network: Network, freezing: Freezing) -> int:
    """Bytes of what training under ``freezing`` can change."""
    network.requires_grad_(True)
    prefix = FrozenPrefix(network, freezing)
    frozen = {id(tensor) for module in prefix.modules for tensor in module.buffers()} if not prefix.drift else set()
    parameters = sum(tensor.nbytes for tensor in network.parameters() if tensor.requires_grad)
    return parameters + sum(tensor.nbytes for tensor in network.buffers() if id(tensor) not in frozen)


def _row(model: str, cells: int, ours: int, whole: int) -> Row:
    return {
        "model": model,
        "cells": cells,
        "changed tensors and base, GB": ours / 1e9,
        "whole models, GB": whole / 1e9,
        "share": ours / whole,
        "wanted": "at most 0.60",
    }


if __name__ == "__main__":
    main()
