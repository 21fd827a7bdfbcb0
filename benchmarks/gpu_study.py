"""A six-strategy, ten-seed study of ViT-B/16 on one GPU, and what share of the machine's matrix products it uses.

    python -m benchmarks.gpu_study [--json FILE]        one CUDA device; needs torch, torchvision and numpy, no more
    python -m benchmarks.gpu_study --tiny               the same code on a CPU, in seconds

800 clips to train, 100 to validate, 100 to test, 224 x 224, 20 epochs of SGD with a cosine schedule, batch 32, random
weights for the body (one base for all seeds, as pretrained weights would be) and random pictures. Ours: outputs of
frozen units computed once, strategy from strategy, and shared by all seeds; bf16 autocast; compiled blocks; CUDA
graphs; the head strategy as ten heads at once. Plain: fp32, one file a clip through a DataLoader, the whole network in
every step, the class token trainable as published; ``--plain-epochs`` of one seed, scaled.

TFLOP/s counts matrix products that the strategy needs, validation included; the peak is a bf16 product of 8192 x 8192.
"""

import copy
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from benchmarks.gpu_loop import Body, Strategy, clock, peak_tflops
from benchmarks.table import Row, parser, publish
from permafrost.models.network import Network
from permafrost.models.vit_b_16 import build
from permafrost.transfer.examples import Preparation
from permafrost.transfer.head_spec import Embeddings, HeadSpec, head_module
from permafrost.transfer.heads import train_heads
from permafrost.transfer.seeding import generator

SHARES = {"none": None, "stem": 0.0, "quarter": 0.25, "half": 0.5, "three_quarters": 0.75, "head": 1.0}
CLASSES = 10


def main(argv: Sequence[str] | None = None) -> None:
    """Run ours, then the plain loop, and print the table."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--epochs", type=int, default=20)
    options.add_argument("--batch", type=int, default=32)
    options.add_argument("--plain-epochs", type=int, default=1, help="epochs of the plain loop; 0 leaves it out")
    options.add_argument("--workers", type=int, default=4, help="of the plain loop's DataLoader")
    options.add_argument("--compile", default="default", help="mode of torch.compile for blocks, or none")
    options.add_argument("--no-graphs", action="store_true", help="launch every kernel by itself")
    options.add_argument("--tiny", action="store_true", help="a small network and few clips, on any machine")
    arguments = options.parse_args(argv)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    train, held_out, side, depth, product = 800, 100, 224, 12, 8192
    if arguments.tiny:
        train, held_out, side, depth, product = 8, 4, 32, 4, 256
        arguments.seeds, arguments.epochs, arguments.batch, arguments.workers = 1, 2, 4, 0
        arguments.compile = "none"
    if train % arguments.batch:
        options.error(f"--batch {arguments.batch}: expected a divisor of {train}, so that all steps are alike")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    pictures, labels, rows = make_clips(train, held_out, side)
    spec = HeadSpec(0, 1e-3, optimiser="sgd", batch_size=arguments.batch, epochs=arguments.epochs, schedule="cosine")
    peak = peak_tflops(device, product)
    base = make_network(side, depth)
    network = copy.deepcopy(base).to(device)
    found = ours(network, pictures.to(device), labels.to(device), rows, spec, arguments)
    rows_of_table, seconds, first_loss = found
    for row in rows_of_table:
        if "TFLOP/s" in row:
            row["of peak, %"] = 100 * row["TFLOP/s"] / peak
    total: Row = {"strategy": "total, all included", "seconds": seconds}
    notes = [f"measured peak of bf16 products: {peak:.0f} TFLOP/s"]
    if arguments.plain_epochs:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        plain_loss = add_plain(rows_of_table, base, pictures, labels, rows, spec, arguments, device)
        total |= ratio_of(sum(row.get("plain, scaled, s", 0.0) for row in rows_of_table), seconds)
        notes.append(f"loss of the first epoch of none, seed 0: {first_loss:.4f}, plain fp32 {plain_loss:.4f}")
    title = f"ViT-B/16 study: 6 strategies, {arguments.seeds} seeds, {arguments.epochs} epochs, batch {arguments.batch}"
    publish(title, [*rows_of_table, total], arguments.json, notes)


def make_clips(train: int, held_out: int, side: int) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    """Random pictures [clips, side, side], labels, and the rows of each subset; a class has a brighter band."""
    clips = train + 2 * held_out
    pictures = torch.rand(clips, side, side, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(clips) % CLASSES
    band = max(1, side // CLASSES)
    for label in range(CLASSES):
        pictures[labels == label, label * band : (label + 1) * band] *= 0.7
    parts = torch.arange(clips).split([train, held_out, held_out])
    return pictures, labels, dict(zip(("train", "valid", "test"), parts, strict=True))


def make_network(side: int, depth: int) -> Network:
    """ViT-B/16 with the first ``depth`` blocks."""
    torch.manual_seed(0)
    network = build((side, side), CLASSES)
    network.blocks = nn.ModuleList(list(network.blocks)[:depth])
    # torchvision starts from a head of zeros, which would hide a faulty body.
    network.head.reset_parameters()
    return network


def starts(depth: int) -> dict[str, int]:
    """The first trained unit of each strategy."""
    return {name: 0 if share is None else 1 + round(share * depth) for name, share in SHARES.items()}


def ours(
    network: Network, pictures: torch.Tensor, labels: torch.Tensor, rows: dict, spec: HeadSpec, arguments: object
) -> tuple[list[Row], float, float]:
    """A row for each strategy, total seconds, and the first epoch's loss of ``none`` with seed 0."""
    device = pictures.device
    cuda = device.type == "cuda"
    mode = None if arguments.compile == "none" or not cuda else arguments.compile
    body = Body(network, Preparation(network, "imagenet", device), device, mode)
    began = clock(device)
    table: list[Row] = []
    x, unit, first_loss = pictures, 0, 0.0
    clips = spec.epochs * len(rows["train"]), spec.epochs * len(rows["valid"]) + len(rows["test"])
    for name, start in starts(len(network.blocks)).items():
        prepared = clock(device)
        x, unit = (body.advance(x, unit, start) if start > unit else x), start
        if start > len(network.blocks):
            data = Embeddings(body.embed(x).cpu(), labels.cpu(), CLASSES, rows)
            specs = [HeadSpec(**(vars(spec) | {"seed": seed})) for seed in range(arguments.seeds)]
            ready = clock(device)
            heads = train_heads(data, specs, device, processes=1)
            right = [
                (head.probabilities["test"].argmax(1) == labels[rows["test"]].cpu().numpy()).mean() for head in heads
            ]
            done, accuracy, row = clock(device), float(np.mean(right)), {}
        else:
            step, predict = body.flops(x, start)
            strategy = Strategy(body, start, x, labels, rows, spec, graphs=cuda and not arguments.no_graphs)
            ready = clock(device)
            results = [strategy.fit(seed) for seed in range(arguments.seeds)]
            done = clock(device)
            accuracy = float(torch.stack([accuracy for _, accuracy in results]).mean())
            first_loss = first_loss or float(results[0][0][0])
            work = arguments.seeds * (clips[0] * step + clips[1] * predict)
            row = {"TFLOP/s": work / (done - ready) / 1e12}
            strategy.restore()
        table.append({"strategy": name, "setup, s": ready - prepared, "seconds": done - ready} | row)
        table[-1]["test accuracy"] = accuracy
    return table, clock(device) - began, first_loss


