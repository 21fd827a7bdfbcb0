"""Trained models as functions from chunks of sound to class probabilities."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from permafrost import catalogue
from permafrost.audio.descriptors import NAMES, describe
from permafrost.audio.inputs import Input, Waveform
from permafrost.audio.making import PictureMaker, resampled, samples_at
from permafrost.audio.samples import as_float32
from permafrost.audio.settings import Preprocess
from permafrost.baselines.stored import load_model
from permafrost.errors import PermafrostError
from permafrost.models.deltas import load_delta
from permafrost.transfer.examples import Preparation
from permafrost.transfer.recipe import Training

CHUNKS_AT_A_TIME = 16


@dataclass(frozen=True)
class Predictor:
    """A trained model.

    Attributes:
        classes: class names, in the order of the probabilities.
        samples: length of the chunks that it hears, at preprocess's sample rate.
        probabilities: int16 [chunks, samples] to float64 [chunks, classes].
    """

    classes: tuple[str, ...]
    samples: int
    probabilities: Callable[[NDArray[np.int16]], NDArray[np.float64]]


def network_predictor(
    delta: Path, base: Path, predictions: Path, settings: Input, training: Training, preprocess: Preprocess
) -> Predictor:
    """The network of a cell.

    Args:
        delta: what training changed.
        base: what it started from.
        predictions: the cell's predictions.csv, whose header has the class names.
        settings: the recipe's input.
        training: the recipe's; normalisation and objective count here.
        preprocess: section of params.yaml, as it was when the cell was trained.

    Raises:
        PermafrostError: a file is missing or does not fit the others, or the input has another shape than the network
            was trained on.
    """
    network = load_delta(delta, base).eval()
    classes = class_names(predictions)
    if len(classes) != network.head.out_features:
        raise PermafrostError(
            f"{predictions} has {len(classes)} classes, the network {network.head.out_features}; train the cell again"
        )
    read, samples = _reader(settings, network.origin.input_shape, preprocess, delta)
    objective = catalogue.load("objectives", training.objective, f"{delta}: objective")
    prepare = Preparation(network, training.normalise, torch.device("cpu"))

    def probabilities(chunks: NDArray[np.int16]) -> NDArray[np.float64]:
        outputs = []
        with torch.no_grad():
            for start in range(0, len(chunks), CHUNKS_AT_A_TIME):
                inputs = np.stack([read(chunk) for chunk in chunks[start : start + CHUNKS_AT_A_TIME]])
                outputs.append(objective.probabilities(network(prepare(torch.from_numpy(inputs))).double()))
        return torch.cat(outputs).numpy()

    return Predictor(classes, samples, probabilities)


def classical_predictor(model: Path, preprocess: Preprocess) -> Predictor:
    """A classical baseline, fitted again from what is stored.

    Raises:
        PermafrostError: the file is missing or another kind, or the model reads descriptors that we do not compute.
    """
    stored = load_model(model)
    if unknown := [name for name in stored.names if name not in NAMES]:
        raise PermafrostError(
            f"{model} reads the descriptor {unknown[0]!r} of a published table, which is not computed here; train a "
            "baseline whose input.kind is descriptors"
        )
    places = [NAMES.index(name) for name in stored.names]

    def probabilities(chunks: NDArray[np.int16]) -> NDArray[np.float64]:
        values = np.stack([describe(as_float32(chunk), preprocess.sample_rate)[places] for chunk in chunks])
        return stored.fit.probabilities(values)

    return Predictor(stored.classes, preprocess.samples, probabilities)


def class_names(predictions: Path) -> tuple[str, ...]:
    """The class names in the header of a cell's predictions.csv, in the order of its probabilities.

    Raises:
        PermafrostError: no such file.
    """
    try:
        with predictions.open(encoding="utf-8", newline="") as file:
            return tuple(next(csv.reader(file), [])[4:])
    except FileNotFoundError:
        raise PermafrostError(f"{predictions} does not exist; train this cell with `dvc repro` first") from None


def _reader(
    settings: Input, shape: tuple[int, ...], preprocess: Preprocess, delta: Path
) -> tuple[Callable[[NDArray[np.int16]], NDArray], int]:
    """What turns a chunk into the network's input, and the chunk's length in samples."""
    rate = preprocess.sample_rate
    if not isinstance(settings, Waveform):
        picture = PictureMaker(settings, rate, preprocess.samples)
        if tuple(picture.shape) != tuple(shape):
            raise PermafrostError(
                f"{delta} was trained on pictures of {shape}, but params.yaml gives {picture.shape}: put its "
                "preprocess and input sections back, or train again"
            )
        return picture, preprocess.samples
    own = settings.sample_rate or rate
    (length,) = shape
    # Through int16, as the stored inputs went.
    return partial(resampled, sample_rate=rate, rate=own, samples=length), samples_at(rate, own, length)
