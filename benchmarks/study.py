"""A whole study of six strategies: our trainer against a plain loop that does what published code does.

    python -m benchmarks.study [--epochs 15] [--seeds 0] [--backbone strip_vit] [--json FILE]
    python -m benchmarks.study --backbone vit_b_16 --clips 1000 --shape 224,224 --epochs 20 --device cuda --workers 4

Same arrays, first weights, order of batches, epochs and device, one process each way. The plain loop reads one file a
clip through a DataLoader, computes in fp32, sends every batch through the whole network, frozen or not, and takes
torch.optim as it comes. The arrays are the pipeline's own where ``dvc repro`` has made them, else random. The two ways
take turns, strategy by strategy; the last column says how far apart their test probabilities are.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, Subset

from benchmarks.table import Row, numbers, parser, publish
from permafrost.data.tables import read_clips, read_splits, subsets_for_seed
from permafrost.models.building import build
from permafrost.models.network import Network
from permafrost.strategies.reading import Strategy, read_strategy
from permafrost.transfer.cell import Cell, train_cell
from permafrost.transfer.device import choose_device
from permafrost.transfer.epochs import epoch_rate
from permafrost.transfer.examples import Examples, make_examples
from permafrost.transfer.freezing import FrozenPrefix
from permafrost.transfer.recipe import Machine, Runtime, Training
from permafrost.transfer.seeding import generator

ROOT = Path(__file__).resolve().parents[1]
STRATEGIES = {"none": 0, "stem": "stem", "quarter": 0.25, "half": 0.5, "three_quarters": 0.75, "head": "all"}
SHAPE, CLIPS, CLASSES = (128, 216), 640, 8


def main(argv: Sequence[str] | None = None) -> None:
    """Run both ways and print the table."""
    options = parser(__doc__)
    options.add_argument("--epochs", type=int, default=15)
    options.add_argument("--seeds", type=numbers, default=[0], metavar="N,N")
    options.add_argument("--strategies", default=",".join(STRATEGIES), metavar="NAME,NAME")
    options.add_argument("--backbone", default="strip_vit")
    options.add_argument("--clips", type=int, help="random arrays of so many clips, whatever the pipeline made")
    options.add_argument("--shape", type=numbers, default=list(SHAPE), metavar="H,W", help="of random arrays")
    options.add_argument("--device", default="auto")
    options.add_argument("--workers", type=int, default=0, help="of the plain loop's DataLoader")
    arguments = options.parse_args(argv)
    device = choose_device(arguments.device)
    training = Training(lr=5e-4, weight_decay=0.05, epochs=arguments.epochs, warmup_epochs=1)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="permafrost-") as folder:
        origin, examples = load(arguments.clips, tuple(arguments.shape), arguments.backbone, arguments.seeds[0])
        files = PictureFiles(Path(folder), examples)
        warm_up(arguments.backbone, examples, files, device)
        for name in arguments.strategies.split(","):
            rows.append(compare(name, arguments, examples, files, training, device))
    total = {"strategy": "all", "plain, s": sum(row["plain, s"] for row in rows)}
    total |= {"ours, s": sum(row["ours, s"] for row in rows)}
    rows.append(total | {"ratio": total["plain, s"] / total["ours, s"]})
    counts = ", ".join(f"{len(members)} {subset}" for subset, members in examples.rows.items())
    title = f"{arguments.backbone}, {arguments.epochs} epochs, {len(arguments.seeds)} seeds, {origin} ({counts})"
    publish(f"{title}, {device.type}, {torch.get_num_threads()} threads", rows, arguments.json)


def load(clips: int | None, shape: tuple[int, ...], backbone: str, seed: int) -> tuple[str, Examples]:
    """The pipeline's arrays, or random pictures in which each class has a brighter band."""
    inputs = ROOT / f"data/inputs/{backbone}.npy"
    if clips is None and inputs.exists():
        table = read_clips(ROOT / "data/clips.csv")
        _, subsets = subsets_for_seed(read_splits(ROOT / "data/splits.csv"), seed)
        assigned = [subsets.get(clip.clip_id, "") for clip in table]
        arrays = np.load(inputs, mmap_mode="c")
        return "the pipeline's arrays", make_examples(arrays, [clip.label for clip in table], assigned)
    count = clips or CLIPS
    pictures = np.random.default_rng(0).random((count, *shape), dtype=np.float32)
    band = shape[0] // CLASSES
    for clip in range(count):
        pictures[clip, clip % CLASSES * band :][:band] += 0.1
    subsets = ["train", "train", "train", "valid", "test"]
    labels = [f"{clip % CLASSES}" for clip in range(count)]
    return "random arrays", make_examples(pictures, labels, [subsets[clip // CLASSES % 5] for clip in range(count)])


class PictureFiles(Dataset):
    """One file a clip, read anew each time: what published code trains from."""

    def __init__(self, folder: Path, examples: Examples) -> None:
        self.folder, self.labels = folder, examples.labels
        for clip, picture in enumerate(examples.inputs):
            torch.save(torch.from_numpy(np.array(picture)), folder / f"{clip}.pt")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, clip: int) -> tuple[torch.Tensor, int]:
        """A picture [1, H, W] and its class."""
        return torch.load(self.folder / f"{clip}.pt")[None], int(self.labels[clip])


def compare(
    name: str, arguments: object, examples: Examples, files: PictureFiles, training: Training, device: torch.device
) -> Row:
    """Both ways for one strategy, all seeds."""
    strategy = depth(STRATEGIES[name])
    spent, difference, accuracy = {"plain": 0.0, "ours": 0.0}, 0.0, []
    for seed in arguments.seeds:
        began = time.perf_counter()
        expected = plain(arguments.backbone, examples, files, strategy, training, seed, device, arguments.workers)
        middle = time.perf_counter()
        outcome = ours(arguments.backbone, examples, strategy, training, seed, device)
        spent["plain"] += middle - began
        spent["ours"] += time.perf_counter() - middle
        difference = max(difference, float(np.abs(outcome.probabilities["test"] - expected).max()))
        accuracy.append(outcome.metrics["test"]["accuracy"])
    row = {"strategy": name, "plain, s": spent["plain"], "ours, s": spent["ours"]}
    row |= {"ratio": spent["plain"] / spent["ours"], "test accuracy": float(np.mean(accuracy))}
    return row | {"largest difference": f"{difference:.0e}"}


def ours(
    backbone: str, examples: Examples, strategy: Strategy, training: Training, seed: int, device: torch.device
) -> object:
    """A cell by the project's trainer."""
    base = ({}, {"backbone": backbone, "source": "random"})
    runtime, machine = Runtime(threads=torch.get_num_threads()), Machine(device=device.type)
    return train_cell(Cell(backbone, base, examples, training, strategy, seed, runtime, machine))


def depth(freeze: float | str) -> Strategy:
    """The strategy that freezes so much."""
    return read_strategy({"freeze": freeze}, "freezing")


def warm_up(backbone: str, examples: Examples, files: PictureFiles, device: torch.device) -> None:
    """One epoch of each way on a handful of clips: imports and kernels are loaded before the clock starts."""
    few = Examples(examples.inputs, examples.labels, examples.classes, {s: r[:4] for s, r in examples.rows.items()})
    training = Training(epochs=1, batch_size=4)
    ours(backbone, few, depth(1), training, 0, device)
    plain(backbone, few, files, depth(1), training, 0, device, 0)


def plain(
    backbone: str,
    examples: Examples,
    files: PictureFiles,
    strategy: Strategy,
    training: Training,
    seed: int,
    device: torch.device,
    workers: int,
) -> np.ndarray:
    """Test probabilities [clips, classes] of the best epoch, by the loop that anyone would write."""
    network = build(backbone, tuple(examples.inputs.shape[1:]), len(examples.classes), seed).to(device)
    FrozenPrefix(
        network, strategy.phases(network, training.epochs)[0]
    )  # sets what takes a gradient; nothing else of it is used
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=training.lr, weight_decay=training.weight_decay)
    parts = {subset: Subset(files, rows.tolist()) for subset, rows in examples.rows.items()}
    held_out = {s: DataLoader(parts[s], training.batch_size, num_workers=workers) for s in ("valid", "test")}
    best, kept = (-1.0, 0.0), {}
    for epoch in range(training.epochs):
        for group in optimiser.param_groups:
            group["lr"] = epoch_rate(training.lr, training.schedule, training.epochs, training.warmup_epochs, epoch)
        network.train()
        order = torch.randperm(len(parts["train"]), generator=generator(seed, "order", epoch)).tolist()
        for pictures, labels in DataLoader(parts["train"], training.batch_size, sampler=order, num_workers=workers):
            loss = F.cross_entropy(network(channels(network, pictures.to(device))), labels.to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss.item()
        labels, logits = predict(network, held_out["valid"], device)
        score = (float((logits.argmax(1) == labels).double().mean()), -float(F.cross_entropy(logits, labels)))
        if score > best:
            best, kept = score, {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.load_state_dict(kept)
    return predict(network, held_out["test"], device)[1].softmax(1).numpy()


@torch.no_grad()
def predict(network: Network, loader: DataLoader, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels and logits, on the host, in float64."""
    network.eval()
    pairs = [(labels, network(channels(network, pictures.to(device))).cpu().double()) for pictures, labels in loader]
    return torch.cat([labels for labels, _ in pairs]), torch.cat([logits for _, logits in pairs])


def channels(network: Network, pictures: torch.Tensor) -> torch.Tensor:
    """[B, 1, H, W] repeated to as many channels as the network reads."""
    return pictures.expand(-1, network.input_channels, -1, -1)


if __name__ == "__main__":
    main()
