"""Where training batches come from: stored inputs, augmented views of them, or cached outputs of frozen units.

Every source answers ``batch(rows, epoch)`` with what ``FrozenPrefix.rest`` takes, for rows of the data set. Which one a
cell uses changes its speed, not its result.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import torch

from permafrost.audio.augmentation import DRAWS, spec_augment
from permafrost.transfer.device import Placement
from permafrost.transfer.examples import Examples, Preparation
from permafrost.transfer.freezing import FrozenPrefix
from permafrost.transfer.recipe import Augment
from permafrost.transfer.seeding import generator

CLEAN = -1  # the epoch number that asks for clips as they are, without augmentation


class Source(Protocol):
    """What the training loop reads from; a clip is evaluated in ``chunks`` inputs, whose predictions are averaged."""

    cached_bytes: int
    chunks: int

    def batch(self, rows: torch.Tensor, epoch: int) -> torch.Tensor:
        """Input of ``FrozenPrefix.rest`` for ``rows`` [B] in ``epoch``; ``CLEAN`` for evaluation."""
        ...


def in_batches(rows: torch.Tensor, size: int) -> Iterator[torch.Tensor]:
    """``rows`` in consecutive batches of ``size``; the last one may be shorter."""
    yield from rows.split(size)


class InputSource:
    """Rows of the stored inputs, augmented anew each time and sent through the frozen prefix each time."""

    cached_bytes = 0
    chunks = 1

    def __init__(
        self,
        examples: Examples,
        prepare: Preparation,
        prefix: FrozenPrefix,
        placement: Placement,
        augment: Augment,
        seed: int,
        budget_bytes: float,
    ) -> None:
        stored = torch.from_numpy(examples.inputs)
        device = placement.device
        fits = stored.numel() * stored.element_size() <= budget_bytes
        # On an accelerator the whole array moves there once, where it fits; a CPU reads it from its memory map.
        self.inputs = stored.to(device) if device.type != "cpu" and fits else stored
        self.prepare, self.prefix, self.placement = prepare, prefix, placement
        self.augment, self.seed = augment, seed
        self._draws: tuple[int, torch.Tensor] | None = None

    @property
    def finite(self) -> bool:
        """Whether inputs come from a finite set, so that what constant units make of them can be kept."""
        return not self.augment.active or self.augment.views > 0

    def batch(self, rows: torch.Tensor, epoch: int) -> torch.Tensor:
        """See ``Source``."""
        return self._through_prefix(self.pictures(rows, epoch))

    def pictures(self, rows: torch.Tensor, epoch: int) -> torch.Tensor:
        """Stored rows [B, ...] on the device, augmented unless ``epoch`` is ``CLEAN``."""
        device = self.placement.device
        pictures = self.inputs[rows.to(self.inputs.device)].to(device, non_blocking=True)
        if epoch == CLEAN or not self.augment.active or pictures.ndim < 3:
            return pictures
        a, chunks = self.augment, pictures.flatten(0, -3)
        draws = self._draws_of(epoch)[rows.to(device)].repeat_interleave(len(chunks) // len(rows), dim=0)
        return spec_augment(chunks, draws, a.time_mask, a.freq_mask, a.time_shift).reshape(pictures.shape)

    def _draws_of(self, epoch: int) -> torch.Tensor:
        """Random numbers [clips, DRAWS] of ``epoch`` (or of its view): one row a clip, in whatever batch it comes."""
        index = epoch % self.augment.views if self.augment.views else epoch
        if self._draws is None or self._draws[0] != index:
            device = self.placement.device
            stream = generator(self.seed, "augment", index, device)
            self._draws = (index, torch.rand(len(self.inputs), DRAWS, generator=stream, device=device))
        return self._draws[1]

    def _through_prefix(self, pictures: torch.Tensor) -> torch.Tensor:
        # Autograd enters the frozen units only where something inside them is trained.
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.prefix.token_trains):
            return self.prefix.run(self.prepare(pictures))


class CachedSource:
    """Outputs of the frozen prefix, computed once for every clip (and every view of a training clip).

    Exact: the prefix is constant, and each clip passes through it in batches of the training batch's size, so that
    kernels whose rounding depends on the shape of a batch round as they would without the cache.
    """

    chunks = 1

    def __init__(
        self, source: InputSource, examples: Examples, batch_size: int, budget_bytes: float, folder: Path | None = None
    ) -> None:
        train, used = examples.rows["train"], examples.used
        self.views = source.augment.views if source.augment.active else 0
        # Row r of the data set stands at place[r] of the clean part; view v of a training clip stands behind that.
        self.place = torch.full((len(examples.labels),), -1, dtype=torch.long)
        self.place[used] = torch.arange(len(used))
        self.stride, self.offset = len(train), len(used)
        passes = [(used, CLEAN), *((train, view) for view in range(self.views))]
        total = sum(len(rows) for rows, _ in passes)
        self._file: tempfile.TemporaryDirectory | None = None
        self.cache: torch.Tensor | None = None
        written = 0
        with torch.no_grad(), source.placement.autocast():
            source.prefix.network.eval()
            for rows, epoch in passes:
                for chunk in in_batches(rows, batch_size):
                    full = torch.cat([chunk, chunk[:1].expand(batch_size - len(chunk))])
                    output = source.batch(full, epoch)[: len(chunk)]
                    if self.cache is None:
                        self.cache = self._allocate((total, *output.shape[1:]), output, budget_bytes, folder)
                    self.cache[written : written + len(chunk)] = output
                    written += len(chunk)
        self.device = source.placement.device
        self.cached_bytes = self.cache.numel() * self.cache.element_size()

    def batch(self, rows: torch.Tensor, epoch: int) -> torch.Tensor:
        """See ``Source``."""
        places = self.place[rows]
        if epoch != CLEAN and self.views:
            places = places + self.offset + (epoch % self.views) * self.stride
        return self.cache[places.to(self.cache.device)].to(self.device, non_blocking=True)

    def _allocate(
        self, shape: tuple[int, ...], like: torch.Tensor, budget_bytes: float, folder: Path | None
    ) -> torch.Tensor:
        # In the layout of ``like``, so that what follows meets the tensors that it would meet without a cache.
        last = like.ndim > 3 and like.stride(-3) == 1
        if last:
            shape = (*shape[:-3], *shape[-2:], shape[-3])
        size = torch.Size(shape).numel()
        if size * like.element_size() <= budget_bytes:
            cache = torch.empty(shape, dtype=like.dtype, device=like.device)
        else:
            self._file = tempfile.TemporaryDirectory(prefix="prefix-", dir=folder)
            path = str(Path(self._file.name) / "activations.bin")
            cache = torch.from_file(path, shared=True, size=size, dtype=like.dtype).view(shape)
        return cache.movedim(-1, -3) if last else cache


def choose_source(
    source: InputSource,
    examples: Examples,
    batch_size: int,
    cache: bool,
    budget_bytes: float,
    folder: Path | None = None,
) -> InputSource | CachedSource:
    """A cached source where the frozen prefix is constant and its input comes from a finite set, else ``source``."""
    if cache and source.prefix.constant and source.finite:
        return CachedSource(source, examples, batch_size, budget_bytes, folder)
    return source
