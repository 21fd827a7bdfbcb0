import pytest
import torch
from safetensors import safe_open

from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.models.deltas import load_delta, save_delta
from permafrost.models.weights import apply_base, load_base, read_tensors, save_base, write_tensors


@pytest.fixture
def base(tmp_path):
    path = tmp_path / "base.safetensors"
    save_base(path, build("resnet20", (16, 16), 3, seed=100).state_dict(), {"backbone": "resnet20", "source": "here"})
    return path


@pytest.fixture
def random_base(tmp_path):
    path = tmp_path / "random.safetensors"
    save_base(path, {}, {"backbone": "resnet20", "source": "random"})
    return path


def trained(base, seed=7):
    """A network whose last block and head have been trained."""
    network = build("resnet20", (16, 16), 3, seed)
    apply_base(network, *load_base(base))
    with torch.no_grad():
        for part in (network.blocks[8].conv2, network.head):
            part.weight.add_(0.5)
        network.blocks[8].bn2.running_mean.add_(1)
    return network


@pytest.mark.parametrize(("which", "also"), [("base", {"head.bias"}), ("random_base", set())])
def test_only_what_training_changed_is_stored_and_all_comes_back(tmp_path, request, which, also):
    base = request.getfixturevalue(which)
    network = trained(base)
    path = tmp_path / "cell/delta.safetensors"
    save_delta(path, network, base)
    with safe_open(path, "pt") as file:
        stored = set(file.keys())
    assert stored == {"blocks.8.conv2.weight", "blocks.8.bn2.running_mean", "head.weight"} | also
    again = load_delta(path, base)
    assert again.state_dict().keys() == network.state_dict().keys()
    assert all(torch.equal(t, network.state_dict()[name]) for name, t in again.state_dict().items())
    assert again.origin == network.origin


def test_the_memory_layout_of_a_network_does_not_matter(tmp_path, base):
    network = trained(base).to(memory_format=torch.channels_last)
    save_delta(tmp_path / "delta.safetensors", network, base)
    again = load_delta(tmp_path / "delta.safetensors", base)
    assert torch.equal(again.blocks[8].conv2.weight, network.blocks[8].conv2.weight)


def test_a_change_of_sign_of_zero_and_a_nan_are_kept(tmp_path, base):
    network = trained(base)
    with torch.no_grad():
        network.blocks[0].bn1.bias.copy_(torch.where(network.blocks[0].bn1.bias == 0, -0.0, 1.0))
        network.blocks[1].bn1.bias[0] = float("nan")
    save_delta(tmp_path / "delta.safetensors", network, base)
    again = load_delta(tmp_path / "delta.safetensors", base)
    assert torch.equal(torch.signbit(again.blocks[0].bn1.bias), torch.signbit(network.blocks[0].bn1.bias))
    assert again.blocks[1].bn1.bias[0].isnan()


def test_another_base_is_refused(tmp_path, base, random_base):
    save_delta(tmp_path / "delta.safetensors", trained(base), base)
    with pytest.raises(PermafrostError, match=r"trained from base\.safetensors.*random\.safetensors has"):
        load_delta(tmp_path / "delta.safetensors", random_base)


def test_a_base_is_no_delta(base):
    with pytest.raises(PermafrostError, match=r"base\.safetensors: expected what training changed"):
        load_delta(base, base)


def test_a_missing_delta_is_named(tmp_path, base):
    with pytest.raises(PermafrostError, match=r"gone\.safetensors: not there"):
        load_delta(tmp_path / "gone.safetensors", base)


@pytest.mark.parametrize(
    ("tensors", "changes", "said"),
    [
        ({"blocks.9.weight": torch.zeros(1)}, {}, r"the tensor blocks\.9\.weight does not fit resnet20"),
        ({"head.bias": torch.zeros(4)}, {}, r"the tensor head\.bias does not fit"),
        ({"head.bias": torch.zeros(3, dtype=torch.int64)}, {}, r"the tensor head\.bias does not fit"),
        ({}, {"classes": "many"}, "its metadata cannot be read"),
        ({}, {"input_shape": "16"}, "its metadata cannot be read"),
        ({}, {"seed": None}, "this has no seed"),
    ],
)
def test_a_delta_that_was_tampered_with_is_refused(tmp_path, base, tensors, changes, said):
    path = tmp_path / "delta.safetensors"
    save_delta(path, trained(base), base)
    changed, metadata = read_tensors(path, "a delta")
    metadata = {name: value for name, value in (metadata | changes).items() if value is not None}
    write_tensors(path, changed | tensors, metadata)
    with pytest.raises(PermafrostError, match=rf"delta\.safetensors.*{said}"):
        load_delta(path, base)
