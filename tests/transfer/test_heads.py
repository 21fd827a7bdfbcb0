import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from permafrost.errors import PermafrostError
from permafrost.transfer import head_pool
from permafrost.transfer.head_spec import Embeddings, HeadSpec, head_module
from permafrost.transfer.head_stack import bytes_per_head, train_stacked
from permafrost.transfer.heads import train_heads
from permafrost.transfer.optimisation import Schedule
from permafrost.transfer.recipe import Training
from permafrost.transfer.seeding import generator, stream_seed

CPU = torch.device("cpu")


@pytest.fixture
def data():
    """104 embeddings in four classes, 70 to train: no multiple of the batch size."""
    draw = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 4, (104,), generator=draw)
    values = torch.randn(104, 24, generator=draw) + torch.randn(4, 24, generator=draw)[labels]
    rows = {"train": torch.arange(70), "valid": torch.arange(70, 88), "test": torch.arange(88, 104)}
    return Embeddings(values, labels, 4, rows)


def one_by_one(data, spec, bf16=False):
    """The plain way: a module, autograd, an optimiser of torch.optim, a step a batch."""
    module = head_module(spec, data.size, data.classes)
    options = {"lr": spec.lr, "weight_decay": spec.weight_decay}
    if spec.optimiser == "sgd":
        optimiser = torch.optim.SGD(module.parameters(), momentum=spec.momentum, **options)
    else:
        kind = torch.optim.AdamW if spec.optimiser == "adamw" else torch.optim.Adam
        optimiser = kind(module.parameters(), **options)
    train, losses = data.rows["train"], []
    for epoch in range(spec.epochs):
        for group in optimiser.param_groups:
            group["lr"] = spec.rate(epoch)
        total = 0.0
        order = train[torch.randperm(len(train), generator=generator(spec.seed, "order", epoch))]
        for rows in order.split(spec.batch_size):
            # A context a step: autocast keeps the weights' copies until its end.
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                logits = module(data.values[rows]).float()
            loss = F.cross_entropy(logits, data.labels[rows], label_smoothing=spec.label_smoothing)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(rows)
        with torch.no_grad():
            valid = F.cross_entropy(module(data.values[data.rows["valid"]]), data.labels[data.rows["valid"]])
        losses.append((total / len(train), valid.item()))
    return losses, module


SPECS = {
    "linear, adamw": HeadSpec(1, 1e-2, 0.05, batch_size=16, epochs=3, select="last"),
    "hidden, adamw": HeadSpec(2, 1e-3, 0.05, (40, 30), batch_size=16, epochs=3, select="last"),
    "hidden, adam": HeadSpec(2, 1e-3, 0.05, (40,), "adam", batch_size=32, epochs=3, select="last"),
    "hidden, sgd": HeadSpec(3, 1e-2, 0.01, (40,), "sgd", batch_size=16, epochs=3, schedule="cosine", select="last"),
    "plain sgd": HeadSpec(3, 1e-2, 0, (), "sgd", momentum=0.0, batch_size=200, epochs=3, select="last"),
    "smooth": HeadSpec(4, 1e-2, 0, (8,), batch_size=16, epochs=3, warmup_epochs=2, label_smoothing=0.1, select="last"),
}


@pytest.mark.parametrize("way", ["steps", "stack"])
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_a_head_is_what_training_it_by_itself_gives(data, spec, way):
    losses, module = one_by_one(data, spec)
    if way == "steps":
        (fitted,) = train_heads(data, [spec])
    else:
        ((_, fitted),) = train_stacked(data, [spec], CPU, False, 1e9, True)
    ours = [(row["train_loss"], row["valid_loss"]) for row in fitted.history]
    assert np.allclose(ours, losses, atol=2e-6, rtol=0)
    for name, tensor in module.state_dict().items():
        assert torch.allclose(fitted.state[name], tensor, atol=2e-5), name
    with torch.no_grad():
        expected = module(data.values[data.rows["test"]]).softmax(1).numpy()
    assert np.allclose(fitted.probabilities["test"], expected, atol=1e-5)


def test_a_wide_layer_is_updated_in_bands_to_the_same_result(data):
    spec = HeadSpec(5, 1e-3, 0.01, (600,), batch_size=32, epochs=2, select="last")
    losses, module = one_by_one(data, spec)
    (fitted,) = train_heads(data, [spec])
    assert np.allclose([row["train_loss"] for row in fitted.history], [loss for loss, _ in losses], atol=2e-6)
    assert torch.allclose(fitted.state["0.weight"], module[0].weight, atol=2e-5)


def test_many_heads_stacked_in_chunks_agree_with_one_after_another(data):
    specs = [
        HeadSpec(seed, lr, decay, hidden, batch_size=16, epochs=4, select=select)
        for seed, (lr, select), decay, hidden in itertools.product(
            [0, 1], [(1e-3, "accuracy"), (1e-2, "loss")], [0.0, 0.1], [(), (20,)]
        )
    ]
    alone = train_heads(data, specs)
    budget = 3.5 * bytes_per_head(data, specs[1])  # three heads at a time
    stacked = dict(train_stacked(data, specs, CPU, False, budget, True))
    assert sorted(stacked) == list(range(len(specs)))
    for number, fitted in enumerate(alone):
        other = stacked[number]
        assert fitted.spec == other.spec == specs[number]
        assert fitted.best_epoch == other.best_epoch
        for row, row2 in zip(fitted.history, other.history, strict=True):
            assert row.keys() == row2.keys() and np.allclose(list(row.values()), list(row2.values()), atol=1e-5)
        for subset in ("valid", "test"):
            assert np.allclose(fitted.probabilities[subset], other.probabilities[subset], atol=1e-5)
        assert all(torch.allclose(fitted.state[name], other.state[name], atol=1e-4) for name in fitted.state)


