import numpy as np
import pytest
import torch

from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.strategies.reading import read_strategy
from permafrost.transfer.batches import InputSource, choose_source
from permafrost.transfer.device import choose_placement
from permafrost.transfer.examples import Preparation
from permafrost.transfer.head_cell import fit_head, head_alone
from permafrost.transfer.recipe import Machine, Runtime, Training
from permafrost.transfer.trainer import Trainer


def make_trainer(examples, freeze="all", precision="fp32", cache=True, **settings):
    training = Training(**({"lr": 3e-2, "batch_size": 8, "epochs": 4, "warmup_epochs": 1} | settings))
    network = build("strip_vit", tuple(examples.inputs.shape[1:]), len(examples.classes), 3)
    phases = read_strategy({"freeze": freeze}, "freezing.tried").phases(network, training.epochs)
    placement = choose_placement(Runtime(precision=precision), Machine(device="cpu"), network)
    prepare = Preparation(network, training.normalise, placement.device)

    def source(_, prefix):
        inputs = InputSource(examples, prepare, prefix, placement, training.augment, 3, 1e9)
        return choose_source(inputs, examples, training.batch_size, cache, 1e9)

    return Trainer(network, phases, source, examples, training, placement, seed=3)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("more", [{}, {"optimiser": "sgd", "label_smoothing": 0.1}, {"optimiser": "adam"}])
def test_a_head_cell_gives_what_the_general_loop_gives(examples, precision, more):
    general, quick = (make_trainer(examples, precision=precision, **more) for _ in range(2))
    assert head_alone(quick)
    expected, rows = general.fit(), []
    found = fit_head(quick, rows.append)
    assert found.best_epoch == expected.best_epoch and rows == found.history
    assert len(found.epoch_seconds) == len(found.history) == 4
    for row, other in zip(found.history, expected.history, strict=True):
        assert list(row) == list(other)
        assert np.allclose(list(row.values()), list(other.values()), atol=1e-6, rtol=0)
    for name, tensor in general.network.state_dict().items():
        assert torch.allclose(quick.network.state_dict()[name], tensor, atol=1e-6, rtol=0), name
    assert np.allclose(quick.probabilities("test"), general.probabilities("test"), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "settings",
    [
        {"freeze": "block11"},
        {"cache": False},
        {"schedule": "plateau"},
        {"clip_norm": 1.0},
        {"patience": 2},
        {"objective": "balanced_cross_entropy"},
        {"augment": {"time_mask": 2, "views": 2}},
    ],
    ids=str,
)
def test_other_cells_are_left_to_the_general_loop(examples, settings):
    assert not head_alone(make_trainer(examples, **settings))


def test_divergence_is_an_error_as_in_the_general_loop(examples):
    for fit in (Trainer.fit, fit_head):
        with pytest.raises(PermafrostError, match="diverged"):
            fit(make_trainer(examples, optimiser="sgd", lr=1e9, weight_decay=1.0, epochs=9, warmup_epochs=0))
