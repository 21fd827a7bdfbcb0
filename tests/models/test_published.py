import pickle

import pytest
import torch
from safetensors.torch import save_file

from permafrost.errors import PermafrostError
from permafrost.models.published import read_state

STATE = {"a.weight": torch.arange(4.0), "b": torch.tensor(3)}


class Nasty:
    """Would create a file if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
def test_a_state_dict_is_found_bare_or_beside_other_things(tmp_path, wrapper):
    path = tmp_path / "net.pth"
    torch.save({wrapper: STATE, "epoch": 3} if wrapper else STATE, path)
    assert {n: t.tolist() for n, t in read_state(path).items()} == {"a.weight": [0, 1, 2, 3], "b": 3}


def test_safetensors_are_read(tmp_path):
    save_file(STATE, tmp_path / "net.safetensors")
    assert torch.equal(read_state(tmp_path / "net.safetensors")["a.weight"], STATE["a.weight"])


def test_a_file_is_never_executed(tmp_path):
    bait = tmp_path / "bait"
    torch.save({"state_dict": Nasty(bait)}, tmp_path / "new.pth")
    (tmp_path / "old.pth").write_bytes(pickle.dumps(Nasty(bait)))
    for name in ("new.pth", "old.pth"):
        with pytest.raises(PermafrostError, match=rf"{name}: not a file of weights.*could run code"):
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
