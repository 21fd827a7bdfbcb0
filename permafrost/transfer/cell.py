"""One run of a study: a network, a strategy and a seed, trained and scored."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from permafrost.audio.waveform_augmentation import crop_samples
from permafrost.evaluation.scores import scores
from permafrost.models.building import build
from permafrost.models.network import Network
from permafrost.models.weights import apply_base
from permafrost.strategies.phase import Phase
from permafrost.strategies.reading import Strategy
from permafrost.threads import limited_threads
from permafrost.transfer.batches import CachedSource, InputSource, choose_source
from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.device import Placement, choose_placement
from permafrost.transfer.examples import Examples, Preparation
from permafrost.transfer.freezing import FrozenPrefix
from permafrost.transfer.interpolation import interpolate
from permafrost.transfer.rates import fit_rates
from permafrost.transfer.recipe import ANY_MACHINE, Machine, Runtime, Training
from permafrost.transfer.statistics import estimate_statistics
from permafrost.transfer.trainer import Fitted, Report, Trainer
from permafrost.transfer.waveform_source import WaveformSource

AS_EVER = Runtime()
RANDOM = "random"  # the source of a base without tensors


@dataclass(frozen=True)
class Cell:
    """What makes a run.

    Attributes:
        backbone: its name.
        base: state and metadata of what it starts from.
        examples: inputs, labels and split.
        training: the recipe's, as the strategy has it.
        strategy: what learns, when and how fast.
        seed: of the run.
        runtime: precision, threads and the like.
        machine: device and memory, which shape no result.
        sample_rate: of inputs that are waveforms, Hz; needed where these are augmented.
        earlier: the states of the runs that the strategy begins with.
    """

    backbone: str
    base: tuple[dict[str, Tensor], dict[str, str]]
    examples: Examples
    training: Training
    strategy: Strategy
    seed: int
    runtime: Runtime = AS_EVER
    machine: Machine = ANY_MACHINE
    sample_rate: int | None = None
    earlier: tuple[Mapping[str, Tensor], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What one run found.

    Attributes:
        metrics: scores and sizes; the same each time on the same hardware.
        fitted: the history, one row an epoch.
        probabilities: for ``valid`` and ``test``, class probabilities [clips, classes].
        seconds: which are never the same twice.
        computed: device, precision and threads, which show in the last bits.
        network: with the chosen epoch's weights.
    """

    metrics: dict[str, Any]
    fitted: Fitted
    probabilities: dict[str, np.ndarray]
    seconds: dict[str, float]
    computed: dict[str, Any]
    network: Network


class Prepared:
    """A run before its first step: all that its rate does not shape.

    Attributes:
        network: with the weights that it starts from, on its device.
        phases: of its strategy.
        placement: device and precision.
        batchnorm: which statistics BatchNorm layers that stay as they are have at first: ``estimated`` on the training
            clips, ``as_drawn``, ``pretrained``, ``drift`` (they go on updating though frozen); None: there is none.
    """

    def __init__(self, cell: Cell, folder: Path | None = None) -> None:
        """``folder``: for a cache that is larger than the machine's memory for it."""
        self.cell, self.folder = cell, folder
        self.budget = cell.machine.cache_gigabytes * 1e9
        input_shape = tuple(cell.examples.inputs.shape[1:])
        self._waves = len(input_shape) == 1 and cell.training.augment_waveform.active
        if self._waves:
            input_shape = (crop_samples(cell.training.augment_waveform, cell.sample_rate, *input_shape),)
        self.network = build(cell.backbone, input_shape, len(cell.examples.classes), cell.seed)
        apply_base(self.network, *cell.base)
        if cell.earlier:
            self.network.load_state_dict(cell.earlier[0])
        self.phases: list[Phase] = cell.strategy.phases(self.network, cell.training.epochs)
        self.placement: Placement = choose_placement(cell.runtime, cell.machine, self.network)
        self.placement.place(self.network)
        normalise, placement = cell.training.normalise, self.placement
        self._prepare = Preparation(self.network, normalise, placement.device, placement.channels_last)
        self._kept: tuple[int, InputSource | CachedSource] | None = None
        self.batchnorm = self._settle_statistics()
        self._start: dict[str, Tensor] | None = None
        if len(cell.training.rates) > 1:
            self._start = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}

    def trainer(self, lr: float) -> Trainer:
        """A trainer at one rate, the network as it is before training."""
        if self._start is not None:
            self.network.load_state_dict(self._start)
        cell, training = self.cell, self.cell.training.model_copy(update={"lr": lr})
        return Trainer(
            self.network, self.phases, self.source, cell.examples, training, self.placement, cell.seed,
            cell.runtime.compile,
        )  # fmt: skip

    def source(self, number: int, prefix: FrozenPrefix) -> InputSource | CachedSource:
        """Batches for phase ``number``; what its frozen units give is kept for other rates of the same phase."""
        if self._kept is not None and self._kept[0] == number:
            return self._kept[1]
        cell = self.cell
        inputs, batch, cache = self._inputs(prefix), cell.training.batch_size, cell.runtime.cache_prefix
        self._kept = None  # before the next one takes memory
        found = choose_source(inputs, cell.examples, batch, cache, self.budget, self.folder)
        if not isinstance(found, CachedSource):
            return found
        changed = {name for phase in self.phases[:number] for name in _parts(self.network, phase)}
        if not changed & set(prefix.parts):
            self._kept = number, found
        return found

    def _inputs(self, prefix: FrozenPrefix) -> InputSource:
        cell, common = self.cell, (self.cell.examples, self._prepare, prefix, self.placement)
        if self._waves:
            return WaveformSource(*common, cell.training.augment_waveform, cell.sample_rate, cell.seed, self.budget)
        return InputSource(*common, cell.training.augment, cell.seed, self.budget)

    def _settle_statistics(self) -> str | None:
        """Estimate BatchNorm statistics that stay as they are where they are random; say which these are."""
        cell, prefix = self.cell, FrozenPrefix(self.network, self.phases[0])
        if not prefix.still_norms:
            return None
        if self.phases[0].drift:
            return "drift"
        if cell.base[1].get("source") != RANDOM:
            return "pretrained"
        if cell.training.random_statistics == "estimated" and not cell.earlier:
            estimate_statistics(self._inputs(prefix), cell.examples.rows["train"], cell.training.batch_size, cell.seed)
        return cell.training.random_statistics