def test_processes_give_the_same_bits_in_the_same_order(data, monkeypatch):
    specs = [HeadSpec(seed, 1e-2, hidden=(8,) * (seed % 2), batch_size=16, epochs=2) for seed in range(5)]
    alone = train_heads(data, specs)
    monkeypatch.setattr(head_pool, "FLOPS_WORTH_A_PROCESS", 1.0)
    seen = []
    spread = train_heads(data, specs, processes=2, report=lambda number, _: seen.append(number))
    assert sorted(seen) == [0, 1, 2, 3, 4]
    for one, other in zip(alone, spread, strict=True):
        assert one.history == other.history and np.array_equal(one.probabilities["test"], other.probabilities["test"])
        assert all(torch.equal(one.state[name], other.state[name]) for name in one.state)


def test_bf16_products_agree_with_autocast(data):
    spec = HeadSpec(2, 1e-3, 0.05, (40,), batch_size=16, epochs=3, select="last")
    (fitted,) = train_heads(data, [spec], precision="bf16")
    losses, _ = one_by_one(data, spec, bf16=True)
    exact, _ = one_by_one(data, spec)
    ours = np.array([row["train_loss"] for row in fitted.history])
    assert np.abs(ours - [loss for loss, _ in losses]).max() < 1e-3
    assert 1e-6 < np.abs(ours - [loss for loss, _ in exact]).max() < 1e-2


def test_the_best_epoch_is_kept_not_the_last(data):
    spec = HeadSpec(0, 0.3, hidden=(30,), batch_size=8, epochs=12, select="loss")
    (fitted,) = train_heads(data, [spec])
    losses = [row["valid_loss"] for row in fitted.history]
    assert fitted.best_epoch == int(np.argmin(losses)) + 1 < 12
    right = fitted.probabilities["valid"][np.arange(18), data.labels[70:88].numpy()]
    assert -np.log(right).mean() == pytest.approx(min(losses), rel=1e-6)
    module = head_module(spec, data.size, data.classes)
    module.load_state_dict(fitted.state)
    with torch.no_grad():
        assert np.allclose(module(data.values[88:]).softmax(1).numpy(), fitted.probabilities["test"], atol=1e-5)


@pytest.mark.parametrize("way", ["steps", "stack"])
def test_a_head_that_diverges_leaves_the_others_alone(data, way):
    wild = HeadSpec(0, 1e30, optimiser="sgd", hidden=(20,), batch_size=16, epochs=3)
    tame = HeadSpec(0, 1e-2, optimiser="sgd", hidden=(20,), batch_size=16, epochs=3)
    first, second = (
        train_heads(data, [wild, tame])
        if way == "steps"
        else dict(train_stacked(data, [wild, tame], CPU, False, 1e9, True)).values()
    )
    assert first.diverged and len(first.history) < 3
    assert np.isfinite(first.probabilities["test"]).all(), "of the last good weights"
    assert not second.diverged and len(second.history) == 3


def test_the_first_weights_are_those_of_nn_linear_under_the_seed():
    torch.manual_seed(stream_seed(7, "head"))
    expected = torch.nn.Linear(5, 3)
    before = torch.random.get_rng_state()
    module = head_module(HeadSpec(7, 1e-3), 5, 3)
    assert torch.equal(module[0].weight, expected.weight) and torch.equal(module[0].bias, expected.bias)
    assert torch.equal(torch.random.get_rng_state(), before), "the global generator must stay as it was"


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("warm", [0, 2])
def test_rates_are_those_of_the_trainer(schedule, warm):
    training = Training(lr=0.01, schedule=schedule, warmup_epochs=warm, epochs=6)
    theirs = Schedule(training, training.lr)
    spec = HeadSpec(0, 0.01, schedule=schedule, warmup_epochs=warm, epochs=6)
    assert [spec.rate(epoch) for epoch in range(6)] == [theirs.rate(epoch) for epoch in range(6)]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"lr": 0.0}, "lr 0.0"),
        ({"optimiser": "rmsprop"}, "'rmsprop'; expected one of adamw, adam, sgd"),
        ({"schedule": "plateau"}, "expected one of constant, cosine"),
        ({"select": "best"}, "expected one of accuracy, loss, last"),
        ({"epochs": 0}, "epochs 0"),
        ({"weight_decay": -1.0}, "weight_decay -1.0"),
        ({"momentum": 1.0}, "momentum 1.0"),
        ({"hidden": (0,)}, "hidden (0,)"),
    ],
)
def test_bad_specs_are_refused_by_name(change, named):
    with pytest.raises(PermafrostError) as error:
        HeadSpec(**({"seed": 0, "lr": 1e-3} | change))
    assert named in str(error.value)


def test_bad_embeddings_are_refused_by_name(data):
    for change, named in (
        ({"labels": data.labels[:5]}, "(5,)"),
        ({"classes": 3}, "expected 0 to 2"),
        ({"rows": data.rows | {"valid": torch.arange(0)}}, "'valid'"),
    ):
        with pytest.raises(PermafrostError) as error:
            Embeddings(**(vars(data) | change))
        assert named in str(error.value)
    with pytest.raises(PermafrostError, match="precision 'fp16'"):
        train_heads(data, [HeadSpec(0, 1e-3)], precision="fp16")
    with pytest.raises(PermafrostError, match="expected cpu or cuda"):
        train_heads(data, [HeadSpec(0, 1e-3)], device="meta")
