"""What every backbone must hold, checked on each entry of the catalogue and on many architectures of timm."""

import copy

import pytest
import timm
import torch
from torch import nn

from permafrost import catalogue
from permafrost.audio.inputs import Waveform
from permafrost.errors import PermafrostError
from permafrost.models.building import build, converter
from permafrost.models.network import PARTS
from permafrost.transfer.hearing import declared_input

PICTURE, WAVEFORM = (64, 96), (16000,)
SHAPES = {"vit_b_16": (32, 32), "musicnn_vgg": (63, 66)}
FAMILIES = {"timm", "transformers"}
TWINS = {"vgg16_bn_sigmoid"}  # vgg16_bn, which takes seconds, with one more layer after its units
# Plain, residual, inverted, mixing and attending ones, with BatchNorm, GroupNorm, LayerNorm and none.
ARCHITECTURES = (
    *("test_byobnet", "test_coatnet", "test_convnext", "test_convnext2", "test_efficientnet", "test_efficientnet_evos"),
    *("test_efficientnet_gn", "test_efficientnet_ln", "test_mambaout", "test_maxvit", "test_nfnet", "test_resnet"),
    *("test_vit", "test_vit2", "test_vit3", "test_vit4", "test_vit_relpos", "resnet10t", "mobilenetv3_small_050"),
    *("mobilenetv4_conv_small", "mobilevitv2_050", "ghostnet_050", "tinynet_e"),
)


def check_backbone(network):
    """Units in order, cut anywhere without a trace, no gradient where frozen, named by parts, fixed by the seed.

    ``network`` is fresh from ``build``, which draws it again.
    """
    origin, names = network.origin, network.unit_names
    again = build(origin.backbone, origin.input_shape, origin.classes, origin.seed).state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in network.state_dict().items())
    other = build(origin.backbone, origin.input_shape, origin.classes, origin.seed + 1).state_dict()
    assert any(not torch.equal(other[name], again[name]) for name in again if not name.startswith("head."))
    for name in again:
        part, place = name.split(".")[:2]
        assert part in PARTS and (part != "blocks" or int(place) < len(names) - 1), name
    x = batch(network)
    check_cuts(network.eval(), x)
    check_frozen_half(network, x)


def batch(network):
    shape = network.origin.input_shape
    channels = () if len(shape) == 1 else (network.input_channels,)
    return 0.1 * torch.randn(2, *channels, *shape, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def check_cuts(network, x):
    """Whatever the cut, running up to it and on from there is running the whole, to the bit."""
    embedding = network.embed(x)
    whole = network.head(embedding)
    assert embedding.shape == (2, network.embedding_size) and whole.isfinite().all()
    assert torch.equal(network(x), whole)
    count = len(network.unit_names)
    for cut in range(1, count + 1):
        x = network.run(x, cut - 1, cut)
        assert torch.equal(network.head(network.pooled(network.run(x, cut, count))), whole), f"cut before unit {cut}"


def check_frozen_half(network, x):
    """With the first half frozen, only what comes after it learns, and nothing of the first half moves."""
    count = len(network.unit_names)
    half = count // 2
    units = list(network.units.values())
    network.train()
    for unit in units[:half]:
        unit.eval().requires_grad_(False)
    before = [tensor.clone() for unit in units[:half] for tensor in unit.state_dict().values()]
    activations = network.run(x, 0, half)
    assert not activations.requires_grad
    network.head(network.pooled(network.run(activations, half, count))).square().sum().backward()
    after = [tensor for unit in units[:half] for tensor in unit.state_dict().values()]
    assert all(map(torch.equal, before, after))
    assert all(parameter.grad is None for unit in units[:half] for parameter in unit.parameters())
    for number, unit in enumerate(units[half:], start=half):
        gradients = [parameter.grad for parameter in unit.parameters()]
        assert not gradients or any(gradient is not None for gradient in gradients), f"unit {number}"


@pytest.mark.parametrize("backbone", [name for name in catalogue.names("backbones") if name not in FAMILIES | TWINS])
def test_an_entry_keeps_the_contract(backbone):
    declared = declared_input(backbone, "key")
    usual = WAVEFORM if isinstance(declared, Waveform) else PICTURE
    check_backbone(build(backbone, SHAPES.get(backbone, usual), 3, seed=1))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_architecture_of_timm_keeps_the_contract(architecture):
    check_backbone(build(f"timm:{architecture}", PICTURE, 3, seed=1))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_architecture_gives_the_bits_of_timms_own_network(architecture):
    size = {"img_size": PICTURE} if timm.get_pretrained_cfg(architecture).fixed_input_size else {}
    theirs = timm.create_model(architecture, num_classes=3, **size)
    draw = torch.Generator().manual_seed(0)
    for name, tensor in theirs.state_dict().items():  # as drawn, many branches end in zeros
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5, generator=draw)
        elif tensor.is_floating_point():
            tensor.add_(torch.randn(tensor.shape, generator=draw), alpha=0.05)
    ours = build(f"timm:{architecture}", PICTURE, 3, seed=0)
    state = converter(f"timm:{architecture}")(theirs.state_dict())
    ours.load_state_dict(state, strict=True)
    x = batch(ours)
    for training in (False, True):
        logits = []
        for network in (theirs, ours):
            torch.manual_seed(0)
            logits.append(network.train(training)(x))
        assert torch.equal(*logits)


