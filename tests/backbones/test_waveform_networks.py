import pytest
import torch
import torchaudio
from torch import nn
from torchvision.models import vgg16_bn

from permafrost.backbones import vgg16_bn as vgg
from permafrost.backbones.mel_front_end import SAMPLE_RATE, MelFrontEnd
from permafrost.errors import PermafrostError
from permafrost.models.building import build

LONG, SHORT = round(29.1 * SAMPLE_RATE), round(3.96 * SAMPLE_RATE)


def shapes(network, samples):
    x = torch.zeros(1, samples)
    return [tuple(network.run(x, 0, stop).shape[1:]) for stop in range(1, 2 + len(network.blocks))]


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_cnn_is_the_published_one_on_the_published_length():
    network = build("cnn", (LONG,), 10, seed=0).eval()
    assert shapes(network, LONG) == [
        (1, 128, 1254), (16, 64, 418), (16, 21, 104), (32, 10, 20), (32, 3, 6), (64, 1, 1)
    ]  # fmt: skip
    # Input BatchNorm; five convolutions with bias and BatchNorm; dense 64 with BatchNorm; output.
    convolutions = [(1, 16), (16, 16), (16, 32), (32, 32), (32, 64)]
    expected = 2 + sum(9 * i * o + o + 2 * o for i, o in convolutions) + (64 * 64 + 64 + 128) + (64 * 10 + 10)
    assert count(network) == expected == 40_124
    assert network(torch.zeros(2, LONG)).shape == (2, 10)
    assert [module.p for module in network.modules() if isinstance(module, nn.Dropout)] == [0.1] * 5 + [0.5]


@pytest.mark.parametrize("samples", [SHORT, 5 * SAMPLE_RATE, SAMPLE_RATE, 600])
def test_short_clips_are_pooled_as_far_as_they_go(samples):
    network = build("cnn", (samples,), 10, seed=0).eval()
    assert shapes(network, samples)[-1] == (64, 1, 1) and count(network) == 40_124
    assert network(torch.zeros(2, samples)).shape == (2, 10)


def test_lengths_share_one_set_of_parameters():
    short, long = build("cnn", (SHORT,), 10, seed=0), build("cnn", (LONG,), 10, seed=0)
    long.load_state_dict(short.state_dict())
    assert build("cnn", (2 * LONG,), 10, seed=0).eval()(torch.zeros(1, 2 * LONG)).shape == (1, 10)


def test_a_last_batch_of_one_clip_trains():
    network = build("cnn", (SAMPLE_RATE,), 3, seed=0).train()
    network(0.1 * torch.randn(1, SAMPLE_RATE)).sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_vgg_is_torchvisions_behind_the_front_end(monkeypatch):
    monkeypatch.setattr(vgg, "MelFrontEnd", lambda size, channels: nn.BatchNorm2d(1))  # its filters need numbers
    with torch.device("meta"):  # shapes without 134 million numbers
        network = vgg.build((SAMPLE_RATE,), 10).eval()
        whole = vgg16_bn(num_classes=10)
        x, seen = torch.zeros(1, 3, 224, 224), []
        for block in network.blocks:
            x = block(x)
            seen.append(tuple(x.shape[1:]))
        assert network.head(network.pool(x)).shape == (1, 10)
    assert count(network) == count(whole) + 2 == 134_309_964
    assert seen == [(64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7)]
    assert [repr(layer) for stage in network.blocks for layer in stage] == [repr(layer) for layer in whole.features]
    assert [repr(layer) for layer in (*network.pool.layers, network.head)] == [
        repr(layer) for layer in whole.classifier
    ]
    pictures = MelFrontEnd((224, 224), channels=3).eval()(torch.zeros(2, SAMPLE_RATE))
    assert pictures.shape == (2, 3, 224, 224)


@pytest.mark.parametrize("backbone", ["cnn_sigmoid"])
def test_the_wide_layer_stands_before_the_output(backbone):
    network = build(backbone, (SAMPLE_RATE,), 10, seed=0).eval()
    embedding = network.embed(0.1 * torch.randn(2, SAMPLE_RATE))
    assert embedding.shape == (2, 3087) and embedding.min() >= 0 and embedding.max() <= 1
    assert network.head.weight.shape == (10, 3087)


def test_the_front_end_hears_a_tone_where_it_is():
    front = MelFrontEnd().eval()
    time = torch.arange(SAMPLE_RATE) / SAMPLE_RATE
    tones = torch.stack([torch.sin(2 * torch.pi * hertz * time) for hertz in (220, 1760, 7040)])
    picture = front.picture(tones)
    assert picture.shape == (3, 128, 44)
    centres = torchaudio.functional.melscale_fbanks(513, 0, SAMPLE_RATE / 2, 128, SAMPLE_RATE).argmax(0)
    heard = centres[picture.mean(2).argmax(1)] * SAMPLE_RATE / 1024
    assert torch.allclose(heard, torch.tensor([220.0, 1760.0, 7040.0]), atol=SAMPLE_RATE / 1024 * 2.5)
    quieter = front.picture(tones / 10)
    loud = picture > 0
    assert torch.allclose((picture - quieter)[loud], torch.tensor(20.0), atol=1e-2), "decibels"


def test_the_picture_is_full_precision_under_autocast():
    front = MelFrontEnd().eval()
    x = 0.1 * torch.randn(1, SAMPLE_RATE)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(front.picture(x), front.picture(x.clone())) and front.picture(x).dtype == torch.float32


@pytest.mark.parametrize("backbone", ["cnn", "vgg16_bn", "cnn_sigmoid", "vgg16_bn_sigmoid"])
@pytest.mark.parametrize("shape", [(128, 216), (512,), ()])
def test_other_inputs_are_refused(backbone, shape):
    with pytest.raises(PermafrostError, match=f"backbone {backbone}: input of shape .*kind: waveform"):
        build(backbone, shape, 10, seed=0)