def train_cell(cell: Cell, checkpoint: Checkpoint | None = None, report: Report | None = None) -> Outcome:
    """Train and score a run on ``valid`` and ``test``.

    Raises:
        PermafrostError: the base does not fit the backbone, the strategy does not fit its units, the device is missing,
            or training diverged.
    """
    examples = cell.examples
    with limited_threads(cell.runtime.threads):
        started = time.perf_counter()
        ready = Prepared(cell, checkpoint.folder if checkpoint else None)
        network = ready.network
        prepared = time.perf_counter()
        if alphas := cell.strategy.interpolated:
            trainer = ready.trainer(cell.training.rates[0])
            fitted, chosen = interpolate(trainer, cell.earlier, alphas)
        else:
            rates, select, device = cell.training.rates, cell.training.select, ready.placement.device
            trainer, fitted, tried = fit_rates(ready.trainer, rates, select, device, checkpoint, report)
            chosen = {"lr": trainer.settings.lr, "rates": [asdict(one) for one in tried]}
        probabilities = {subset: trainer.probabilities(subset) for subset in ("valid", "test")}
        labels = {subset: examples.labels[examples.rows[subset]].numpy() for subset in probabilities}
        sizes = {name: parameter.numel() for name, parameter in network.named_parameters()}
        active = {name for phase in ready.phases for name in phase.active}
        cached = trainer.source.cached_bytes
        metrics = {
            **{subset: scores(labels[subset], probabilities[subset]) for subset in probabilities},
            "trainable_parameters": sum(sizes[name] for name in {n for phase in ready.phases for n in phase.scales}),
            "total_parameters": sum(sizes.values()),
            "depth": cell.strategy.depth(network.unit_names),
            "frozen_units": sum(name not in active for name in network.unit_names),
            "units": len(network.units),
            "epochs": len(fitted.history),
            "best_epoch": fitted.best_epoch,
            **chosen,
            "batchnorm": ready.batchnorm,
            "prefix_cached": isinstance(trainer.source, CachedSource),
            "prefix_bytes": cached,
            "precision": ready.placement.precision,
        }
        seconds = {
            "seconds_total": time.perf_counter() - started,
            "seconds_preparing": prepared - started,
            "seconds_per_epoch": sum(fitted.epoch_seconds) / len(fitted.epoch_seconds),
        }
        computed = {
            "device": ready.placement.name,
            "precision": ready.placement.precision,
            "threads": cell.runtime.threads,
        }
        return Outcome(metrics, fitted, probabilities, seconds, computed, network)


def _parts(network: Network, phase: Phase) -> set[str]:
    """The parts that a phase changes."""
    return {network.part_of(name) for name in phase.scales} | phase.active | phase.drift
