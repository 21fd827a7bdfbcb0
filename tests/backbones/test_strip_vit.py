import pytest
import torch

from permafrost.backbones.strip_vit import STRIP, sinusoids
from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.models.weights import apply_base


def test_a_token_reads_its_own_strip_alone():
    stem = build("strip_vit", (16, 3 * STRIP), 2, seed=0).stem
    x = torch.rand(1, 1, 16, 3 * STRIP)
    other = x.clone()
    other[..., STRIP : 2 * STRIP] += 1
    moved = (stem(x) - stem(other)).abs().amax(dim=(0, 2))
    assert moved[0] == 0 and moved[1] > 0 and moved[2] == 0


def test_a_last_strip_that_is_not_full_is_filled_with_silence():
    short = build("strip_vit", (16, 2 * STRIP - 3), 2, seed=0)
    full = build("strip_vit", (16, 2 * STRIP), 2, seed=0)
    x = torch.rand(2, 1, 16, 2 * STRIP - 3)
    silence = torch.zeros(2, 1, 16, 3)
    assert torch.equal(short.stem(x), full.stem(torch.cat([x, silence], dim=-1)))


def test_order_matters_because_tokens_carry_positions():
    network = build("strip_vit", (16, 4 * STRIP), 3, seed=0).eval()
    x = torch.rand(1, 1, 16, 4 * STRIP)
    assert not torch.allclose(network(x), network(x.roll(STRIP, dims=-1)), atol=1e-6)


def test_weights_fit_clips_of_another_length():
    short, long = build("strip_vit", (16, 40), 2, seed=0), build("strip_vit", (16, 80), 2, seed=1)
    state = {name: t for name, t in short.state_dict().items() if not name.startswith("head.")}
    apply_base(long, state, {"source": "here"})
    assert torch.equal(long.blocks[3].qkv.weight, short.blocks[3].qkv.weight)


def test_positions_are_sines_and_cosines_of_falling_frequency():
    table = sinusoids(50, 8)
    steps = torch.arange(50)
    assert torch.allclose(table[:, 0], steps.float().sin(), atol=1e-5)
    assert torch.allclose(table[:, 1], steps.float().cos(), atol=1e-5)
    assert torch.allclose(table[:, 6], (steps / 1000).sin(), atol=1e-5)


def test_every_weight_gets_a_gradient():
    network = build("strip_vit", (16, 24), 3, seed=0)
    network(torch.rand(4, 1, 16, 24)).square().mean().backward()
    assert all(
        p.grad is not None and p.grad.abs().sum() > 0 for n, p in network.named_parameters() if "qkv.bias" not in n
    )


def test_a_waveform_is_refused():
    with pytest.raises(PermafrostError, match=r"strip_vit.*\(1000,\).*kind logmel"):
        build("strip_vit", (1000,), 2, seed=0)
