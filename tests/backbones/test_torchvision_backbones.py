import pytest
import torch
import torchvision

from permafrost.backbones import resnet50, vit_b_16
from permafrost.errors import PermafrostError
from permafrost.models.building import build


def theirs(backbone, size):
    """A torchvision network in which nothing is zero or one by default: every tensor counts."""
    if backbone is vit_b_16:
        model = torchvision.models.vit_b_16(num_classes=5, image_size=size)
    else:
        model = torchvision.models.resnet50(num_classes=5)
    draw = torch.Generator().manual_seed(0)
    for name, tensor in model.state_dict().items():
        if name.endswith(("bias", "running_mean", "class_token")):
            tensor.normal_(std=0.1, generator=draw)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5, generator=draw)
        elif name == "heads.head.weight":
            tensor.normal_(std=0.1, generator=draw)
    return model


@pytest.mark.parametrize(("backbone", "size"), [(vit_b_16, 224), (resnet50, 96)])
def test_the_wrapped_network_gives_torchvisions_own_logits(backbone, size):
    model = theirs(backbone, size)
    network = backbone.build((size, size), 5)
    network.load_state_dict(backbone.convert(model.state_dict()), strict=True)
    x = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        for mode in (False, True):
            logits, expected = network.train(mode)(x), model.train(mode)(x)
            assert expected.std() > 0.01
            assert (logits - expected).abs().max() <= 1e-5


@pytest.mark.parametrize("backbone", [vit_b_16, resnet50])
def test_every_tensor_of_torchvisions_has_a_place_of_its_own(backbone):
    with torch.device("meta"):
        model = torchvision.models.vit_b_16() if backbone is vit_b_16 else torchvision.models.resnet50()
        network = backbone.build((224, 224), 1000)
    converted = backbone.convert(model.state_dict())
    assert len(converted) == len(model.state_dict())
    assert {n: t.shape for n, t in converted.items()} == {n: t.shape for n, t in network.state_dict().items()}


def test_a_vits_class_token_and_positions_belong_to_the_stem():
    network = build("vit_b_16", (32, 32), 2, seed=0)
    names = dict(network.stem.named_parameters())
    assert {"class_token", "pos_embedding"} <= names.keys()
    assert network.class_token is names["class_token"]


@pytest.mark.parametrize("shape", [(128, 216), (100, 100), (22050,)])
def test_a_vit_refuses_what_is_no_square_of_patches(shape):
    with pytest.raises(PermafrostError, match=r"vit_b_16.*input\.size to \[224, 224\]"):
        build("vit_b_16", shape, 2, seed=0)


def test_a_resnet50_refuses_a_waveform():
    with pytest.raises(PermafrostError, match=r"resnet50.*\(22050,\)"):
        build("resnet50", (22050,), 2, seed=0)
