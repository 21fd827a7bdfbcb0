"""Many heads on fixed embeddings: plain torch one by one against ``train_heads``.

    python -m benchmarks.heads [--heads 506] [--epochs 25] [--precision bf16] [--device cpu] [--json FILE]

Heads 768-1024-1024-10 with AdamW, batch 100, on 800 embeddings, validated on 100 after every epoch: the sweep that was
published as 506 models. The plain way (a module, autograd, torch.optim as it comes, one thread) trains ``--plain``
heads for a few epochs, and what it takes is scaled to all heads and epochs; so do the steps of ``train_heads``. The
line that counts is measured whole: all heads, wall time, start of the processes included.
"""

import time
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.table import Row, numbers, parser, publish
from permafrost.transfer.head_pool import Trainers
from permafrost.transfer.head_spec import Embeddings, HeadSpec, head_module
from permafrost.transfer.heads import train_heads
from permafrost.transfer.seeding import generator

LRS = (1e-5, 3e-5, 1e-4, 3e-4)
DECAYS = (0.0, 1e-3, 1e-2, 1e-1)
PLAIN_EPOCHS, COMPARED_EPOCHS = 3, 3
CLASSES = 10


def main(argv: Sequence[str] | None = None) -> None:
    """Run everything and print the table."""
    options = parser(__doc__)
    options.add_argument("--heads", type=int, default=506)
    options.add_argument("--epochs", type=int, default=25)
    options.add_argument("--embeddings", type=int, default=800, help="training embeddings; an eighth more to validate")
    options.add_argument("--size", type=int, default=768, help="length of an embedding")
    options.add_argument("--hidden", type=numbers, default=[1024, 1024], metavar="N,N")
    options.add_argument("--precision", choices=["fp32", "bf16"], default="bf16", help="of the whole run")
    options.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options.add_argument("--processes", type=int, help="on a CPU; by default one a core")
    options.add_argument("--plain", type=int, default=3, help="heads trained the plain way")
    options.add_argument("--scaled", action="store_true", help="leave out the whole run")
    arguments = options.parse_args(argv)
    data = make_embeddings(arguments.embeddings, arguments.size)
    specs = make_specs(arguments.heads, arguments.epochs, tuple(arguments.hidden))
    rows = plain_and_alone(data, specs, arguments.plain)
    if not arguments.scaled:
        rows.append(whole(data, specs, arguments.device, arguments.precision, arguments.processes))
    rows += agreement(data, specs[: arguments.plain], arguments.device)
    publish(f"{len(specs)} heads, {arguments.epochs} epochs, {arguments.embeddings} embeddings", rows, arguments.json)


def make_embeddings(train: int, size: int) -> Embeddings:
    """Ten overlapping clouds."""
    held_out = max(CLASSES, train // 8)
    clips = train + 2 * held_out
    draw = torch.Generator().manual_seed(0)
    labels = torch.randint(0, CLASSES, (clips,), generator=draw)
    values = torch.randn(clips, size, generator=draw) + 0.2 * torch.randn(CLASSES, size, generator=draw)[labels]
    parts = torch.arange(clips).split([train, held_out, held_out])
    return Embeddings(values, labels, CLASSES, dict(zip(("train", "valid", "test"), parts, strict=True)))


def make_specs(heads: int, epochs: int, hidden: tuple[int, ...]) -> list[HeadSpec]:
    """A grid over learning rate and weight decay, repeated with new seeds until there are enough."""
    grid = [(lr, decay) for lr in LRS for decay in DECAYS]
    return [
        HeadSpec(number // len(grid), *grid[number % len(grid)], hidden=hidden, epochs=epochs)
        for number in range(heads)
    ]


def plain_and_alone(data: Embeddings, specs: list[HeadSpec], heads: int) -> list[Row]:
    """Core-minutes of all heads, from CPU time of a few in one thread, the ways taking turns head by head."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    few = [shortened(spec, PLAIN_EPOCHS) for spec in specs[:heads]]
    ours = {bf16: Trainers(data, bf16) for bf16 in (False, True)}
    ways = {
        "plain torch, fp32": lambda spec: plain(data, spec),
        "plain torch, bf16 autocast": lambda spec: plain(data, spec, bf16=True),
        "train_heads, fp32": lambda spec: ours[False].fit(spec, keep_state=False),
        "train_heads, bf16": lambda spec: ours[True].fit(spec, keep_state=False),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():  # the first step of each loads its kernels
        way(shortened(specs[0], 1))
    for spec in few:
        for name, way in ways.items():
            started = time.process_time()
            way(spec)
            spent[name].append(time.process_time() - started)
    torch.set_num_threads(threads)
    scale = len(specs) * specs[0].epochs / PLAIN_EPOCHS / 60
    medians = {name: float(np.median(times)) * scale for name, times in spent.items()}
    first = next(iter(medians.values()))
    return [
        {"what": f"{name}, one process (scaled)", "core-minutes": minutes, "ratio": first / minutes}
        for name, minutes in medians.items()
    ]


def whole(data: Embeddings, specs: list[HeadSpec], device: str, precision: str, processes: int | None) -> Row:
    """All heads, wall time."""
    began = time.perf_counter()
    fitted = train_heads(data, specs, device, precision, processes, keep_state=False)
    minutes = (time.perf_counter() - began) / 60
    diverged = sum(head.diverged for head in fitted)
    what = f"train_heads, all, {device}, {precision}" + (f" ({diverged} diverged)" if diverged else "")
    return {"what": what, "wall minutes": minutes}


def agreement(data: Embeddings, specs: list[HeadSpec], device: str) -> list[Row]:
    """Largest difference of training loss from plain training over three epochs, in the same precision."""
    rows = []
    few = [shortened(spec, COMPARED_EPOCHS) for spec in specs]
    for precision in ("fp32", "bf16"):
        ours = train_heads(data, few, device, precision, processes=1, keep_state=False)
        losses = [plain(data, spec, precision == "bf16") for spec in few]
        difference = max(
            abs(row["train_loss"] - loss)
            for head, plain_losses in zip(ours, losses, strict=True)
            for row, loss in zip(head.history, plain_losses, strict=True)
        )
        what = f"difference from plain {precision}, loss over {COMPARED_EPOCHS} epochs"
        rows.append({"what": what, "value": f"{difference:.1e}"})
    return rows


def shortened(spec: HeadSpec, epochs: int) -> HeadSpec:
    """``spec`` with fewer epochs."""
    return HeadSpec(**(vars(spec) | {"epochs": epochs}))


def plain(data: Embeddings, spec: HeadSpec, bf16: bool = False) -> list[float]:
    """What anyone would write; the training loss of each epoch."""
    module = head_module(spec, data.size, data.classes)
    optimiser = torch.optim.AdamW(module.parameters(), lr=spec.lr, weight_decay=spec.weight_decay)
    train, valid, losses = data.rows["train"], data.rows["valid"], []
    for epoch in range(spec.epochs):
        total = 0.0
        order = train[torch.randperm(len(train), generator=generator(spec.seed, "order", epoch))]
        for rows in order.split(spec.batch_size):
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                logits = module(data.values[rows])
            loss = F.cross_entropy(logits.float(), data.labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(rows)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            (module(data.values[valid]).argmax(1) == data.labels[valid]).float().mean().item()
        losses.append(total / len(train))
    return losses


if __name__ == "__main__":
    main()
