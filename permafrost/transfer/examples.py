"""The clips of one run, and the way from a stored row to what the stem reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from permafrost.data.tables import ClipRow, read_clips, read_splits, subsets_for_seed
from permafrost.errors import PermafrostError
from permafrost.models.network import Network

SUBSETS = ("train", "valid", "test")
# Channel statistics of ImageNet, which torchvision's published weights expect.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Examples:
    """Inputs and labels of every clip that one split uses.

    Attributes:
        inputs: [clips of the data set, ...], float32 or int16, often memory-mapped; rows are read only when needed.
        labels: int64 [clips of the data set]: index into ``classes``.
        classes: class names, sorted.
        rows: for ``train``, ``valid`` and ``test``, int64 row numbers into ``inputs``.
    """

    inputs: np.ndarray
    labels: torch.Tensor
    classes: tuple[str, ...]
    rows: dict[str, torch.Tensor]

    @property
    def used(self) -> torch.Tensor:
        """All rows of the three subsets, training rows first."""
        return torch.cat([self.rows[subset] for subset in SUBSETS])


def make_examples(inputs: np.ndarray, labels: Sequence[str], subsets: Sequence[str]) -> Examples:
    """Join stored ``inputs`` with one class name and one subset (or ``""``: not used) for each row.

    Raises:
        PermafrostError: row counts differ, or a subset is empty.
    """
    if not len(inputs) == len(labels) == len(subsets):
        raise PermafrostError(
            f"{len(inputs)} input rows, {len(labels)} labels and {len(subsets)} subset entries: expected as many of "
            "each; rerun the stages render and split"
        )
    classes = tuple(sorted(set(labels)))
    index = {name: number for number, name in enumerate(classes)}
    assigned = np.asarray(subsets)
    rows = {subset: torch.from_numpy(np.flatnonzero(assigned == subset)) for subset in SUBSETS}
    for subset, members in rows.items():
        if not len(members):
            raise PermafrostError(f"the split has no clip in {subset!r}: check section 'split' of params.yaml")
    return Examples(inputs, torch.tensor([index[name] for name in labels]), classes, rows)


def read_examples(inputs: np.ndarray, data: Path, seed: int) -> tuple[Examples, list[ClipRow], int]:
    """``inputs`` as the split of ``seed`` has them, by ``clips.csv`` and ``splits.csv`` in ``data``; the clips; the
    number of the repeat."""
    clips = read_clips(data / "clips.csv")
    repeat, subsets = subsets_for_seed(read_splits(data / "splits.csv"), seed)
    labels = [clip.label for clip in clips]
    return make_examples(inputs, labels, [subsets.get(clip.clip_id, "") for clip in clips]), clips, repeat


class Preparation:
    """From stored rows to the stem's input, on the device: scale, channels, normalisation."""

    def __init__(self, network: Network, normalise: str, device: torch.device, channels_last: bool = False) -> None:
        if normalise == "imagenet" and network.input_channels != 3:
            raise PermafrostError(
                "normalise: 'imagenet' is for backbones with three input channels; this one has "
                f"{network.input_channels}: use 'none'"
            )
        self.channels = network.input_channels
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        self.mean = self.std = None
        if normalise == "imagenet":
            self.mean = torch.tensor(IMAGENET_MEAN, device=device)[:, None, None]
            self.std = torch.tensor(IMAGENET_STD, device=device)[:, None, None]

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Pictures [B, H, W] or [B, chunks, H, W] to float with channels before H; waveforms int16 [B, samples] to
        float in ±1."""
        if rows.dtype == torch.int16:
            rows = rows.float() / 32768
        if rows.ndim < 3:
            return rows
        pictures = rows.flatten(0, -3)[:, None].expand(-1, self.channels, -1, -1)
        if self.mean is not None:
            pictures = (pictures - self.mean) / self.std
        return pictures.contiguous(memory_format=self.layout).unflatten(0, rows.shape[:-2])
