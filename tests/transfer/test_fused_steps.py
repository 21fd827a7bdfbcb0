import subprocess
import sys

import pytest
import torch
from torch import nn

from permafrost.transfer.fused_steps import FusedSteps

LR = 1e-2
SETTINGS = {
    "adamw": ("adamw", {"weight_decay": 0.1}),
    "adam": ("adam", {"weight_decay": 0.1}),
    "sgd": ("sgd", {"weight_decay": 0.1, "momentum": 0.9}),
    "plain sgd": ("sgd", {}),
}
TORCH = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}


def network(layout=torch.contiguous_format):
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 36, 4), nn.Linear(4, 4))
    body[3].requires_grad_(False)
    return body.to(memory_format=layout)


def groups(body):
    """Two groups of the parameters that learn, one at a tenth of the rate."""
    learning = [p for p in body.parameters() if p.requires_grad]
    return [{"params": learning[:2], "lr": LR, "scale": 1.0}, {"params": learning[2:], "lr": LR, "scale": 0.1}]


def train(body, optimiser, steps, first=0):
    for step in range(first, first + steps):
        draw = torch.Generator().manual_seed(step)
        for group in optimiser.param_groups:
            group["lr"] = LR / (step + 1) * group.get("scale", 1)
        loss = body(torch.randn(5, 3, 8, 8, generator=draw)).square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("kind", "options"), SETTINGS.values(), ids=SETTINGS.keys())
def test_bits_are_those_of_torch_optim(kind, options, layout):
    ours, theirs = network(layout), network(layout)
    train(ours, FusedSteps(groups(ours), kind, **options), 4)
    train(theirs, TORCH[kind](groups(theirs), fused=True, lr=LR, **options), 4)
    for one, other, start in zip(ours.parameters(), theirs.parameters(), network(layout).parameters(), strict=True):
        assert torch.equal(one, other)
        assert torch.equal(one, start) != one.requires_grad


@pytest.mark.parametrize(("kind", "options"), SETTINGS.values(), ids=SETTINGS.keys())
def test_a_saved_state_continues_to_the_same_bits(kind, options, tmp_path):
    whole, halves = network(), network()
    train(whole, FusedSteps(groups(whole), kind, **options), 4)
    before = FusedSteps(groups(halves), kind, **options)
    train(halves, before, 2)
    torch.save(before.state_dict(), tmp_path / "state.pt")
    after = FusedSteps(groups(halves), kind, **options)
    after.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    train(halves, after, 2, first=2)
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), halves.parameters(), strict=True))


def test_no_compiler_is_imported():
    code = (
        "import sys, torch; from permafrost.transfer.fused_steps import FusedSteps; p = torch.ones(2).requires_grad_();"
        "o = FusedSteps([{'params': [p], 'lr': 1e-3}], 'adamw'); p.sum().backward(); o.step(); o.zero_grad();"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