def add_plain(
    table: list[Row], base: Network, pictures: torch.Tensor, labels: torch.Tensor, rows: dict, spec: HeadSpec,
    arguments: object, device: torch.device,
) -> float:  # fmt: skip
    """Give each row the plain loop's seconds, scaled; the loss of its first epoch of ``none``."""
    first_loss = 0.0
    with tempfile.TemporaryDirectory(prefix="permafrost-") as folder:
        files = PictureFiles(Path(folder), pictures, labels)
        for row, start in zip(table, starts(len(base.blocks)).values(), strict=True):
            network = copy.deepcopy(base).to(device)
            loop = plain_loop(network, start, files, rows, spec, arguments.workers, device)
            loop(0, True)  # the first steps load kernels
            began = clock(device)
            losses = [loop(epoch, False) for epoch in range(arguments.plain_epochs)]
            spent = (clock(device) - began) / arguments.plain_epochs * spec.epochs * arguments.seeds
            row |= ratio_of(spent, row["seconds"])
            if start == 0:
                first_loss = losses[0]
    return first_loss


class PictureFiles(Dataset):
    """One file a clip, read anew each time."""

    def __init__(self, folder: Path, pictures: torch.Tensor, labels: torch.Tensor) -> None:
        self.folder, self.labels = folder, labels.tolist()
        for clip, picture in enumerate(pictures.numpy()):
            np.save(folder / f"{clip}.npy", picture)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, clip: int) -> tuple[torch.Tensor, int]:
        """A picture [H, W] and its class."""
        return torch.from_numpy(np.load(self.folder / f"{clip}.npy")), self.labels[clip]


def plain_loop(
    network: Network, start: int, files: PictureFiles, rows: dict, spec: HeadSpec, workers: int, device: torch.device
) -> Callable[[int, bool], float]:
    """A function that trains and validates one epoch as published code does, and gives the mean training loss."""
    prepare = Preparation(network, "imagenet", device)
    for unit in list(network.units.values())[:start]:
        unit.requires_grad_(False)
    if start:
        network.class_token.requires_grad_(True)
    head = head_module(spec, network.embedding_size, CLASSES)
    network.head.load_state_dict({name.removeprefix("0."): tensor for name, tensor in head.state_dict().items()})
    begin = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    workers = min(workers, os.cpu_count() or 1)

    def optimiser_of() -> torch.optim.Optimizer:
        return torch.optim.SGD([p for p in network.parameters() if p.requires_grad], spec.lr, spec.momentum)

    optimiser = optimiser_of()

    def epoch(number: int, trial: bool) -> float:
        nonlocal optimiser
        order = rows["train"][torch.randperm(len(rows["train"]), generator=generator(spec.seed, "order", number))]
        order = order[: 2 * spec.batch_size] if trial else order
        for group in optimiser.param_groups:
            group["lr"] = spec.rate(number)
        network.train()
        total = 0.0
        for pictures, labels in DataLoader(files, spec.batch_size, sampler=order.tolist(), num_workers=workers):
            loss = F.cross_entropy(network(prepare(pictures.to(device))), labels.to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(labels)
        network.eval()
        with torch.no_grad():
            for pictures, _ in DataLoader(files, spec.batch_size, sampler=rows["valid"].tolist(), num_workers=workers):
                network(prepare(pictures.to(device))).argmax(1).cpu()
        if trial:
            network.load_state_dict(begin)
            optimiser = optimiser_of()
        return total / len(order)

    return epoch


def ratio_of(plain: float, seconds: float) -> Row:
    """The plain loop's columns."""
    return {"plain, scaled, s": plain, "ratio": plain / seconds}


if __name__ == "__main__":
    main()
