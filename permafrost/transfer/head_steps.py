"""Training of one head on a CPU with the steps written out: forward, backward and update in buffers made once.

What autograd, modules and an optimiser object would do for such a small network costs more than its arithmetic; and a
weight's gradient is used while it is in the cache, a band of rows at a time. The arithmetic is that of
``torch.nn.functional`` and ``torch.optim``, kernel by kernel.
"""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from permafrost.evaluation.scores import scores
from permafrost.transfer.fused_steps import MOMENTS, Tensors, fused_update
from permafrost.transfer.head_spec import Embeddings, FittedHead, HeadSpec, head_module
from permafrost.transfer.seeding import generator

BAND = 256  # rows of a weight updated together: their gradient, at 1,024 columns, fits a core's second-level cache
Apply = Callable[[Tensors, Tensors, Sequence[Tensors]], None]


class Layer:
    """One linear layer with the optimiser's state; with bf16 products also a copy of the weights to multiply with."""

    def __init__(self, incoming: int, outgoing: int, batch: int, dtype: torch.dtype) -> None:
        self.weight, self.bias = torch.empty(outgoing, incoming), torch.empty(outgoing)
        self.moments = [torch.empty_like(t) for t in (self.weight, self.weight, self.bias, self.bias)]
        self.copies = dtype != torch.float32
        # What products read: the weights themselves in fp32.
        self.factor, self.shift = (t.to(dtype) if self.copies else t for t in (self.weight, self.bias))
        self.output = torch.empty(batch, outgoing, dtype=dtype)
        self.delta = torch.empty(batch, outgoing, dtype=dtype)  # the loss's gradient with respect to the output
        self.bias_product = torch.empty(outgoing, dtype=dtype)
        bias_gradient = torch.empty(outgoing) if self.copies else self.bias_product
        self.of_bias = [self.bias], [bias_gradient], [[moment] for moment in self.moments[2:]]
        product = torch.empty(min(BAND, outgoing), incoming, dtype=dtype)
        gradient = torch.empty(product.shape) if self.copies else product
        # Views are made once: each costs a microsecond, and a linear head's whole step thirty.
        self.bands = []
        for start in range(0, outgoing, BAND):
            rows = slice(start, min(start + BAND, outgoing))
            count = rows.stop - start
            weight, first, second = (t[rows] for t in (self.weight, self.moments[0], self.moments[1]))
            tensors = [weight], [gradient[:count]], [[first], [second]]
            self.bands.append((rows, product[:count], tensors, self.factor[rows]))

    def load(self, weight: Tensor, bias: Tensor) -> None:
        """Start anew from these weights."""
        self.weight.copy_(weight)
        self.bias.copy_(bias)
        if self.copies:
            self.factor.copy_(weight)
            self.shift.copy_(bias)
        for moment in self.moments:
            moment.zero_()

    def update(self, x: Tensor, delta: Tensor, apply: Apply) -> None:
        """One step of the optimiser from the layer's input [B, incoming] and ``delta`` [B, outgoing]."""
        for rows, product, tensors, factor in self.bands:
            torch.mm(delta[:, rows].t(), x, out=product)
            if self.copies:
                tensors[1][0].copy_(product)
            apply(*tensors)
            if self.copies:
                factor.copy_(tensors[0][0])
        torch.sum(delta, 0, out=self.bias_product)
        if self.copies:
            self.of_bias[1][0].copy_(self.bias_product)
        apply(*self.of_bias)
        if self.copies:
            self.shift.copy_(self.bias)


