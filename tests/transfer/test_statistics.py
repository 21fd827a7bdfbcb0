"""BatchNorm statistics of a random control's frozen units."""

import numpy as np
import pytest
import torch

from permafrost.models.building import build
from permafrost.models.deltas import load_delta, save_delta
from permafrost.models.weights import save_base
from permafrost.transfer.cell import Prepared
from permafrost.transfer.seeding import generator
from tests.transfer.cells import RANDOM, a_cell, same, small_cell

CHANNEL = (0, 2, 3)


def prepared(examples, freeze="all", base=RANDOM, **more):
    """The network before its first step, and which statistics it has."""
    made = Prepared(a_cell(examples, "resnet20", freeze, base=base, training=more))
    return made.network, made.batchnorm


def batches(examples):
    """The training clips as the seed's own order has them: 37 in four batches."""
    rows = examples.rows["train"]
    order = rows[torch.randperm(len(rows), generator=generator(0, "statistics"))]
    pictures = torch.from_numpy(examples.inputs)[:, None].expand(-1, 3, -1, -1)
    return [pictures[part] for part in order.tensor_split(4)]


def test_each_layer_has_the_mean_statistics_of_what_the_normalised_layers_before_it_give(examples):
    """Computed with plain functions: convolutions, then each batch's own mean and variance."""
    network, said = prepared(examples, freeze=2)
    drawn = build("resnet20", (16, 24), 3, seed=0)

    def normalised(x, seen):
        seen.append((x.mean(CHANNEL), x.var(CHANNEL)))
        centred = x - x.mean(CHANNEL, keepdim=True)
        return centred / (x.var(CHANNEL, keepdim=True, unbiased=False) + 1e-5).sqrt()

    sums = [[], [], []]
    with torch.no_grad():
        for pictures in batches(examples):
            x = normalised(drawn.stem.conv1(pictures), sums[0]).relu()
            y = normalised(drawn.blocks[0].conv1(x), sums[1]).relu()
            normalised(drawn.blocks[0].conv2(y), sums[2])
    for norm, seen in zip((network.stem.bn1, network.blocks[0].bn1, network.blocks[0].bn2), sums, strict=True):
        means, variances = (torch.stack(values).mean(0) for values in zip(*seen, strict=True))
        assert torch.allclose(norm.running_mean, means, atol=1e-5)
        assert torch.allclose(norm.running_var, variances, rtol=1e-4)
    assert said == "estimated" and torch.equal(network.blocks[1].bn1.running_var, torch.ones(16)), "it is trained"
    assert network.stem.bn1.momentum == drawn.stem.bn1.momentum and not network.stem.bn1.training


@pytest.mark.parametrize("freeze", ["stem", 0.5, "all"])
def test_frozen_units_stay_as_estimated_to_the_bit(examples, freeze):
    before, _ = prepared(examples, freeze)
    outcome = small_cell(examples, "resnet20", freeze, training={"epochs": 2})
    assert outcome.metrics["batchnorm"] == "estimated"
    frozen = list(outcome.network.units)[: outcome.metrics["frozen_units"]]
    for name in frozen:
        for key, tensor in outcome.network.units[name].state_dict().items():
            assert torch.equal(tensor, before.units[name].state_dict()[key]), (name, key)


def test_as_drawn_is_the_network_as_drawn(examples):
    network, said = prepared(examples, random_statistics="as_drawn")
    drawn = build("resnet20", (16, 24), 3, seed=0).state_dict()
    assert said == "as_drawn" and all(torch.equal(tensor, drawn[name]) for name, tensor in network.state_dict().items())


def test_pretrained_statistics_are_kept_and_a_network_without_such_layers_has_none(examples):
    state = {n: t for n, t in build("resnet20", (16, 24), 3, seed=9).state_dict().items() if n[:5] != "head."}
    network, said = prepared(examples, base=(state, {"source": "a file"}))
    assert said == "pretrained" and all(torch.equal(network.state_dict()[name], t) for name, t in state.items())
    assert prepared(examples, freeze=0)[1] is None
    assert small_cell(examples, freeze="all", training={"epochs": 1}).metrics["batchnorm"] is None


def test_augmentation_does_not_shape_them(examples):
    views = {"augment": {"time_mask": 6, "views": 2}, "epochs": 1}
    plain, changed = (small_cell(examples, "resnet20", 0.5, training=t).network for t in ({"epochs": 1}, views))
    assert torch.equal(plain.blocks[2].bn2.running_var, changed.blocks[2].bn2.running_var)


@pytest.mark.parametrize("freeze", [0.5, "all"])
def test_the_cache_and_a_second_run_change_nothing(examples, freeze):
    rows = {
        "train": examples.rows["train"][:32],
        "valid": examples.rows["valid"][:8],
        "test": examples.rows["test"][:8],
    }
    full = type(examples)(examples.inputs, examples.labels, examples.classes, rows)
    cached, again, plain = (
        small_cell(full, "resnet20", freeze, runtime={"cache_prefix": way}) for way in (True, True, False)
    )
    assert same(cached, again)
    assert all(np.array_equal(cached.probabilities[s], plain.probabilities[s]) for s in ("valid", "test"))


def test_what_is_stored_answers_as_the_run_did(examples, tmp_path):
    base = tmp_path / "base.safetensors"
    save_base(base, *RANDOM)
    outcome = small_cell(examples, "resnet20", "all")
    save_delta(tmp_path / "delta.safetensors", outcome.network, base)
    network = load_delta(tmp_path / "delta.safetensors", base).eval()
    pictures = torch.from_numpy(examples.inputs)[examples.rows["test"]][:, None].expand(-1, 3, -1, -1)
    with torch.no_grad():
        found = network(pictures).double().softmax(1).numpy()
    assert np.allclose(found, outcome.probabilities["test"], atol=1e-6)
