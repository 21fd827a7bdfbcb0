import pytest
import torch
from torch.nn import functional as F

from permafrost.backbones import resnet20, resnet56
from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.models.published import in_our_names, read_state


def reference(raw, x, per_stage):
    """He et al. 2016, section 4.2, from the published file's raw tensors: plain arithmetic, none of our modules."""

    def norm(x, name):
        mean, var, weight, bias = (
            raw[f"module.{name}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (var + 1e-5).sqrt() * weight + bias

    x = norm(F.conv2d(x, raw["module.conv1.weight"], padding=1), "bn1").relu()
    for stage in (1, 2, 3):
        for index in range(per_stage):
            name = f"layer{stage}.{index}"
            stride = 2 if stage > 1 and index == 0 else 1
            y = norm(F.conv2d(x, raw[f"module.{name}.conv1.weight"], stride=stride, padding=1), f"{name}.bn1").relu()
            y = norm(F.conv2d(y, raw[f"module.{name}.conv2.weight"], padding=1), f"{name}.bn2")
            if stride == 2:
                quarter = torch.zeros(len(x), x.shape[1] // 2, *y.shape[2:])
                x = torch.cat([quarter, x[:, :, ::2, ::2], quarter], dim=1)
            x = (x + y).relu()
    return x.mean(dim=(2, 3)) @ raw["module.linear.weight"].T + raw["module.linear.bias"]


@pytest.mark.parametrize(("backbone", "per_stage", "parameters"), [(resnet20, 3, 269_722), (resnet56, 9, 853_018)])
def test_the_published_weights_give_the_published_function(published, backbone, per_stage, parameters):
    path, _ = published(backbone.__name__.split(".")[-1])
    raw = read_state(path)
    assert all(name.startswith("module.") for name in raw)
    network = backbone.build((32, 32), 10).eval()
    network.load_state_dict(in_our_names(raw, backbone.convert), strict=True)
    assert sum(p.numel() for p in network.parameters()) == parameters  # .27 and .85 million in the paper's table
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits, expected = network(x), reference(raw, x, per_stage)
    assert logits.abs().max() > 1
    assert torch.allclose(logits, expected, atol=1e-4, rtol=1e-4)


def test_a_shortcut_of_option_a_pads_channels_and_has_no_weights():
    block = build("resnet20", (16, 16), 2, seed=0).blocks[3].eval()
    torch.nn.init.zeros_(block.conv2.weight)  # only the shortcut is left
    x = torch.rand(1, 16, 7, 9)
    with torch.no_grad():
        y = block(x)
    assert y.shape == (1, 32, 4, 5)
    assert torch.equal(y[:, 8:24], x[:, :, ::2, ::2])
    assert y[:, :8].abs().max() == 0 and y[:, 24:].abs().max() == 0


def test_pictures_of_any_size_pass():
    network = build("resnet20", (30, 61), 4, seed=0).eval()
    assert network(torch.rand(2, 3, 30, 61)).shape == (2, 4)


def test_foreign_names_are_handed_on_so_that_an_error_can_name_them():
    assert list(resnet20.convert({"encoder.weight": torch.zeros(1)})) == ["encoder.weight"]


def test_a_waveform_is_refused():
    with pytest.raises(PermafrostError, match=r"resnet56.*\(1000,\)"):
        build("resnet56", (1000,), 2, seed=0)
