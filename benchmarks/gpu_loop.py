"""The training loop of gpu_study: one strategy, seed after seed, without a stop between the device's steps.

Weights, inputs and orders of batches live on the device; a step is one CUDA graph (on a CPU, a function); frozen units
are not there at all, because their outputs are the inputs. Blocks are compiled one at a time: twelve equal blocks, and
all strategies, then share one compilation for each of the few situations a block can be in.
"""

import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from permafrost.models.network import Network
from permafrost.transfer.examples import Preparation
from permafrost.transfer.head_spec import HeadSpec, head_module
from permafrost.transfer.seeding import generator

EVALUATED = 100  # clips in a batch without gradients
WARM_UPS = 3


def run_block(block: nn.Module, x: Tensor) -> Tensor:
    """What is compiled."""
    return block(x)


class Body:
    """The network's units, pool and head as functions, in bf16 autocast; blocks compiled where asked for."""

    def __init__(self, network: Network, prepare: Preparation, device: torch.device, compile_mode: str | None) -> None:
        # Evaluation mode all through: a ViT has no BatchNorm, and the published dropout is zero.
        self.network, self.prepare, self.device = network.eval(), prepare, device
        self.units = 1 + len(network.blocks)
        self.block: Callable[[nn.Module, Tensor], Tensor] = run_block
        if compile_mode:
            self.block = torch.compile(run_block, dynamic=False, mode=compile_mode)

    def run(self, x: Tensor, start: int, stop: int) -> Tensor:
        """Activations after ``units[start:stop]``; pictures [B, H, W] for unit 0."""
        for unit in range(start, stop):
            if unit == 0:
                x = self.network.stem(self.prepare(x))
                continue
            if unit in (1, start):
                # Blocks leave tokens first in memory; one that is given anything else would be compiled once more.
                x = x.transpose(0, 1).contiguous().transpose(0, 1)
            x = self.block(self.network.blocks[unit - 1], x)
        return x

    def logits(self, x: Tensor, start: int) -> Tensor:
        """[B, classes] float32 from what stands before unit ``start``."""
        with torch.autocast(self.device.type, torch.bfloat16):
            return self.network.head(self.network.pool(self.run(x, start, self.units))).float()

    @torch.no_grad()
    def advance(self, x: Tensor, start: int, stop: int) -> Tensor:
        """``run`` on all clips, in batches."""
        with torch.autocast(self.device.type, torch.bfloat16):
            return torch.cat([self.run(part, start, stop) for part in x.split(EVALUATED)])

    @torch.no_grad()
    def embed(self, x: Tensor) -> Tensor:
        """Embeddings [clips, size] float32 from the output of the last unit."""
        with torch.autocast(self.device.type, torch.bfloat16):
            return self.network.pool(x).float()

    def flops(self, x: Tensor, start: int) -> tuple[int, int]:
        """Floating-point operations of the matrix products of one clip: a training step, and a prediction."""
        compiled, self.block = self.block, run_block
        trained = self.trained(start)
        # The plain attention is made of products that the counter knows on every device.
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as both:
            torch.autograd.grad(self.logits(x[:1], start).sum(), trained)
        with sdpa_kernel(SDPBackend.MATH), torch.no_grad(), FlopCounterMode(display=False) as forward:
            self.logits(x[:1], start)
        self.block = compiled
        return both.get_total_flops(), forward.get_total_flops()

    def trained(self, start: int) -> list[nn.Parameter]:
        """Parameters of the units from ``start`` on, of the pool and of the head."""
        network = self.network
        modules = [*list(network.units.values())[start:], network.pool, network.head]
        return [parameter for module in modules for parameter in module.parameters()]