@pytest.mark.parametrize(
    ("architecture", "shape", "reason"),
    [
        ("resnet81", PICTURE, r"timm 1\.\S+ has no 'resnet81' \(did you mean 'resnet\w+'\?\)"),
        ("hf-hub:someone/else", PICTURE, "has no 'hf-hub:someone/else'"),
        ("densenet121", PICTURE, "cannot be cut into units: 2 tensors, not one, pass from its unit 2 to the next"),
        ("vit_small_patch16_dinov3", PICTURE, "torch.fx cannot trace it"),
        ("poolformer_s12", PICTURE, "timm does not group its parameters by depth"),
        ("levit_128s", (224, 224), "its classifier is a tuple, not one linear layer"),
        ("test_vit", (64, 100), r"cannot take pictures of 64 x 100: .*set the recipe's input.size .*160 x 160"),
        ("resnet10t", (16000,), r"input of shape \(16000,\); expected \(height, width\): input.kind logmel"),
    ],
)
def test_an_architecture_that_cannot_be_used_is_refused_with_the_reason(architecture, shape, reason):
    with pytest.raises(PermafrostError, match=rf"^backbone timm:{architecture}: .*{reason}"):
        build(f"timm:{architecture}", shape, 3, seed=0)


def test_what_does_not_compute_as_timm_does_is_refused(monkeypatch):
    from permafrost.backbones import timm as family

    monkeypatch.setattr(family, "features_complete", lambda features: 2 * features)
    with pytest.raises(PermafrostError, match="what its traced steps compute differs from what timm computes"):
        build("timm:test_resnet", PICTURE, 3, seed=0)


def test_names_inside_a_unit_are_timms():
    state = build("timm:test_efficientnet", PICTURE, 3, seed=0).state_dict()
    assert {"stem.conv_stem.weight", "blocks.2.blocks.2.0.conv_pwl.weight", "head.weight"} <= state.keys()
    assert converter("timm:test_efficientnet")(state) is state


def test_layers_stay_what_they_are():
    """So that a strategy finds the norms, and a copy is a network like the first."""
    network = build("timm:test_vit", PICTURE, 3, seed=0)
    for kind, expected in ((nn.LayerNorm, 2), (nn.Linear, 4)):
        assert sum(isinstance(module, kind) for module in network.blocks[0].modules()) == expected
    x = batch(network)
    assert torch.equal(copy.deepcopy(network).eval()(x), network.eval()(x))
