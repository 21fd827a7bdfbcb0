"""Training of many heads at once, stacked in batched products: what is fastest on an accelerator.

Every tensor has a first dimension of heads. The arithmetic of each head is that of ``head_steps``; sums are in another
order, so results differ in the last digits.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from permafrost.transfer.fused_steps import BETAS, EPS
from permafrost.transfer.head_spec import Embeddings, FittedHead, HeadSpec, head_module
from permafrost.transfer.seeding import generator

Snapshot = list[Tensor]
SMALLEST = float(np.finfo(np.float64).eps)  # what log_loss holds a probability above


def train_stacked(
    data: Embeddings, specs: Sequence[HeadSpec], device: torch.device, bf16: bool, memory_bytes: float, keep_state: bool
) -> Iterator[tuple[int, FittedHead]]:
    """Number and result of each head; heads of one shape together, as many as ``memory_bytes`` hold."""
    groups: dict[tuple, list[int]] = {}
    for number, spec in enumerate(specs):
        key = (spec.hidden, spec.optimiser, spec.batch_size, spec.epochs)
        groups.setdefault(key, []).append(number)
    moved = Embeddings(data.values.to(device), data.labels.to(device), data.classes, data.rows)
    for numbers in groups.values():
        size = max(1, int(memory_bytes // bytes_per_head(data, specs[numbers[0]])))
        for start in range(0, len(numbers), size):
            chunk = numbers[start : start + size]
            stack = Stack(moved, [specs[number] for number in chunk], bf16)
            yield from zip(chunk, stack.fit(keep_state), strict=True)


def bytes_per_head(data: Embeddings, spec: HeadSpec) -> int:
    """Memory that one head takes in a stack: weights, two moments, best weights, a gradient, activations twice."""
    widths = [data.size, *spec.hidden, data.classes]
    layers = [(incoming + 1) * outgoing for incoming, outgoing in itertools.pairwise(widths)]
    held_out = max(len(data.rows["valid"]), len(data.rows["test"]))
    activations = max(2 * spec.batch_size, held_out) * sum(widths)
    # 6: a compute copy in bf16 and what a step allocates on the way.
    return 4 * (4 * sum(layers) + 2 * max(layers) + activations) + 6 * max(layers)


class Stack:
    """Heads of one shape, optimiser kind, batch size and number of epochs."""

    def __init__(self, data: Embeddings, specs: list[HeadSpec], bf16: bool) -> None:
        self.data, self.specs, first = data, specs, specs[0]
        self.device = data.values.device
        self.dtype = torch.bfloat16 if bf16 else torch.float32
        self.values = data.values.to(self.dtype)
        states = [head_module(spec, data.size, data.classes).state_dict() for spec in specs]
        self.layers = len(first.hidden) + 1
        # weight [heads, out, in] and bias [heads, 1, out] of each layer, in turn
        self.weights: list[Tensor] = []
        for number in range(self.layers):
            self.weights.append(torch.stack([state[f"{2 * number}.weight"] for state in states]).to(self.device))
            bias = torch.stack([state[f"{2 * number}.bias"] for state in states]).to(self.device)
            self.weights.append(bias[:, None])
        moments = 1 if first.optimiser == "sgd" else 2
        self.moments = [[torch.zeros_like(tensor) for tensor in self.weights] for _ in range(moments)]
        self.decay = self._each([spec.weight_decay for spec in specs])
        self.momentum = self._each([spec.momentum for spec in specs])
        self.smooth = self._each([spec.label_smoothing for spec in specs])
        self.step = 0

    def fit(self, keep_state: bool) -> list[FittedHead]:
        """Train all of them. Nothing waits for the device until the last epoch is over."""
        heads, epochs = len(self.specs), self.specs[0].epochs
        best = [tensor.clone() for tensor in self.weights]
        score = torch.full((heads, 2), -torch.inf, dtype=torch.float64, device=self.device)
        found = torch.zeros(heads, dtype=torch.bool, device=self.device)
        alive = torch.ones(heads, dtype=torch.bool, device=self.device)
        by_loss = torch.tensor([spec.select == "loss" for spec in self.specs], device=self.device)
        by_turn = torch.tensor([spec.select == "last" for spec in self.specs], device=self.device)
        record = torch.zeros(epochs, heads, 6, dtype=torch.float64, device=self.device)
        for epoch in range(epochs):
            loss, accuracy = self._epoch(epoch)
            valid_loss, valid_accuracy, finite = self._evaluate()
            alive &= loss.isfinite() & finite
            now = torch.stack([torch.where(by_loss, -valid_loss, valid_accuracy), -valid_loss], dim=1)
            higher = (now[:, 0] > score[:, 0]) | ((now[:, 0] == score[:, 0]) & (now[:, 1] > score[:, 1]))
            better = alive & (higher | by_turn | ~found)
            found |= better
            score = torch.where(better[:, None], now, score)
            for kept, tensor in zip(best, self.weights, strict=True):
                torch.where(better[:, None, None], tensor, kept, out=kept)
            record[epoch] = torch.stack(
                [loss, accuracy, valid_loss, valid_accuracy, better.double(), alive.double()], dim=1
            )
        self.weights = best
        probabilities = {subset: self._probabilities(subset).cpu().numpy() for subset in ("valid", "test")}
        rows = record.cpu().numpy()
        return [self._fitted(head, rows[:, head], probabilities, keep_state) for head in range(heads)]

    def _fitted(
        self, head: int, record: np.ndarray, probabilities: dict[str, np.ndarray], keep_state: bool
    ) -> FittedHead:
        fitted = FittedHead(self.specs[head])
        for epoch, (loss, accuracy, valid_loss, valid_accuracy, better, alive) in enumerate(record.tolist()):
            if not alive:
                fitted.diverged = True
                break
            row = {"epoch": epoch + 1, "train_loss": loss, "train_accuracy": accuracy}
            row |= {"valid_loss": valid_loss, "valid_accuracy": valid_accuracy, "lr": fitted.spec.rate(epoch)}
            fitted.history.append(row)
            if better:
                fitted.best_epoch = epoch + 1
        fitted.probabilities = {subset: values[head] for subset, values in probabilities.items()}
        if keep_state:
            fitted.state = {}
            for number in range(self.layers):
                fitted.state[f"{2 * number}.weight"] = self.weights[2 * number][head].cpu()
                fitted.state[f"{2 * number}.bias"] = self.weights[2 * number + 1][head, 0].cpu()
        return fitted

    def _epoch(self, epoch: int) -> tuple[Tensor, Tensor]:
        """One pass; mean training loss and accuracy [heads], float64."""
        train = self.data.rows["train"]
        # Heads of one seed share one order.
        orders = {s.seed: torch.randperm(len(train), generator=generator(s.seed, "order", epoch)) for s in self.specs}
        order = torch.stack([train[orders[spec.seed]] for spec in self.specs]).to(self.device)
        rate = self._each([spec.rate(epoch) for spec in self.specs])
        loss = torch.zeros(len(self.specs), dtype=torch.float64, device=self.device)
        correct = torch.zeros_like(loss)
        for rows in order.split(self.specs[0].batch_size, dim=1):
            labels = self.data.labels[rows]
            outputs = self._forward(self.values[rows])
            logs = outputs[-1].float().log_softmax(dim=2)
            weights = (-self.smooth / self.data.classes).expand_as(logs).clone()
            weights.scatter_add_(2, labels[:, :, None], (self.smooth - 1).expand(*labels.shape, 1))
            loss += (weights * logs).sum(dim=(1, 2))
            correct += (logs.argmax(dim=2) == labels).sum(dim=1)
            weights /= rows.shape[1]
            delta = weights - logs.exp() * weights.sum(dim=2, keepdim=True)
            self._backward(outputs, delta.to(self.dtype), rate)
        return loss / len(train), correct / len(train)

    def _forward(self, x: Tensor) -> list[Tensor]:
        """What each layer reads, [heads, B, in], and the logits [heads, B, classes]."""
        outputs = [x]
        for number in range(self.layers):
            weight, bias = (tensor.to(self.dtype) for tensor in self.weights[2 * number : 2 * number + 2])
            x = torch.baddbmm(bias, x, weight.mT)
            outputs.append(x.relu_() if number + 1 < self.layers else x)
        return outputs

    def _backward(self, outputs: list[Tensor], delta: Tensor, rate: Tensor) -> None:
        self.step += 1
        for number in range(self.layers - 1, -1, -1):
            x, earlier = outputs[number], None
            if number:
                earlier = torch.bmm(delta, self.weights[2 * number].to(self.dtype)) * (x > 0)
            self._update(2 * number, torch.bmm(delta.mT, x).float(), rate)
            self._update(2 * number + 1, delta.sum(dim=1, keepdim=True).float(), rate)
            delta = earlier

    def _update(self, index: int, gradient: Tensor, rate: Tensor) -> None:
        """The optimiser's step on one stacked tensor; ``gradient`` is used up."""
        weight, optimiser = self.weights[index], self.specs[0].optimiser
        if optimiser == "adamw":
            weight.mul_(1 - rate * self.decay)
        else:
            gradient.addcmul_(weight, self.decay)
        first = self.moments[0][index]
        if optimiser == "sgd":
            weight.sub_(first.mul_(self.momentum).add_(gradient) * rate)
            return
        second = self.moments[1][index]
        first.lerp_(gradient, 1 - BETAS[0])
        second.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        torch.sqrt(second, out=gradient)
        gradient.div_((1 - BETAS[1] ** self.step) ** 0.5).add_(EPS)
        torch.div(first, gradient, out=gradient)
        weight.sub_(gradient.mul_(rate / (1 - BETAS[0] ** self.step)))

    def _probabilities(self, subset: str) -> Tensor:
        """Class probabilities float64 [heads, clips, classes]."""
        x = self.values[self.data.rows[subset].to(self.device)]
        return self._forward(x.expand(len(self.specs), *x.shape))[-1].double().softmax(dim=2)

    def _evaluate(self) -> tuple[Tensor, Tensor, Tensor]:
        """Log loss and accuracy on ``valid`` [heads] as ``scores`` defines them, and whether all of it is finite."""
        probabilities = self._probabilities("valid")
        labels = self.data.labels[self.data.rows["valid"].to(self.device)].expand(len(self.specs), -1)
        right = probabilities.gather(2, labels[:, :, None])
        accuracy = (probabilities.argmax(dim=2) == labels).double().mean(dim=1)
        return -right.clamp(min=SMALLEST).log().mean(dim=(1, 2)), accuracy, probabilities.isfinite().all(dim=(1, 2))

    def _each(self, values: list[float]) -> Tensor:
        """One number a head, to multiply stacked tensors with: [heads, 1, 1]."""
        return torch.tensor(values, dtype=torch.float32, device=self.device)[:, None, None]
