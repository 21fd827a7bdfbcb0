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

    Each step is one kernel over all parameters of a group. All of them must get a gradient at every step or never.
    """

    def __init__(
        self, groups: Iterable[dict[str, Any]], kind: str, weight_decay: float = 0.0, momentum: float = 0.0
    ) -> None:
        """``groups``: mappings with ``params`` (float tensors of one device, CPU or CUDA) and their ``lr``; ``kind`` is
        ``sgd``, ``adam`` or ``adamw``."""
        self.kind, self.weight_decay, self.momentum = kind, weight_decay, momentum
        # As in torch.optim, so that a schedule can set the rates.
        self.param_groups: list[dict[str, Any]] = [dict(group) for group in groups]
        self.moments: list[list[list[Tensor]]] = []  # by group
        self.steps: list[list[Tensor]] = []

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none or parameter.grad is None:
                    parameter.grad = None
                else:
                    parameter.grad.zero_()

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        moved = [
            [parameter for parameter in group["params"] if parameter.grad is not None] for group in self.param_groups
        ]
        first = not self.steps
        if first:
            self._begin(moved)
        for group, parameters, moments, steps in zip(self.param_groups, moved, self.moments, self.steps, strict=True):
            if not parameters:
                continue
            torch._foreach_add_(steps, 1)
            fused_update(
                self.kind, parameters, [parameter.grad for parameter in parameters], moments, steps, lr=group["lr"],
                weight_decay=self.weight_decay, momentum=self.momentum, first=first,
            )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs: tensors and plain values."""
        return {"moments": self.moments, "steps": self.steps, "lr": [group["lr"] for group in self.param_groups]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state``, which is kept, not copied."""
        self.moments, self.steps = state["moments"], state["steps"]
        for group, lr in zip(self.param_groups, state["lr"], strict=True):
            group["lr"] = lr

    def _begin(self, moved: Sequence[Tensors]) -> None:
        # preserve_format: kernels walk parameters and moments together, so a channels_last weight needs moments alike.
        self.moments = [
            [
                [torch.zeros_like(parameter, memory_format=torch.preserve_format) for parameter in parameters]
                for _ in range(MOMENTS[self.kind])
            ]
            for parameters in moved
        ]
        self.steps = [[torch.zeros((), device=parameter.device) for parameter in parameters] for parameters in moved]