class Strategy:
    """Training of all that comes after unit ``start``, by SGD with a cosine schedule."""

    def __init__(
        self, body: Body, start: int, inputs: Tensor, labels: Tensor, rows: dict[str, Tensor], spec: HeadSpec,
        graphs: bool,
    ) -> None:  # fmt: skip
        """``inputs`` [clips, ...] is what stands before unit ``start``; ``spec`` gives rate, batch size and epochs."""
        self.body, self.start, self.spec = body, start, spec
        self.inputs, self.labels, self.train = inputs, labels, rows["train"]
        device = inputs.device
        self.held_out = {s: (inputs[rows[s].to(device)], labels[rows[s].to(device)]) for s in ("valid", "test")}
        self.weights = body.trained(start)
        self.base = [weight.detach().clone() for weight in self.weights]
        self.best = [weight.detach().clone() for weight in self.weights]
        self.moments = [torch.zeros_like(weight) for weight in self.weights]
        self.rows = torch.zeros(spec.batch_size, dtype=torch.long, device=device)
        self.rate = torch.zeros((), device=device)
        self.loss = torch.zeros((), device=device)
        self.score = torch.zeros(2, dtype=torch.float64, device=device)
        self.step = captured(self._step, graphs)
        self.evaluate = captured(self._evaluate, graphs)

    def fit(self, seed: int) -> tuple[Tensor, Tensor]:
        """Mean training loss of each epoch and test accuracy of the best, still on the device: nothing waits."""
        spec, device = self.spec, self.inputs.device
        self.restore()
        head = head_module(
            HeadSpec(seed, spec.lr), self.body.network.embedding_size, self.body.network.head.out_features
        )
        with torch.no_grad():
            self.body.network.head.weight.copy_(head[0].weight)
            self.body.network.head.bias.copy_(head[0].bias)
        orders = [torch.randperm(len(self.train), generator=generator(seed, "order", e)) for e in range(spec.epochs)]
        order = self.train[torch.stack(orders)].view(spec.epochs, -1, spec.batch_size).to(device)
        rates = torch.tensor([spec.rate(epoch) for epoch in range(spec.epochs)], device=device)
        losses = torch.zeros(spec.epochs, device=device)
        self.score.fill_(-torch.inf)
        for epoch in range(spec.epochs):
            self.rate.copy_(rates[epoch])
            self.loss.zero_()
            for rows in order[epoch]:
                self.rows.copy_(rows)
                self.step()
            losses[epoch] = self.loss / order.shape[1]
            self.evaluate()
        with torch.no_grad():
            torch._foreach_copy_(self.weights, self.best)
            x, labels = self.held_out["test"]
            accuracy = (self.body.logits(x, self.start).argmax(1) == labels).float().mean()
        return losses, accuracy

    @torch.no_grad()
    def restore(self) -> None:
        """Back to the base's weights, and forget moments."""
        torch._foreach_copy_(self.weights, self.base)
        torch._foreach_zero_(self.moments)

    def _step(self) -> None:
        logits = self.body.logits(self.inputs[self.rows], self.start)
        loss = F.cross_entropy(logits, self.labels[self.rows])
        gradients = torch.autograd.grad(loss, self.weights)
        with torch.no_grad():
            # The kernel walks weights and gradients as they lie in memory; a convolution may give another layout.
            gradients = [laid_out_as(w, g) for w, g in zip(self.weights, gradients, strict=True)]
            # The rate is a tensor: a graph reads it anew at each replay. Moments start from zero: no first step.
            torch._fused_sgd_(
                self.weights, gradients, self.moments, weight_decay=self.spec.weight_decay,
                momentum=self.spec.momentum, lr=self.rate, dampening=0.0, nesterov=False, maximize=False,
                is_first_step=False,
            )  # fmt: skip
            self.loss += loss

    @torch.no_grad()
    def _evaluate(self) -> None:
        """Keep the weights where validation accuracy, or at the same accuracy the loss, is the best so far."""
        x, labels = self.held_out["valid"]
        logits = self.body.logits(x, self.start).double()
        accuracy = (logits.argmax(1) == labels).double().mean()
        now = torch.stack([accuracy, -F.cross_entropy(logits, labels)])
        better = (now[0] > self.score[0]) | ((now[0] == self.score[0]) & (now[1] > self.score[1]))
        torch.where(better, now, self.score, out=self.score)
        for weight, kept in zip(self.weights, self.best, strict=True):
            torch.where(better, weight, kept, out=kept)


def laid_out_as(weight: Tensor, gradient: Tensor) -> Tensor:
    """``gradient`` with the strides of ``weight``."""
    return gradient if gradient.stride() == weight.stride() else torch.empty_like(weight).copy_(gradient)


def captured(work: Callable[[], None], graphs: bool) -> Callable[[], None]:
    """``work`` as the replay of a CUDA graph; ``work`` itself where that is not wanted or does not succeed."""
    if not graphs:
        return work
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UPS):  # compiles, and makes libraries allocate what a graph must not
            work()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            work()
    except RuntimeError as error:
        print(f"no CUDA graph ({error}); every kernel is launched by itself", file=sys.stderr)
        torch.cuda.synchronize()
        return work
    return graph.replay


def clock(device: torch.device) -> float:
    """Seconds, once everything that was asked of the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def peak_tflops(device: torch.device, size: int, repeats: int = 20) -> float:
    """Rate of a bf16 product of two random square matrices."""
    first, second = (torch.randn(size, size, device=device).bfloat16() for _ in range(2))
    out = torch.empty_like(first)
    for _ in range(3):
        torch.mm(first, second, out=out)
    began = clock(device)
    for _ in range(repeats):
        torch.mm(first, second, out=out)
    return 2 * size**3 * repeats / (clock(device) - began) / 1e12
