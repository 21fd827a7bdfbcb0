"""One run of a study: a network, a strategy and a seed, trained and scored."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from permafrost.audio.waveform_augmentation import crop_samples
from permafrost.evaluation.scores import scores
from permafrost.models.building import build
from permafrost.models.network import Network
from permafrost.models.weights import apply_base
from permafrost.threads import limited_threads
from permafrost.transfer.batches import CachedSource, InputSource, choose_source
from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.device import Placement, choose_placement
from permafrost.transfer.examples import Examples, Preparation
from permafrost.transfer.freezing import Freezing, FrozenPrefix
from permafrost.transfer.head_cell import fit_head, head_alone
from permafrost.transfer.recipe import ANY_MACHINE, Machine, Runtime, Training
from permafrost.transfer.statistics import estimate_statistics
from permafrost.transfer.trainer import Fitted, Trainer
from permafrost.transfer.waveform_source import WaveformSource


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


@dataclass(frozen=True)
class Prepared:
    """A run before its first step: all that its rate and its epochs do not shape.

    Attributes:
        network: with the weights that it starts from.
        prefix: its frozen units.
        source: of batches, which passed through them already where they are cached.
        placement: device and precision.
        batchnorm: which statistics frozen BatchNorm layers have: ``estimated`` on the training clips, ``as_drawn``,
            ``pretrained``, ``drift`` (they go on updating); None where no such layer is frozen.
    """

    network: Network
    prefix: FrozenPrefix
    source: InputSource | CachedSource
    placement: Placement
    batchnorm: str | None


def prepare_cell(
    backbone: str,
    base: tuple[dict[str, torch.Tensor], dict[str, str]],
    examples: Examples,
    training: Training,
    freezing: Freezing,
    runtime: Runtime,
    seed: int,
    machine: Machine = ANY_MACHINE,
    folder: Path | None = None,
    key: str = "freezing",
    sample_rate: int | None = None,
    random_statistics: str = "estimated",
) -> Prepared:
    """The network of a run with its frozen units' output for each clip; arguments and errors as ``train_cell`` has.

    ``folder``: for a cache that is larger than the machine's memory for it.
    """
    input_shape = tuple(examples.inputs.shape[1:])
    changed = len(input_shape) == 1 and training.augment_waveform.active
    if changed:
        input_shape = (crop_samples(training.augment_waveform, sample_rate, *input_shape),)
    network = build(backbone, input_shape, len(examples.classes), seed)
    apply_base(network, *base)
    prefix = FrozenPrefix(network, freezing, key)
    placement = choose_placement(runtime, machine, network)
    placement.place(network)
    prepare = Preparation(network, training.normalise, placement.device, placement.channels_last)
    budget = machine.cache_gigabytes * 1e9
    if changed:
        waves = training.augment_waveform
        inputs = WaveformSource(examples, prepare, prefix, placement, waves, sample_rate, seed, budget)
    else:
        inputs = InputSource(examples, prepare, prefix, placement, training.augment, seed, budget)
    batchnorm = None
    if prefix.batch_norms:
        start = random_statistics if base[1].get("source") == "random" else "pretrained"
        batchnorm = "drift" if prefix.drift else start
    if batchnorm == "estimated":
        estimate_statistics(inputs, examples.rows["train"], training.batch_size, seed)
    source = choose_source(inputs, examples, training.batch_size, runtime.cache_prefix, budget, folder)
    return Prepared(network, prefix, source, placement, batchnorm)


def train_cell(
    backbone: str,
    base: tuple[dict[str, torch.Tensor], dict[str, str]],
    examples: Examples,
    training: Training,
    freezing: Freezing,
    runtime: Runtime,
    seed: int,
    machine: Machine = ANY_MACHINE,
    checkpoint: Checkpoint | None = None,
    report: Callable[[dict[str, float]], None] | None = None,
    key: str = "freezing",
    sample_rate: int | None = None,
    random_statistics: str = "estimated",
) -> Outcome:
    """Train ``backbone`` from ``base`` (state, metadata) under ``freezing`` and score it on ``valid`` and ``test``.

    ``sample_rate``: of inputs that are waveforms, Hz; needed where these are augmented. ``random_statistics``: see
    ``recipe.StrategyTraining``.

    Raises:
        PermafrostError: the base does not fit the backbone, the strategy does not fit its depth (named by ``key``),
            the device is missing, or training diverged.
    """
    with limited_threads(runtime.threads):
        started = time.perf_counter()
        folder = checkpoint.folder if checkpoint else None
        ready = prepare_cell(
            backbone, base, examples, training, freezing, runtime, seed, machine, folder, key, sample_rate,
            random_statistics,
        )  # fmt: skip
        network, prefix, source, placement = ready.network, ready.prefix, ready.source, ready.placement
        prepared = time.perf_counter()
        trainer = Trainer(prefix, source, examples, training, placement, seed, runtime.compile)
        fitted = fit_head(trainer, report) if head_alone(trainer) else trainer.fit(checkpoint, report)
        probabilities = {subset: trainer.probabilities(subset) for subset in ("valid", "test")}
        labels = {subset: examples.labels[examples.rows[subset]].numpy() for subset in probabilities}
        parameters = list(network.parameters())
        metrics = {
            **{subset: scores(labels[subset], probabilities[subset]) for subset in probabilities},
            "trainable_parameters": sum(p.numel() for p in parameters if p.requires_grad),
            "total_parameters": sum(p.numel() for p in parameters),
            "frozen_units": prefix.count,
            "units": len(network.units),
            "epochs": len(fitted.history),
            "best_epoch": fitted.best_epoch,
            "batchnorm": ready.batchnorm,
            "prefix_cached": isinstance(source, CachedSource),
            "prefix_bytes": source.cached_bytes,
            "precision": placement.precision,
        }
        seconds = {
            "seconds_total": time.perf_counter() - started,
            "seconds_preparing": prepared - started,
            "seconds_per_epoch": sum(fitted.epoch_seconds) / len(fitted.epoch_seconds),
        }
        computed = {"device": placement.name, "precision": placement.precision, "threads": runtime.threads}
        return Outcome(metrics, fitted, probabilities, seconds, computed, network)
