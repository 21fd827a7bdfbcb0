"""SGD, Adam and AdamW as torch's fused kernels, without ``torch.optim`` around them.

The first optimiser object that ``torch.optim`` makes in a process imports torch's compiler and sympy with it: 0.8 s of
every cell's start, for marks on methods that nothing compiles. The kernels, and so the bits, are the same.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

BETAS, EPS = (0.9, 0.999), 1e-8
ADAM = {"adam": torch._fused_adam_, "adamw": torch._fused_adamw_}
MOMENTS = {"sgd": 1, "adam": 2, "adamw": 2}
Tensors = Sequence[Tensor]


def fused_update(
    kind: str,
    weights: Tensors,
    gradients: Tensors,
    moments: Sequence[Tensors],
    steps: Tensors,
    *,
    lr: float,
    weight_decay: float,
    momentum: float,
    first: bool,
) -> None:
    """Move ``weights`` in place by one step of ``kind``: ``sgd``, ``adam`` or ``adamw``.

    ``moments`` is one list for sgd (unused without ``momentum``), two for the others, each with a tensor a weight.
    ``steps`` holds for each weight the number of this step, from 1; sgd does not read it, but takes its moments from
    the gradients where this is the ``first``.
    """
    if kind == "sgd":
        torch._fused_sgd_(
            weights, gradients, moments[0] if momentum else [], weight_decay=weight_decay, momentum=momentum, lr=lr,
            dampening=0.0, nesterov=False, maximize=False, is_first_step=first and momentum > 0,
        )  # fmt: skip
        return
    ADAM[kind](
        weights, gradients, *moments, [], steps, lr=lr, beta1=BETAS[0], beta2=BETAS[1], weight_decay=weight_decay,
        eps=EPS, amsgrad=False, maximize=False,
    )  # fmt: skip


class FusedSteps:
    """What the training loop uses of an optimiser: ``param_groups``, ``step``, ``zero_grad`` and its state.

    Each step is one kernel over all parameters. All of them must get a gradient at every step or never.
    """

    def __init__(
        self, parameters: Iterable[Tensor], kind: str, lr: float, weight_decay: float = 0.0, momentum: float = 0.0
    ) -> None:
        """``kind`` is ``sgd``, ``adam`` or ``adamw``; parameters are float tensors of one device, CPU or CUDA."""
        self.kind, self.weight_decay, self.momentum = kind, weight_decay, momentum
        self.parameters = list(parameters)
        # As in torch.optim, so that a schedule can set the rate.
        self.param_groups: list[dict[str, Any]] = [{"lr": lr, "params": self.parameters}]
        self.moments: list[list[Tensor]] = []
        self.steps: list[Tensor] = []

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget gradients."""
        for parameter in self.parameters:
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad.zero_()

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        moved = [parameter for parameter in self.parameters if parameter.grad is not None]
        if not moved:
            return
        first = not self.steps
        if first:
            self._begin(moved)
        gradients = [parameter.grad for parameter in moved]
        torch._foreach_add_(self.steps, 1)
        fused_update(
            self.kind, moved, gradients, self.moments, self.steps, lr=self.param_groups[0]["lr"],
            weight_decay=self.weight_decay, momentum=self.momentum, first=first,
        )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs: tensors and plain values."""
        return {"moments": self.moments, "steps": self.steps, "lr": self.param_groups[0]["lr"]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state``, which is kept, not copied."""
        self.moments, self.steps = state["moments"], state["steps"]
        self.param_groups[0]["lr"] = state["lr"]

    def _begin(self, moved: list[Tensor]) -> None:
        # preserve_format: kernels walk parameters and moments together, so a channels_last weight needs moments alike.
        self.moments = [
            [torch.zeros_like(parameter, memory_format=torch.preserve_format) for parameter in moved]
            for _ in range(MOMENTS[self.kind])
        ]
        self.steps = [torch.zeros((), device=parameter.device) for parameter in moved]
