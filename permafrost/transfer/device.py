"""Where a cell runs and in which precision."""

import contextlib
from dataclasses import dataclass

import torch
from torch import nn

from permafrost.errors import PermafrostError
from permafrost.transfer.recipe import Machine, Runtime

# Below this many parameters bf16 autocast costs more in casts than it saves in products on a CPU with bf16
# instructions: see benchmarks/RESULTS.md, `train_step`.
BF16_FROM_PARAMETERS = 5_000_000


@dataclass(frozen=True)
class Placement:
    """A device with the precision and memory layout that suit one network on it."""

    device: torch.device
    bf16: bool
    channels_last: bool

    @property
    def name(self) -> str:
        """Of the device, for the record: a GPU's own, else its kind."""
        return torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else self.device.type

    @property
    def precision(self) -> str:
        """``fp32`` or ``bf16``, for the record."""
        return "bf16" if self.bf16 else "fp32"

    def autocast(self) -> contextlib.AbstractContextManager:
        """The context that every forward pass runs in."""
        if not self.bf16:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def place(self, network: nn.Module) -> nn.Module:
        """Move ``network`` to the device, in the layout that its convolutions are fastest in."""
        layout = torch.channels_last if self.channels_last else torch.preserve_format
        return network.to(self.device, memory_format=layout)


def choose_placement(runtime: Runtime, machine: Machine, network: nn.Module) -> Placement:
    """Device, precision and layout for ``network``.

    ``auto`` takes CUDA, then MPS, then the CPU; bf16 where the device computes in it and the network has at least
    ``BF16_FROM_PARAMETERS`` parameters; channels_last for convolutional networks in bf16 on a CPU and always on CUDA.
    In fp32 on a CPU it is for those with grouped (depthwise) convolutions alone: they are 1.3 to 1.95 times as fast in
    it; ResNets, 1.1 to 1.4 times, keep their digits instead (benchmarks/RESULTS.md, `train_step`).

    Raises:
        PermafrostError: the device that ``machine.device`` names is not there.
    """
    device = choose_device(machine.device)
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
    bf16 = runtime.precision == "bf16"
    if runtime.precision == "auto":
        large = sum(p.numel() for p in network.parameters()) >= BF16_FROM_PARAMETERS
        bf16 = large and has_bf16(device)
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    grouped = device.type == "cpu" and any(module.groups > 1 for module in convolutions)
    # One convolution is a ViT's patch embedding: no reason to change the layout of everything after it.
    channels_last = len(convolutions) > 1 and (bf16 or grouped or device.type == "cuda")
    return Placement(device, bf16, channels_last)


def choose_device(name: str) -> torch.device:
    """The device called ``name``; ``auto`` is the first of CUDA, MPS and CPU that is there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(device for device, present in there.items() if present))
    if not there[name]:
        present = ", ".join(device for device in there if there[device])
        raise PermafrostError(
            f"machine.device: {name!r} is not available on this machine; there is {present}, or use 'auto'"
        )
    return torch.device(name)


def has_bf16(device: torch.device) -> bool:
    """Whether matrix products in bf16 are native on ``device``, not emulated."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        capability = torch.backends.cpu.get_cpu_capability()
        return ("AVX512" in capability and torch.cpu._is_avx512_bf16_supported()) or torch.cpu._is_amx_tile_supported()
    return False
