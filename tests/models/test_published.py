import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from permafrost.errors import PermafrostError
from permafrost.models.published import in_our_names, read_state

STATE = {"a.weight": torch.arange(4.0), "bn.num_batches_tracked": torch.tensor(3)}


class Nasty:
    """Would create a file if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model", "net", "anything"])
def test_a_state_dict_is_found_bare_or_beside_other_things(tmp_path, wrapper):
    path = tmp_path / "net.pth"
    torch.save({wrapper: STATE, "epoch": 3} if wrapper else STATE, path)
    assert {n: t.tolist() for n, t in read_state(path).items()} == {
        "a.weight": [0, 1, 2, 3],
        "bn.num_batches_tracked": 3,
    }


def test_safetensors_are_read(tmp_path):
    save_file(STATE, tmp_path / "net.safetensors")
    assert torch.equal(read_state(tmp_path / "net.safetensors")["a.weight"], STATE["a.weight"])


def test_a_file_is_never_executed(tmp_path):
    bait = tmp_path / "bait"
    torch.save({"state_dict": Nasty(bait)}, tmp_path / "new.pth")
    (tmp_path / "old.pth").write_bytes(pickle.dumps(Nasty(bait)))
    for name in ("new.pth", "old.pth"):
        with pytest.raises(PermafrostError, match=rf"{name}: (holds io.open|not a file).*could run code"):
            read_state(tmp_path / name)
    assert not bait.exists()


@pytest.mark.parametrize("name", ["page.pth", "page.safetensors"])
@pytest.mark.parametrize("content", [b"<html>not found</html>", b""])
def test_what_is_no_weights_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PermafrostError, match=f"{name}: not a"):
        read_state(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "words"),
    [([1, 2], "holds a list"), ({}, "expected a state dict"), ({"lr": 0.1, "a": torch.zeros(1)}, "'lr' is no tensor")],
)
def test_what_holds_no_state_dict_is_named(tmp_path, content, words):
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(PermafrostError, match=rf"net\.pth.*{words}"):
        read_state(tmp_path / "net.pth")


@pytest.mark.parametrize("precision", [torch.float16, torch.bfloat16, torch.float64])
def test_floating_point_of_any_precision_becomes_float32(tmp_path, precision):
    torch.save({"a": torch.arange(4).to(precision)}, tmp_path / "net.pth")
    assert torch.equal(read_state(tmp_path / "net.pth")["a"], torch.arange(4.0))


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        (torch.tensor([1.0, float("nan")]), "holds NaN or infinite values (1 of 2"),
        (torch.tensor([float("inf")]), "holds NaN or infinite values"),
        (torch.tensor([1e300], dtype=torch.float64), "holds NaN or infinite values"),
        (torch.arange(3), "holds int64 values"),
        (torch.tensor([True]), "holds bool values"),
        (torch.zeros(2, dtype=torch.complex64), "holds complex64 values"),
        (torch.zeros(2, dtype=torch.float8_e5m2), "holds float8_e5m2 values"),
        (torch.zeros(1).expand(10**6, 10**6), "says that it has 1000000000000 numbers"),
        (torch.zeros(2, 2).to_sparse(), "is sparse_coo, no plain array"),
        (torch.zeros(2, 2).to_sparse_csr(), "is sparse_csr, no plain array"),
        (torch.empty(10**6, 10**6, device="meta"), "is on the device meta"),
        (torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.qint8), "is quantized, no plain array"),
    ],
)
def test_a_tensor_that_is_no_array_of_finite_numbers_is_refused_by_name(tmp_path, tensor, said):
    torch.save({"good": torch.zeros(2), "layer.bad": tensor}, tmp_path / "net.pth")
    with pytest.raises(PermafrostError) as error:
        read_state(tmp_path / "net.pth")
    assert f"the tensor layer.bad {said}" in str(error.value)


def test_several_state_dicts_are_told_apart_by_name(tmp_path):
    torch.save({"ema": STATE, "state_dict": {"a": torch.ones(1)}}, tmp_path / "net.pth")
    assert list(read_state(tmp_path / "net.pth")) == ["a"]
    torch.save({"student": STATE, "teacher": STATE}, tmp_path / "net.pth")
    with pytest.raises(PermafrostError, match="several state dicts, 'student', 'teacher'"):
        read_state(tmp_path / "net.pth")


def test_what_stands_beside_tensors_and_could_run_code_is_named_whole(tmp_path):
    torch.save({"state_dict": STATE, "best": np.float64(91.8)}, tmp_path / "net.pth")
    with pytest.raises(PermafrostError, match=r"holds numpy\._core\.multiarray\.scalar beside tensors.*, FILE\)$"):
        read_state(tmp_path / "net.pth")


def theirs(state):
    """A backbone's names from another's: ``conv1`` to ``stem``, ``fc`` to ``head``."""
    return {name.replace("conv1.", "stem.").replace("fc.", "head."): tensor for name, tensor in state.items()}


@pytest.mark.parametrize("prefix", ["", "module.", "model.", "backbone.", "module.backbone.", "_orig_mod.model.net."])
def test_prefixes_of_wrappers_are_taken_off(prefix):
    state = {f"{prefix}{name}": tensor for name, tensor in {"conv1.weight": 1, "fc.weight": 2}.items()}
    assert in_our_names(state, theirs) == {"stem.weight": 1, "head.weight": 2}
    assert in_our_names({f"{prefix}stem.weight": 1, "head.bias": 2}, dict) == {"stem.weight": 1, "head.bias": 2}


@pytest.mark.parametrize(
    "state",
    [
        {"model.encoder.weight": 1, "model.conv1.weight": 2},  # another architecture, whatever is taken off
        {"module.conv1.weight": 1, "conv1.weight": 2},  # two tensors would have one name
        {"student.conv1.weight": 1},
    ],
)
def test_names_that_do_not_become_ours_are_left_as_they_are(state):
    assert in_our_names(state, dict) == state