class HeadTrainer:
    """Trains heads of one shape and batch size, one after another, in the same buffers."""

    def __init__(self, data: Embeddings, hidden: tuple[int, ...], batch_size: int, bf16: bool = False) -> None:
        self.data = data
        self.dtype = torch.bfloat16 if bf16 else torch.float32
        self.values = data.values.to(self.dtype)
        self.train = data.rows["train"]
        self.batch_size = min(batch_size, len(self.train))
        widths = [data.size, *hidden, data.classes]
        pairs = itertools.pairwise(widths)
        self.layers = [Layer(incoming, outgoing, batch_size, self.dtype) for incoming, outgoing in pairs]
        self.held_out = {subset: self.values[data.rows[subset]].split(batch_size) for subset in ("valid", "test")}
        self.step = torch.zeros(())
        # The best epoch's weights: fresh memory for each would cost more, in page faults, than the copy.
        self.best = {name: torch.empty_like(tensor) for name, tensor in self._state().items()}

    def fit(
        self,
        spec: HeadSpec,
        initial: dict[str, Tensor] | None = None,
        report: Callable[[dict[str, float]], None] | None = None,
        keep_state: bool = True,
    ) -> FittedHead:
        """Train one head from its seed's first weights, or from ``initial`` (named as in ``head_module``)."""
        state = initial or head_module(spec, self.data.size, self.data.classes).state_dict()
        self._load(state)
        self.step.zero_()
        self._remember()
        fitted = FittedHead(spec)
        for epoch in range(spec.epochs):
            rate = spec.rate(epoch)
            loss, accuracy = self._epoch(spec, epoch, rate)
            valid = self.probabilities("valid")
            if not (np.isfinite(loss) and np.isfinite(valid).all()):
                fitted.diverged = True
                break
            scored = scores(self.data.labels[self.data.rows["valid"]].numpy(), valid)
            row = {"epoch": epoch + 1, "train_loss": loss, "train_accuracy": accuracy}
            row |= {"valid_loss": scored["loss"], "valid_accuracy": scored["accuracy"], "lr": rate}
            fitted.history.append(row)
            if fitted.better(row):
                fitted.best_epoch = epoch + 1
                self._remember()
            if report:
                report(row)
        self._load(self.best)
        fitted.probabilities = {subset: self.probabilities(subset) for subset in self.held_out}
        if keep_state:
            fitted.state = {name: tensor.clone() for name, tensor in self.best.items()}
        return fitted

    def probabilities(self, subset: str) -> np.ndarray:
        """Class probabilities float64 [clips, classes] of ``valid`` or ``test`` with the weights as they are."""
        # double() copies: the next batch overwrites the buffer that holds these logits.
        logits = torch.cat([self._forward(x).double() for x in self.held_out[subset]])
        return logits.softmax(dim=1).numpy()

    def _epoch(self, spec: HeadSpec, epoch: int, rate: float) -> tuple[float, float]:
        """One pass; mean training loss and accuracy."""
        order = self.train[torch.randperm(len(self.train), generator=generator(spec.seed, "order", epoch))]
        values, labels = self.values[order], self.data.labels[order]
        smooth, classes, size = spec.label_smoothing, self.data.classes, self.batch_size
        # The loss as a weighted sum of log-probabilities: its weights are also its gradient with respect to them.
        weights = torch.full((len(order), classes), -smooth / classes)
        weights.scatter_(1, labels[:, None], -(1 - smooth) - smooth / classes)
        logs = torch.empty(len(order), classes)
        for start in range(0, len(order), size):
            rows = slice(start, min(start + size, len(order)))
            x, log = values[rows], logs[rows]
            torch.log_softmax(self._forward(x).float(), 1, out=log)
            grad = torch._log_softmax_backward_data(weights[rows] / len(x), log, 1, torch.float32)
            self._backward(x, grad.to(self.dtype), self._update(spec, rate))
        loss = float((weights * logs).sum()) / len(order)
        return loss, float((logs.argmax(dim=1) == labels).sum()) / len(order)

    def _forward(self, x: Tensor) -> Tensor:
        """Logits [B, classes] in the products' precision; each layer keeps its output."""
        for layer in self.layers[:-1]:
            output = layer.output[: len(x)]
            torch.addmm(layer.shift, x, layer.factor.t(), out=output)
            x = output.relu_()
        last = self.layers[-1]
        return torch.addmm(last.shift, x, last.factor.t(), out=last.output[: len(x)])

    def _backward(self, x: Tensor, delta: Tensor, apply: Apply) -> None:
        """Update every layer, the last first; each gradient is used up before the next one is made."""
        for number in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[number]
            if number == 0:
                layer.update(x, delta, apply)
                return
            before = self.layers[number - 1]
            hidden, earlier = before.output[: len(x)], before.delta[: len(x)]
            torch.mm(delta, layer.factor, out=earlier)  # before the update: the weights of the forward pass
            torch.ops.aten.threshold_backward.grad_input(earlier, hidden, 0, grad_input=earlier)
            layer.update(hidden, delta, apply)
            delta = earlier

    def _update(self, spec: HeadSpec, rate: float) -> Apply:
        """The optimiser's step number ``self.step`` as a function of one weight, its gradient and its two moments."""
        first = self.step.item() == 0
        self.step += 1
        kind, moments = spec.optimiser, MOMENTS[spec.optimiser]

        def apply(weights: Tensors, gradients: Tensors, both: Sequence[Tensors]) -> None:
            fused_update(
                kind, weights, gradients, both[:moments], [self.step], lr=rate, weight_decay=spec.weight_decay,
                momentum=spec.momentum, first=first,
            )  # fmt: skip

        return apply

    def _load(self, state: dict[str, Tensor]) -> None:
        for number, layer in enumerate(self.layers):
            layer.load(state[f"{2 * number}.weight"], state[f"{2 * number}.bias"])

    def _remember(self) -> None:
        for name, tensor in self._state().items():
            self.best[name].copy_(tensor)

    def _state(self) -> dict[str, Tensor]:
        """The weights themselves, named as in ``head_module``."""
        return {
            f"{2 * number}.{name}": getattr(layer, name)
            for number, layer in enumerate(self.layers)
            for name in ("weight", "bias")
        }
