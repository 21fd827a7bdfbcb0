import sys

import pytest
import torch
import yaml

from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.models.weights import load_base
from stages.weights import main


@pytest.fixture
def run_stage(tmp_path, monkeypatch):
    def run(recipe):
        (tmp_path / "params.yaml").write_text(yaml.safe_dump({"models": {"x": recipe}}), encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["weights", "--model", "x"])
        main()
        return load_base(tmp_path / "weights/base/x.safetensors")

    return run


def test_a_random_recipe_gets_an_empty_base(run_stage):
    state, metadata = run_stage({"backbone": "resnet20", "weights": "random", "lr": 0.1})
    assert state == {} and metadata == {"backbone": "resnet20", "source": "random"}


def test_a_file_is_converted_and_its_head_left_out(tmp_path, run_stage):
    network = build("resnet20", (16, 16), 3, seed=0)
    ours = network.state_dict()
    theirs = {f"module.{n.removeprefix('stem.')}": t for n, t in ours.items() if n.startswith("stem.")}
    torch.save({"state_dict": theirs | {"module.linear.weight": network.head.weight.detach()}}, tmp_path / "net.th")
    state, metadata = run_stage({"backbone": "resnet20", "weights": "net.th", "weights_sha256": None})
    assert state.keys() == {n for n in ours if n.startswith("stem.")}
    assert metadata["source"] == "net.th" and len(metadata["sha256"]) == 64


def test_a_wrong_weights_key_is_named(run_stage):
    with pytest.raises(PermafrostError, match=r"models\.x\.weights: no file 'nowhere\.pth'"):
        run_stage({"backbone": "resnet20", "weights": "nowhere.pth"})
