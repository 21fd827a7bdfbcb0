import torch

from permafrost.models.building import build


def body(network):
    return {name: t for name, t in network.state_dict().items() if not name.startswith("head.")}


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def test_a_seed_fixes_body_and_head():
    first, again, other = (build("strip_vit", (16, 16), 3, seed) for seed in (1, 1, 2))
    assert same(first.state_dict(), again.state_dict())
    assert not same(body(first), body(other)) and not torch.equal(first.head.weight, other.head.weight)


def test_the_head_does_not_depend_on_how_much_the_body_drew():
    # Both heads read 64 values; the bodies draw quite different amounts.
    heads = [build(backbone, (16, 16), 3, seed=5).head for backbone in ("resnet20", "resnet56", "strip_vit")]
    assert all(torch.equal(head.weight, heads[0].weight) and torch.equal(head.bias, heads[0].bias) for head in heads)
    assert heads[0].weight.std() > 0


def test_the_global_generator_is_left_alone():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    first = build("resnet20", (16, 16), 3, seed=0)
    assert torch.equal(torch.rand(4), expected)
    assert same(first.state_dict(), build("resnet20", (16, 16), 3, seed=0).state_dict())


def test_a_network_knows_how_it_was_drawn():
    origin = build("resnet20", (16, 24), 3, seed=9).origin
    assert (origin.backbone, origin.input_shape, origin.classes, origin.seed) == ("resnet20", (16, 24), 3, 9)
