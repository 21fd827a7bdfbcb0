from pathlib import Path

import pytest
import torch

CIFAR10 = Path(__file__).parents[3] / "shared/weights/cifar10"
SHA256 = {
    "resnet20-12fca82f.th": "12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8",
    "resnet56-4bfd9763.th": "4bfd97631478d6b638d2764fd2baff3edb1d7d82252d54439343b6596b9b5367",
}


@pytest.fixture(autouse=True)
def always_one_thread(one_thread):
    """Bits do not depend on what else runs."""


@pytest.fixture
def published():
    """``published("resnet20")``: path and sha256 of the published CIFAR-10 weights."""

    def find(backbone):
        (name,) = [name for name in SHA256 if name.startswith(backbone)]
        if not (CIFAR10 / name).is_file():
            pytest.skip(f"{name} is not in {CIFAR10}: see CONTRIBUTING.md for the data that tests use")
        return CIFAR10 / name, SHA256[name]

    return find


@pytest.fixture(autouse=True)
def no_folders_of_weights(monkeypatch, tmp_path):
    """Nothing on this machine is found by accident, and nothing is written outside the test's folder."""
    monkeypatch.delenv("PERMAFROST_WEIGHTS", raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
