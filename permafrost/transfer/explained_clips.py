"""Which clips a picture shows, and what a network makes of them."""

from collections.abc import Sequence

import numpy as np
import torch

from permafrost import catalogue
from permafrost.models.network import Network
from permafrost.transfer.examples import Preparation
from permafrost.transfer.recipe import Training
from permafrost.transfer.saliency import Saliency, saliency

SHOWN = 12


def one_of_each_class(labels: Sequence[str], at_most: int = SHOWN) -> list[int]:
    """The place of the first clip of each class, classes sorted, no more than ``at_most``."""
    return [list(labels).index(label) for label in sorted(set(labels))[:at_most]]


def look(network: Network, training: Training, stored: np.ndarray) -> tuple[Saliency, np.ndarray]:
    """Saliency of the predicted classes, and probabilities [clips, classes].

    Args:
        network: in evaluation mode, on the CPU.
        training: its recipe's.
        stored: rows of data/inputs: pictures [clips, height, width], or waveforms [clips, samples], of which a network
            that was trained on crops hears the first one.
    """
    objective = catalogue.load("objectives", training.objective, "objective")
    length = network.origin.input_shape[0]
    heard = stored[:, :length] if stored.ndim == 2 else stored
    inputs = Preparation(network, training.normalise, torch.device("cpu"))(torch.from_numpy(np.array(heard)))
    with torch.no_grad():
        probabilities = objective.probabilities(network(inputs))
    return saliency(network, inputs, probabilities.argmax(1)), probabilities.numpy()
