"""Cross entropy in which every class counts the same, however few clips it has: for sets with rare classes.

A clip counts ``clips / (classes · clips of its class)``, all of them of the training clips: the weights of King & Zeng
(2001, "Logistic regression in rare events data") and of scikit-learn's ``class_weight="balanced"``. Their mean is one,
so that a learning rate means the same as under ``cross_entropy``; where classes are even the two are one.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


def targets(labels: Tensor, train: Tensor, classes: int, settings: Any) -> Tensor:
    """Weighted distributions, float32 [clips, classes]: a row sums to the weight of its clip; ``label_smoothing`` as
    ``cross_entropy`` has it. A class without a training clip has weight 0."""
    clips = torch.bincount(labels[train], minlength=classes)
    weights = torch.where(clips > 0, len(train) / ((clips > 0).sum() * clips.clamp(min=1)), 0.0)
    eps = settings.label_smoothing
    smoothed = F.one_hot(labels, classes) * (1 - eps) + eps / classes
    return (weights[labels, None] * smoothed).float()


def loss(outputs: Tensor, targets: Tensor, settings: Any) -> Tensor:
    """Mean over the batch, in nats, of outputs [B, classes] and targets [B, classes]."""
    return F.cross_entropy(outputs, targets)


def probabilities(outputs: Tensor) -> Tensor:
    """Softmax: [B, classes], rows sum to one."""
    return outputs.softmax(dim=1)
