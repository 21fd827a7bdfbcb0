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
from permafrost.models.network import Network
from permafrost.models.registry import build
from permafrost.models.weights import apply_base
from permafrost.threads import limited_threads
from permafrost.transfer.batches import InputSource, choose_source
from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.device import choose_placement
from permafrost.transfer.examples import Examples, Preparation
from permafrost.transfer.freezing import Freezing, FrozenPrefix
from permafrost.transfer.head_cell import fit_head, head_alone
from permafrost.transfer.recipe import ANY_MACHINE, Machine, Runtime, Training
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
) -> Outcome:
    """Train ``backbone`` from ``base`` (state, metadata) under ``freezing`` and score it on ``valid`` and ``test``.

    ``sample_rate``: of inputs that are waveforms, Hz; needed where these are augmented.

    Raises:
        PermafrostError: the base does not fit the backbone, the strategy does not fit its depth (named by ``key``),
            the device is missing, or training diverged.
    """
    with limited_threads(runtime.threads):
        started = time.perf_counter()
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
        folder: Path | None = checkpoint.folder if checkpoint else None
        source = choose_source(inputs, examples, training.batch_size, runtime.cache_prefix, budget, folder)
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
            "prefix_cached": source is not inputs,
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
