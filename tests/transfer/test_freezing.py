import pytest
import torch

from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.strategies.depth import count_units
from permafrost.strategies.reading import read_strategy
from permafrost.transfer.freezing import FrozenPrefix
from tests.transfer.cells import small_cell

TWELVE = ["stem", *(f"block{n}" for n in range(1, 13))]
NINE = TWELVE[:10]


def prefix_of(network, **entry):
    return FrozenPrefix(network, read_strategy(entry, "freezing.tried").phases(network, 3)[0])


@pytest.mark.parametrize(
    ("choice", "units", "count"),
    [
        (0, TWELVE, 0),
        ("stem", TWELVE, 1),
        (0.25, TWELVE, 4),
        (0.5, TWELVE, 7),
        (0.75, TWELVE, 10),
        ("all", TWELVE, 13),
        (0.25, NINE, 3),
        (0.5, NINE, 6),
        (0.75, NINE, 8),
        (5, TWELVE, 5),
        ("block7", TWELVE, 8),
        (0.0, TWELVE, 0),
        (1.0, TWELVE, 13),
    ],
)
def test_count_of_frozen_units(choice, units, count):
    assert count_units(choice, units, "freezing.mine.freeze") == count


@pytest.mark.parametrize(
    ("choice", "said"), [("block13", "block12"), (14, "0 to 13"), (1.5, "between 0.0 and 1.0"), (-1, "0 to 13")]
)
def test_a_strategy_that_does_not_fit_names_its_key_and_what_does(choice, said):
    with pytest.raises(PermafrostError, match=said) as error:
        count_units(choice, TWELVE, "freezing.mine.freeze")
    assert "freezing.mine.freeze" in str(error.value) and str(choice) in str(error.value)


@pytest.mark.parametrize("backbone", ["strip_vit", "resnet20"])
@pytest.mark.parametrize("freeze", [0, "stem", 0.5, "all"])
def test_frozen_units_are_bit_identical_after_training_and_the_others_change(examples, backbone, freeze):
    before = build(backbone, (16, 24), 3, seed=0).state_dict()
    outcome = small_cell(examples, backbone, freeze, training={"epochs": 1, "random_statistics": "as_drawn"})
    after = outcome.network.state_dict()
    count = outcome.metrics["frozen_units"]
    frozen = ("stem.", *(f"blocks.{n}." for n in range(count - 1))) if count else ()
    if freeze == "all":
        frozen = (*frozen, "pool.")
    for name, tensor in after.items():
        if name.startswith(frozen or ("nothing",)):
            assert torch.equal(tensor, before[name]), name
    moved = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert "head.weight" in moved
    assert freeze == "all" or f"blocks.{len(outcome.network.blocks) - 1}" in {
        n[: n.index(".", 7)] for n in moved if n[:6] == "blocks"
    }


def test_batchnorm_drifts_only_where_asked(examples):
    def statistics(**freezing):
        outcome = small_cell(
            examples, "resnet20", 0.5, training={"epochs": 1, "random_statistics": "as_drawn"}, freezing=freezing
        )
        network = outcome.network
        return {k: v for k, v in network.stem.state_dict().items() if "running" in k}

    fresh = {k: v for k, v in build("resnet20", (16, 24), 3, seed=0).stem.state_dict().items() if "running" in k}
    assert all(torch.equal(v, fresh[k]) for k, v in statistics().items())
    assert not any(torch.equal(v, fresh[k]) for k, v in statistics(batchnorm="drift").items())


def test_a_drifting_prefix_is_not_cached_and_a_constant_one_is(examples):
    network = build("resnet20", (16, 24), 3, seed=0)
    assert prefix_of(network, freeze=2).constant
    assert not prefix_of(network, freeze=2, batchnorm="drift").constant
    assert not prefix_of(network, freeze=0).constant


def test_class_token_trains_in_a_frozen_stem_only_where_asked():
    network = build("vit_b_16", (32, 32), 3, seed=0)
    frozen = prefix_of(network, freeze="stem")
    assert not any(p.requires_grad for p in network.stem.parameters()) and frozen.constant
    network = build("vit_b_16", (32, 32), 3, seed=0)
    parity = prefix_of(network, freeze="stem", class_token="trainable")
    trained = [name for name, p in network.stem.named_parameters() if p.requires_grad]
    assert trained == ["class_token"] and not parity.constant
    pictures = torch.rand(2, 3, 32, 32)
    parity.rest(parity.run(pictures)).sum().backward()
    assert network.stem.class_token.grad.abs().sum() > 0


def test_dropout_of_frozen_units_is_off():
    network = build("strip_vit", (16, 24), 3, seed=0)
    network.blocks[0].drop = torch.nn.Dropout(0.5)
    prefix = prefix_of(network, freeze=2)
    prefix.train_mode()
    assert not network.blocks[0].drop.training and network.blocks[1].training
