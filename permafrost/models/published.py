"""Reading a file of published weights without running what is in it."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from permafrost.errors import PermafrostError

# Keys under which training scripts keep the state dict beside scores and settings.
WRAPPERS = ("state_dict", "model_state_dict", "model")


def read_state(path: Path) -> dict[str, Tensor]:
    """The state dict in ``path``, a safetensors file or what ``torch.save`` wrote, its names as they are.

    A pickle can run code, so only tensors and plain containers are loaded (``weights_only``).

    Raises:
        PermafrostError: the file is neither, holds other objects, or holds no state dict.
    """
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise PermafrostError(f"{path}: not a safetensors file: {error}") from None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds, by how far it got into the foreign file
        reason = str(error).strip().split("\n")[0]
        raise PermafrostError(
            f"{path}: not a file of weights, or one that holds more than tensors, which is not loaded because it "
            f"could run code; expected a state dict saved by torch.save, or safetensors ({type(error).__name__}: "
            f"{reason})"
        ) from None
    for wrapper in WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
            break
    if not isinstance(content, dict) or not content:
        raise PermafrostError(f"{path}: holds a {type(content).__name__}, expected a state dict of tensors by name")
    strange = [name for name, value in content.items() if not isinstance(name, str) or not isinstance(value, Tensor)]
    if strange:
        raise PermafrostError(f"{path}: {strange[0]!r} is no tensor; expected a state dict of tensors by name")
    return dict(content)
