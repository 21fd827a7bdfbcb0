import subprocess
import sys

import pytest
import torch

from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.models.weights import apply_base, load_base, save_base

HERE = {"backbone": "resnet20", "source": "here"}


def resnet(seed=0):
    return build("resnet20", (16, 16), 3, seed)


def without_head(network):
    return {name: t for name, t in network.state_dict().items() if not name.startswith("head.")}


def test_a_base_holds_the_body_and_says_what_it_is(tmp_path):
    network = resnet()
    save_base(tmp_path / "deep/x.safetensors", network.state_dict(), HERE)
    state, metadata = load_base(tmp_path / "deep/x.safetensors")
    assert metadata == HERE
    assert state.keys() == without_head(network).keys()
    assert all(torch.equal(state[name], tensor) for name, tensor in without_head(network).items())


def test_the_same_base_is_the_same_bytes_in_every_process(tmp_path):
    code = (
        "import sys, torch; from pathlib import Path; from permafrost.models.weights import save_base; "
        "save_base(Path(sys.argv[1]), {c: torch.ones(2) for c in 'abcdef'}, {c: c for c in 'ghijkl'})"
    )
    paths = [tmp_path / f"{i}.safetensors" for i in range(3)]
    for path in paths:
        subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert len({path.read_bytes() for path in paths}) == 1


def test_applying_a_base_replaces_the_body_and_leaves_the_head(tmp_path):
    source, target, fresh = resnet(1), resnet(2), resnet(2)
    apply_base(target, without_head(source), HERE)
    assert all(torch.equal(t, without_head(source)[name]) for name, t in without_head(target).items())
    assert torch.equal(target.head.weight, fresh.head.weight)


def test_a_random_base_leaves_everything_as_drawn(tmp_path):
    save_base(tmp_path / "x.safetensors", {}, {"backbone": "resnet20", "source": "random"})
    network, fresh = resnet(), resnet()
    apply_base(network, *load_base(tmp_path / "x.safetensors"))
    assert all(torch.equal(t, fresh.state_dict()[name]) for name, t in network.state_dict().items())


def test_weights_of_another_architecture_are_refused_by_name():
    state = without_head(resnet())
    state["blocks.9.conv1.weight"] = torch.zeros(1)
    state["stem.conv1.weight"] = torch.zeros(16, 1, 3, 3)
    del state["blocks.8.bn2.bias"]
    network = resnet()
    before = {name: t.clone() for name, t in network.state_dict().items()}
    with pytest.raises(PermafrostError) as caught:
        apply_base(network, state, HERE)
    text = str(caught.value)
    assert "weights from here do not fit resnet20" in text
    assert "1 missing: blocks.8.bn2.bias" in text
    assert "1 not in the network: blocks.9.conv1.weight" in text
    assert "stem.conv1.weight (16x1x3x3, the network has 16x3x3x3)" in text
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())


def test_many_faults_are_shortened():
    with pytest.raises(PermafrostError, match=r"missing: (stem\.[\w.]+, ){4}stem\.[\w.]+ …"):
        apply_base(resnet(), {"encoder": torch.zeros(1)}, HERE)


def test_weights_of_another_picture_size_are_refused_with_the_way_out():
    state = without_head(build("vit_b_16", (32, 32), 2, seed=0))
    with pytest.raises(
        PermafrostError, match=r"stem\.pos_embedding \(1x5x768, the network has 1x10x768\).*input\.size"
    ):
        apply_base(build("vit_b_16", (48, 48), 2, seed=0), state, {"source": "torchvision:X"})


def test_old_weights_without_batch_counters_fit():
    state = {n: t for n, t in without_head(resnet(1)).items() if not n.endswith("num_batches_tracked")}
    network = resnet(2)
    apply_base(network, state, HERE)
    assert torch.equal(network.stem.conv1.weight, state["stem.conv1.weight"])


@pytest.mark.parametrize("content", [None, b"", b"something else entirely"])
def test_a_base_that_is_missing_or_damaged_is_named(tmp_path, content):
    path = tmp_path / "x.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PermafrostError, match=r"x\.safetensors.*the weights that a recipe starts from"):
        load_base(path)
