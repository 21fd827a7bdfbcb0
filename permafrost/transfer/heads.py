"""Many small heads on fixed embeddings: the frozen body is computed once, and the heads are trained many at a time.

``train_heads`` gives for each head what training it by itself would give: the first weights and the order of batches
follow from its seed alone.
"""

from collections.abc import Callable, Sequence

import torch

from permafrost.errors import PermafrostError
from permafrost.transfer.head_pool import train_in_turn
from permafrost.transfer.head_spec import Embeddings, FittedHead, HeadSpec
from permafrost.transfer.head_stack import train_stacked

SHARE_OF_FREE_MEMORY = 0.8


def train_heads(
    data: Embeddings,
    specs: Sequence[HeadSpec],
    device: torch.device | str = "cpu",
    precision: str = "fp32",
    processes: int | None = None,
    memory_bytes: float | None = None,
    keep_state: bool = True,
    report: Callable[[int, FittedHead], None] | None = None,
) -> list[FittedHead]:
    """Train every head of ``specs``; the results are in their order.

    On a CPU one head after another in several processes, on other devices stacked in batched products.

    Args:
        data: embeddings, labels and split, on the CPU.
        specs: the heads; they may differ in everything.
        device: ``cpu`` or ``cuda``.
        precision: ``fp32``, or ``bf16`` for products in bf16 with weights and optimiser in fp32, as autocast has it.
        processes: on a CPU; by default as many as this process may use threads (``torch.get_num_threads``).
        memory_bytes: on other devices, what a stack of heads may take; by default four fifths of what is free.
        keep_state: whether to return weights too (7 MB for a head of 768-1024-1024-10).
        report: called with the number and the result of each head as it is finished, in any order.

    Raises:
        PermafrostError: an unknown precision or device, or a process was killed.
    """
    device = torch.device(device)
    if precision not in ("fp32", "bf16"):
        raise PermafrostError(f"heads: precision {precision!r}; expected fp32 or bf16")
    bf16 = precision == "bf16"
    if device.type == "cpu":
        finished = train_in_turn(data, specs, bf16, processes or torch.get_num_threads(), keep_state)
    elif device.type == "cuda":
        budget = memory_bytes or SHARE_OF_FREE_MEMORY * torch.cuda.mem_get_info(device)[0]
        finished = train_stacked(data, specs, device, bf16, budget, keep_state)
    else:
        raise PermafrostError(f"heads: device {str(device)!r}; expected cpu or cuda")
    results: dict[int, FittedHead] = {}
    for number, fitted in finished:
        results[number] = fitted
        if report:
            report(number, fitted)
    return [results[number] for number in range(len(specs))]
