"""Seconds of an epoch by strategy, prefix cache and precision; and which small models gain from bf16.

    python -m benchmarks.train_step [--clips 16] [--rounds 2] [--backbones vit_b_16,resnet50] [--json FILE]

ViT-B/16 and ResNet-50 on 224 x 224 with random weights, batch 4, through the project's own trainer: an epoch here is
``--clips`` training clips and an eighth of them to validate, scaled to ``--epoch-clips``. The ways take turns, and the
median counts. Then ResNet-20, EfficientNet-Lite0 (depthwise convolutions) and the strip transformer on log-mel pictures
of 5 s, batch 32, in fp32 and bf16, convolutions in both memory layouts: what the rule of ``choose_placement`` rests on.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from benchmarks.table import Row, parser, publish
from permafrost.models.building import build
from permafrost.strategies.reading import read_strategy
from permafrost.transfer.batches import InputSource, choose_source
from permafrost.transfer.device import Placement, choose_device, choose_placement, has_bf16
from permafrost.transfer.examples import Examples, Preparation, make_examples
from permafrost.transfer.freezing import FrozenPrefix
from permafrost.transfer.recipe import Machine, Runtime, Training
from permafrost.transfer.trainer import Trainer

LARGE = {"vit_b_16": (224, 224), "resnet50": (224, 224)}
SMALL = {"strip_vit": (128, 216), "resnet20": (128, 216), "efficientnet_lite0": (64, 108)}
# name, freeze, cached
WAYS = (
    ("none", 0, False),
    ("half, plain", 0.5, False),
    ("half, cached", 0.5, True),
    ("head, plain", "all", False),
    ("head, cached", "all", True),
)
CLASSES = 10
BUDGET = 8e9  # bytes; nothing here needs the disk


def main(argv: Sequence[str] | None = None) -> None:
    """Run everything and print the tables."""
    options = parser(__doc__)
    options.add_argument("--clips", type=int, default=16, help="training clips of a large model's measured epoch")
    options.add_argument("--small-clips", type=int, default=128, help="the same for small models")
    options.add_argument("--epoch-clips", type=int, default=800, help="training clips of the epoch that is reported")
    options.add_argument("--rounds", type=int, default=2, help="how often each way is measured")
    options.add_argument("--batch", type=int, default=4, help="of large models")
    options.add_argument("--side", type=int, nargs="+", help="another picture size: a side, or height and width")
    options.add_argument("--device", default="auto")
    options.add_argument("--backbones", default=",".join([*LARGE, *SMALL]), metavar="NAME,NAME")
    arguments = options.parse_args(argv)
    device = choose_device(arguments.device)
    names = arguments.backbones.split(",")
    rows: list[Row] = []
    for name in names:
        side = arguments.side
        shape = (side[0], side[-1]) if side else (LARGE | SMALL)[name]
        if name in LARGE:
            examples = make_clips(shape, arguments.clips)
            measured = by_strategy(name, examples, device, arguments.batch, arguments.rounds)
            rows += scaled(measured, arguments.epoch_clips / arguments.clips)
        else:
            examples = make_clips(shape, arguments.small_clips)
            measured = by_precision(name, examples, device, arguments.rounds)
            rows += scaled(measured, arguments.epoch_clips / arguments.small_clips)
    notes = [ceiling(device)] if has_bf16(device) else []
    title = f"Seconds of an epoch of {arguments.epoch_clips} clips ({device.type}, {torch.get_num_threads()} threads)"
    publish(title, rows, arguments.json, notes)


def make_clips(shape: tuple[int, ...], train: int) -> Examples:
    """Random pictures; an eighth as many to validate."""
    held_out = max(1, train // 8)
    clips = train + 2 * held_out
    pictures = np.random.default_rng(0).random((clips, *shape), dtype=np.float32)
    labels = [f"{clip % CLASSES}" for clip in range(clips)]
    return make_examples(pictures, labels, ["train"] * train + ["valid"] * held_out + ["test"] * held_out)


def trainer_of(
    backbone: str, examples: Examples, freeze: int | float | str, cached: bool, placement: Placement, batch: int
) -> tuple[Trainer, float]:
    """A trainer that is ready to run, and the seconds that filling its cache took."""
    network = build(backbone, tuple(examples.inputs.shape[1:]), len(examples.classes), 0)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.constant_(module.weight, 0.2)  # untrained statistics do not normalise: outputs would overflow
    training = Training(optimiser="sgd", lr=1e-6, batch_size=batch, schedule="constant", epochs=1000)
    phases = read_strategy({"freeze": freeze}, "freezing").phases(network, training.epochs)
    prefix = FrozenPrefix(network, phases[0])
    placement.place(network)
    prepare = Preparation(network, "none", placement.device, placement.channels_last)
    inputs = InputSource(examples, prepare, prefix, placement, training.augment, 0, BUDGET)
    began = time.perf_counter()
    source = choose_source(inputs, examples, batch, cached, BUDGET)
    trainer = Trainer(network, phases, lambda *_: source, examples, training, placement, seed=0)
    return trainer, time.perf_counter() - began


def by_strategy(backbone: str, examples: Examples, device: torch.device, batch: int, rounds: int) -> list[Row]:
    """Every strategy in fp32 and, where the device has it, in bf16, each in the layout that the rule chooses."""
    rows = []
    for precision in ("fp32", "bf16") if has_bf16(device) else ("fp32",):
        network = build(backbone, tuple(examples.inputs.shape[1:]), CLASSES, 0)
        placement = choose_placement(Runtime(precision=precision), Machine(device=device.type), network)
        trainers, fill = {}, {}
        for name, freeze, cached in WAYS:
            trainers[name], fill[name] = trainer_of(backbone, examples, freeze, cached, placement, batch)
        seconds = take_turns({name: trainer._epoch for name, trainer in trainers.items()}, rounds, device)
        for name, freeze, cached in WAYS:
            row = {"model": backbone, "precision": precision, "way": name, "seconds": seconds[name]}
            row |= {"of none": seconds[name] / seconds["none"], "cache fill": fill[name] if cached else None}
            assert freeze != 0 or not cached
            rows.append(row)
    first = {row["way"]: row["seconds"] for row in rows if row["precision"] == "fp32"}
    return [row | {"faster than fp32": first[row["way"]] / row["seconds"]} for row in rows]


def by_precision(backbone: str, examples: Examples, device: torch.device, rounds: int) -> list[Row]:
    """Training all of a small model in each precision and layout."""
    placements = {
        (precision, layout): Placement(device, precision == "bf16", layout == "channels_last")
        for precision in (("fp32", "bf16") if has_bf16(device) else ("fp32",))
        for layout in (("contiguous",) if backbone == "strip_vit" else ("contiguous", "channels_last"))
    }
    epochs = {
        key: trainer_of(backbone, examples, 0, False, placement, 32)[0]._epoch for key, placement in placements.items()
    }
    seconds = take_turns(epochs, rounds, device)
    plain = seconds["fp32", "contiguous"]
    return [
        {"model": backbone, "precision": key[0], "way": f"none, {key[1]}", "seconds": spent}
        | {"faster than fp32": plain / spent}
        for key, spent in seconds.items()
    ]


def take_turns(epochs: dict, rounds: int, device: torch.device) -> dict:
    """Median seconds of each epoch function; a first call of each, which loads kernels, is not counted."""
    spent: dict = {name: [] for name in epochs}
    for turn in range(rounds + 1):
        for name, epoch in epochs.items():
            seconds = clock(lambda epoch=epoch, turn=turn: epoch(turn), device)
            if turn:
                spent[name].append(seconds)
    return {name: float(np.median(times)) for name, times in spent.items()}


def ceiling(device: torch.device, size: int = 768, rows: int = 788, repeats: int = 15) -> str:
    """What bf16 gains in the products that a ViT-B/16 is made of: such a network gains no more by it."""
    spent: dict = {torch.float32: [], torch.bfloat16: []}
    shapes = (rows, size), (size, 4 * size)
    factors = {dtype: [torch.randn(shape, device=device).to(dtype) for shape in shapes] for dtype in spent}
    for _ in range(repeats):
        for dtype, pair in factors.items():
            spent[dtype].append(clock(lambda pair=pair: torch.mm(*pair), device))
    single, half = (min(times) for times in spent.values())
    return f"the product [{rows}, {size}] x [{size}, {4 * size}] alone is {single / half:.2f} times as fast in bf16"


def clock(work: Callable[[], object], device: torch.device) -> float:
    """Wall seconds."""
    began = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def scaled(rows: list[Row], factor: float) -> list[Row]:
    """The same rows for an epoch of ``factor`` times as many clips."""
    return [
        row | {key: row[key] * factor for key in ("seconds", "cache fill") if row.get(key) is not None} for row in rows
    ]


if __name__ == "__main__":
    main()
