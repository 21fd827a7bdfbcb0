import pytest
import torch
from torch.nn import functional as F

from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.transfer.explained_clips import one_of_each_class
from permafrost.transfer.saliency import saliency


@pytest.mark.parametrize(
    ("backbone", "shape", "method"),
    [
        ("resnet20", (32, 64), "Grad-CAM"),
        ("resnet20", (3, 32, 32), "Grad-CAM"),
        ("strip_vit", (32, 48), "integrated"),
        ("strip_vit", (3, 32, 48), "integrated"),
        ("cnn", (22050 * 3,), "Grad-CAM"),
    ],
)
def test_maps_lie_over_the_pictures(backbone, shape, method):
    network = build(backbone, shape, 3, seed=0)
    generator = torch.Generator().manual_seed(0)
    if len(shape) == 1:
        inputs = 0.1 * torch.randn(2, *shape, generator=generator)
    else:
        inputs = torch.rand(2, *shape[:-2], network.input_channels, *shape[-2:], generator=generator)
    found = saliency(network, inputs, torch.tensor([0, 2]))
    assert found.maps.shape == found.pictures.shape and found.maps.ndim == 3
    assert found.maps.min() >= 0 and found.maps.max() <= 1 + 1e-6 and method in found.method
    assert not network.training and found.maps.isfinite().all()


def test_chunks_stand_side_by_side():
    chunked, plain = build("strip_vit", (2, 32, 48), 2, seed=0), build("strip_vit", (32, 48), 2, seed=0)
    x = torch.rand(1, 2, 1, 32, 48)
    found = saliency(chunked, x, torch.tensor([1]))
    assert torch.equal(found.pictures[0], torch.cat([x[0, 0, 0], x[0, 1, 0]], dim=1))
    x[:, 1] = x.amin()  # silent, so that nothing in it can have changed the answer
    assert saliency(chunked, x, torch.tensor([1])).maps[..., 50:].max() == 0
    assert saliency(plain, x[:, 0], torch.tensor([1])).maps.max() == pytest.approx(1)


def test_a_network_without_pictures_is_refused():
    network = build("resnet20", (32, 64), 2, seed=0)
    with pytest.raises(PermafrostError, match=r"leave it out of study\.explain"):
        saliency(network, torch.rand(2, 16000), torch.tensor([0, 1]))


def test_grad_cam_shows_where_the_channel_that_decides_is_active():
    network = build("resnet20", (32, 64), 2, seed=0).eval()
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.weight[1, 5] = 1.0  # the second class asks for one channel and nothing else
    x = torch.randn(1, 3, 32, 64, generator=torch.Generator().manual_seed(1))
    found = saliency(network, x, torch.tensor([1]))
    active = network.run(x, 0, 10)[:, 5:6].relu()
    expected = F.interpolate(active, (32, 64), mode="bilinear")[0, 0]
    assert found.method == "Grad-CAM at block9"
    assert torch.allclose(found.maps[0], expected / expected.max(), atol=1e-5)


def test_integrated_gradients_stay_where_the_sound_is():
    network = build("strip_vit", (32, 48), 2, seed=0)
    x = torch.zeros(1, 1, 32, 48)
    x[..., 8:16, 16:24] = 1.0
    found = saliency(network, x, torch.tensor([1]))
    inside = found.maps[0, 6:18, 14:26].sum() / found.maps[0].sum()
    assert inside == pytest.approx(1.0, abs=1e-5), "what is silent in the clip has not changed the answer"


def test_the_first_clip_of_each_class_is_shown():
    assert one_of_each_class(["b", "a", "b", "c", "a"]) == [1, 0, 3]
    assert one_of_each_class(["b", "a", "c"], at_most=2) == [1, 0]
