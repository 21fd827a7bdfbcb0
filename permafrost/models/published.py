"""Reading a file of published weights without running what is in it, and giving its tensors our names."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from permafrost.errors import PermafrostError
from permafrost.models.network import PARTS
from permafrost.models.tf_bundle import INDEX, read_bundle
from permafrost.settings import shown

State = dict[str, Tensor]
# Keys under which training scripts keep the state dict beside scores and settings, the likeliest first.
WRAPPERS = ("state_dict", "model_state_dict", "model", "net")
# What wrappers put before the names inside: DataParallel, Lightning, torch.compile, a body beside a head.
PREFIX = re.compile(r"^(?:module|model|backbone|net|network|_orig_mod)\.")
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
COUNTER = "num_batches_tracked"  # BatchNorm's own: the one tensor of integers that networks have
_FORBIDDEN = re.compile(r"Unsupported (?:global: GLOBAL|class) (\S+)")
_LONGEST = 1000  # characters of torch's explanation


def read_state(path: Path) -> State:
    """The state dict in ``path``, as float32, its names as they are: a safetensors file, what ``torch.save`` wrote, or
    the index of a TensorFlow checkpoint bundle.

    A pickle can run code, so only tensors and plain containers are loaded (``weights_only``).

    Raises:
        PermafrostError: the file is neither, holds other objects, holds no state dict, or a tensor in it is no array
            of finite floating-point numbers.
    """
    state = _state_in(_load(path), path)
    for name, tensor in state.items():
        if fault := _fault(name, tensor):
            raise PermafrostError(f"{path}: the tensor {name} {fault}; expected finite floating-point numbers")
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def in_our_names(state: State, convert: Callable[[State], State]) -> State:
    """``state`` through a backbone's ``convert``, without the prefixes of wrappers where that makes all names ours.

    Where nothing does, the names are handed on, so that the check against the network can name them.
    """
    for candidate in _unwrapped(state):
        converted = convert(candidate)
        if all(name.split(".")[0] in PARTS for name in converted):
            return converted
    return convert(state)


def _load(path: Path) -> Any:
    if path.name.endswith(INDEX):
        return {name: torch.from_numpy(tensor) for name, tensor in read_bundle(path).items()}
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise PermafrostError(f"{path}: not a safetensors file: {error}") from None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds, by how far it got into the foreign file
        if found := _FORBIDDEN.search(str(error)):
            raise PermafrostError(
                f"{path}: holds {found[1]} beside tensors, which is not loaded, as it could run code; expected the "
                "state dict alone: who made the file saves it with torch.save(model.state_dict(), FILE)"
            ) from None
        # What torch says before and after is advice to load the file all the same.
        reason = str(error).rpartition("WeightsUnpickler error: ")[2].partition("Check the documentation")[0]
        raise PermafrostError(
            f"{path}: not a file of weights, or one that holds more than tensors, which is not loaded, as it could run "
            f"code; expected a state dict saved by torch.save, or safetensors ({type(error).__name__}: "
            f"{' '.join(reason.split())[:_LONGEST]})"
        ) from None


def _state_in(content: Any, path: Path) -> State:
    """The state dict that ``content`` is, or the one among what a training script saved with it."""
    if isinstance(content, dict) and not _is_state(content):
        inside = [name for name, value in content.items() if _is_state(value)]
        known = [name for name in WRAPPERS if name in inside]
        if len(inside) > 1 and not known:
            raise PermafrostError(
                f"{path}: holds several state dicts, {', '.join(map(shown, inside[:5]))}; save the wanted one alone"
            )
        if inside:
            return dict(content[(known or inside)[0]])
    if not isinstance(content, dict) or not content:
        raise PermafrostError(f"{path}: holds a {type(content).__name__}, expected a state dict of tensors by name")
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise PermafrostError(f"{path}: {shown(name)} is no tensor; expected a state dict of tensors by name")
    return dict(content)


def _is_state(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) > 0
        and all(isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in value.items())
    )


def _fault(name: str, tensor: Tensor) -> str | None:
    """What is wrong with a tensor; nothing that takes its memory is done before it is known to have any."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
        return f"is {'quantized' if tensor.is_quantized else str(tensor.layout).removeprefix('torch.')}, no plain array"
    if tensor.device.type != "cpu":
        return f"is on the device {tensor.device.type}: its numbers are not in the file"
    if tensor.dtype == torch.int64 and name.endswith(COUNTER) and tensor.numel() == 1:
        return None
    if tensor.dtype not in FLOATS:
        return f"holds {str(tensor.dtype).removeprefix('torch.')} values"
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        return f"says that it has {tensor.numel()} numbers, but the file holds fewer: they are one repeated"
    if not (finite := tensor.float().isfinite()).all():
        return f"holds NaN or infinite values ({int((~finite).sum())} of {tensor.numel()}, as 32-bit numbers)"
    return None


def _unwrapped(state: State) -> Iterator[State]:
    """``state``, then the same with one more prefix taken off, as long as there is one and names stay apart."""
    while True:
        yield state
        stripped = {PREFIX.sub("", name): tensor for name, tensor in state.items()}
        if stripped.keys() == state.keys() or len(stripped) < len(state):
            return
        state = stripped
