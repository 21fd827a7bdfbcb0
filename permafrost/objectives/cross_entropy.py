"""Cross entropy of a softmax over the classes, every clip counting the same; the recipe's ``label_smoothing`` eps moves
that share of each target to all classes alike (Szegedy et al. 2016)."""

from typing import Any

from torch import Tensor
from torch.nn import functional as F


def targets(labels: Tensor, train: Tensor, classes: int, settings: Any) -> Tensor:
    """The labels themselves, int64 [clips]."""
    return labels


def loss(outputs: Tensor, targets: Tensor, settings: Any) -> Tensor:
    """Mean over the batch, in nats, of outputs [B, classes] and targets [B]."""
    return F.cross_entropy(outputs, targets, label_smoothing=settings.label_smoothing)


def probabilities(outputs: Tensor) -> Tensor:
    """Softmax: [B, classes], rows sum to one."""
    return outputs.softmax(dim=1)
