"""What a recipe starts from, on disk: a network's body in our names, and what it is.

A base is one safetensors file: the tensors of stem, blocks and pool (``head.*`` never: each cell draws its own head),
and metadata. The base of a ``random`` recipe has no tensors. Reading it runs no code.
"""

import hashlib
import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from permafrost.errors import PermafrostError
from permafrost.models.network import Network

# safetensors writes its metadata in an order that changes from run to run; one entry with sorted JSON in it keeps the
# file's bytes, and so what DVC reruns, the same.
_METADATA = "permafrost"
HEAD = "head."


def save_base(path: Path, state: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write the body tensors of ``state`` (``head.*`` is left out) and ``metadata`` to ``path``, for ``load_base``."""
    write_tensors(path, {name: tensor for name, tensor in state.items() if not name.startswith(HEAD)}, metadata)


def load_base(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The state (no ``head.*``; empty for a random base) and the metadata that ``save_base`` wrote to ``path``.

    Raises:
        PermafrostError: there is no such file, or it is not one that ``save_base`` wrote.
    """
    return read_tensors(path, "the weights that a recipe starts from; `dvc repro` makes them")


def apply_base(network: Network, state: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Copy a base into ``network``'s stem, blocks and pool; its head, and all of it for a random base, stays as drawn.

    Raises:
        PermafrostError: the weights are of another architecture; the message names tensors that are missing, that
            the network does not have, and that have another shape.
    """
    if metadata.get("source") == "random":
        return
    own = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith(HEAD)}
    # Counters that old files lack; torch's own loading forgives this too.
    missing = [name for name in own if name not in state and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in state if name not in own]
    misshaped = [
        f"{name} ({_shape(tensor)}, the network has {_shape(own[name])})"
        for name, tensor in state.items()
        if name in own and tensor.shape != own[name].shape
    ]
    faults = {"missing": missing, "not in the network": unexpected, "of another shape": misshaped}
    if any(faults.values()):
        backbone = network.origin.backbone if network.origin else "this network"
        listed = "; ".join(f"{len(names)} {fault}: {_few(names)}" for fault, names in faults.items() if names)
        raise PermafrostError(
            f"weights from {metadata.get('source', 'an unknown source')} do not fit {backbone}: {listed}. They are of "
            "another architecture, or of another input size (then set the recipe's input.size to theirs)"
        )
    with torch.no_grad():
        for name, tensor in state.items():
            own[name].copy_(tensor)


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write ``tensors`` (any device and layout) and ``metadata`` to ``path``: the same content, the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Copies: safetensors refuses tensors that share memory.
    plain = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    unfinished = path.with_name(path.name + ".part")
    save_file(plain, unfinished, metadata={_METADATA: json.dumps(metadata, sort_keys=True)})
    os.replace(unfinished, path)


def read_tensors(path: Path, what: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a file that ``write_tensors`` made.

    Raises:
        PermafrostError: it is missing or another kind of file; the message calls it ``what``.
    """
    if not path.is_file():
        raise PermafrostError(f"{path}: not there; expected {what}")
    try:
        with safe_open(path, "pt") as file:
            metadata = json.loads((file.metadata() or {})[_METADATA])
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError) as error:
        raise PermafrostError(f"{path}: expected {what}, but it is another kind of file or damaged: {error}") from None


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shape(tensor: Tensor) -> str:
    return "x".join(str(size) for size in tensor.shape) or "a number"


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
