"""What training changed: the tensors of a trained network that differ from what it started from.

Frozen units are most of a study's weights and the same in every cell, so only the rest is stored, with the name and
checksum of the base beside it. A random control has no base: its tensors are compared with what the cell's seed draws.
Of a weight with a low-rank adapter the two small factors are stored, and added to it when the network is read.
"""

import json
from pathlib import Path

import torch
from torch import Tensor

from permafrost.errors import PermafrostError
from permafrost.models.adapters import FACTORS, fits, merge, plain_state
from permafrost.models.building import build
from permafrost.models.network import Network, Origin
from permafrost.models.weights import apply_base, file_sha256, load_base, read_tensors, write_tensors


def save_delta(path: Path, network: Network, base: Path) -> None:
    """Write those tensors of ``network`` that differ, in any bit, from what it was drawn and loaded as.

    Args:
        path: the safetensors file to write.
        network: made by ``building.build``, given the weights of ``base``, then trained; on any device.
        base: the file that ``apply_base`` was given the content of.
    """
    start = _start(network, base)
    tensors, adapted = plain_state(network)
    changed = {n: tensor for n, tensor in tensors.items() if n not in start or not _same(tensor, start[n])}
    origin = network.origin
    metadata = {
        "backbone": origin.backbone,
        "input_shape": json.dumps(origin.input_shape),
        "classes": str(origin.classes),
        "seed": str(origin.seed),
        "base": base.name,
        "base_sha256": file_sha256(base),
    }
    if adapted:
        metadata["adapters"] = json.dumps(adapted)
    write_tensors(path, changed, metadata)


def load_delta(path: Path, base: Path) -> Network:
    """The trained network: drawn from its seed, given the weights of ``base``, then those of the delta at ``path``.

    Raises:
        PermafrostError: a file is missing or damaged, or ``base`` is not what the delta was made from.
    """
    changed, metadata = read_tensors(path, "what training changed, written by save_delta")
    if lacking := [name for name in ("base_sha256", *Origin.__dataclass_fields__) if name not in metadata]:
        raise PermafrostError(f"{path}: expected what training changed, but this has no {lacking[0]}: is it a base?")
    state, about = load_base(base)
    if (found := file_sha256(base)) != metadata["base_sha256"]:
        raise PermafrostError(
            f"{path} was trained from {metadata['base']} with sha256 {metadata['base_sha256']}, but {base} has "
            f"{found}; check out the revision that trained it (`dvc checkout`), or train the cell again"
        )
    try:
        shape = tuple(int(size) for size in json.loads(metadata["input_shape"]))
        classes, seed = int(metadata["classes"]), int(metadata["seed"])
        adapted = {str(name): float(scale) for name, scale in json.loads(metadata.get("adapters", "{}")).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise PermafrostError(f"{path}: damaged, its metadata cannot be read ({error}); train the run again") from None
    network = build(metadata["backbone"], shape, classes, seed)
    apply_base(network, state, about)
    own = network.state_dict()
    factors = {f"{name}.{factor}": changed.pop(f"{name}.{factor}", None) for name in adapted for factor in FACTORS}
    for name in adapted:
        if not fits(own.get(name), factors[f"{name}.up"], factors[f"{name}.down"]):
            raise PermafrostError(f"{path}: the adapter of {name} does not fit {metadata['backbone']}; train it again")
    for name, tensor in changed.items():
        if name not in own or (tensor.shape, tensor.dtype) != (own[name].shape, own[name].dtype):
            raise PermafrostError(f"{path}: the tensor {name} does not fit {metadata['backbone']}; train the run again")
    with torch.no_grad():
        for name, tensor in changed.items():
            own[name].copy_(tensor)
    merge(own, factors, adapted)
    return network


def _start(network: Network, base: Path) -> dict[str, Tensor]:
    """The tensors that ``network`` had before training, as far as it takes little to know them: a base's, or, for a
    random base, all that the seed draws. The head of a pretrained network is not drawn again, as it always changes."""
    state, _ = load_base(base)
    if state:
        return state
    origin = network.origin
    return build(origin.backbone, origin.input_shape, origin.classes, origin.seed).state_dict()


def _same(tensor: Tensor, other: Tensor) -> bool:
    # By bits: equality of values would call 0.0 and -0.0 the same, and NaN never the same.
    tensor, other = (t.detach().cpu().contiguous().reshape(-1).view(torch.uint8) for t in (tensor, other))
    return torch.equal(tensor, other)
