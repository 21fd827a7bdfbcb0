import pytest
import torch
from torch import nn

from permafrost.models.building import build
from permafrost.models.network import Network


def small():
    return Network(
        stem=nn.Linear(3, 4),
        blocks=[nn.Linear(4, 4), nn.Tanh()],
        pool=nn.ReLU(),
        head=nn.Linear(4, 2),
        input_channels=3,
    )


def test_units_are_the_stem_and_the_blocks_in_forward_order():
    network = small()
    assert list(network.units) == network.unit_names == ["stem", "block1", "block2"]
    assert list(network.units.values()) == [network.stem, *network.blocks]


def test_cutting_anywhere_gives_the_same_logits():
    network, x = small(), torch.rand(5, 3)
    whole = network(x)
    assert whole.shape == (5, 2)
    for cut in range(4):
        halves = network.run(network.run(x, 0, cut), cut, 3)
        assert torch.equal(network.head(network.pool(halves)), whole)
    assert torch.equal(network.run(x, 2, 2), x)


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (2, 1), (0, 4)])
def test_units_that_do_not_exist_cannot_be_run(start, stop):
    with pytest.raises(IndexError, match="of 3"):
        small().run(torch.rand(1, 3), start, stop)


def test_the_class_token_is_none_where_there_is_none():
    assert small().class_token is None


@pytest.mark.parametrize(
    ("backbone", "shape", "blocks", "embedding", "channels"),
    [
        ("strip_vit", (32, 20), 12, 64, 1),
        ("resnet20", (16, 20), 9, 64, 3),
        ("resnet56", (16, 20), 27, 64, 3),
        ("resnet50", (33, 40), 16, 2048, 3),
        ("vit_b_16", (32, 32), 12, 768, 3),
    ],
)
def test_every_backbone_keeps_the_contract(backbone, shape, blocks, embedding, channels):
    network = build(backbone, shape, 7, seed=0).eval()
    assert len(network.blocks) == blocks and network.embedding_size == embedding
    assert network.input_channels == channels
    assert {name.split(".")[0] for name in network.state_dict()} <= {"stem", "blocks", "pool", "head"}
    x = torch.rand(2, channels, *shape)
    with torch.no_grad():
        assert network.embed(x).shape == (2, embedding)
        logits = network(x)
        cut = blocks // 2
        # In pieces, as the prefix cache runs it.
        pieces = network.run(network.run(x, 0, cut), cut, blocks + 1)
        assert torch.equal(network.head(network.pool(pieces)), logits)
    assert logits.shape == (2, 7)


@pytest.mark.parametrize("backbone", ["strip_vit", "resnet20"])
def test_a_network_can_change_its_dtype(backbone):
    network = build(backbone, (16, 24), 3, seed=0).double()
    x = torch.rand(2, network.input_channels, 16, 24, dtype=torch.float64)
    assert network(x).dtype == torch.float64
