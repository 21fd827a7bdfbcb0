import subprocess
import sys

import pytest
import torch

from permafrost.errors import PermafrostError
from permafrost.models import registry
from permafrost.models.registry import backbone_names, build


def body(network):
    return {name: t for name, t in network.state_dict().items() if not name.startswith("head.")}


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def test_a_module_is_a_backbone_by_what_it_defines(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("def build(input_shape: tuple, classes: int):\n    raise SystemExit\n")
    (tmp_path / "wrapped.py").write_text("def build(\n    input_shape,\n    classes,\n): ...\n")
    (tmp_path / "shared.py").write_text(
        "def build_all(input_shape, classes): ...\nclass A:\n    def build(input_shape): ...\n"
    )
    (tmp_path / "registry.py").write_text("def build(backbone, input_shape, classes, seed): ...\n")
    monkeypatch.setattr(registry, "__file__", str(tmp_path / "registry.py"))
    assert backbone_names() == ["mine", "wrapped"]


def test_the_backbones_of_the_studies_are_there():
    assert {"resnet20", "resnet50", "resnet56", "strip_vit", "vit_b_16"} <= set(backbone_names())


def test_an_unknown_backbone_is_refused_with_those_that_exist():
    with pytest.raises(PermafrostError, match=r"'resnet21' does not exist.*resnet20, resnet50.*did you mean"):
        build("resnet21", (16, 16), 2, seed=0)
    with pytest.raises(PermafrostError, match="does not exist"):
        build("network", (16, 16), 2, seed=0)  # a module of the package, but no backbone


def test_a_seed_fixes_body_and_head():
    first, again, other = (build("strip_vit", (16, 16), 3, seed) for seed in (1, 1, 2))
    assert same(first.state_dict(), again.state_dict())
    assert not same(body(first), body(other)) and not torch.equal(first.head.weight, other.head.weight)


def test_the_head_does_not_depend_on_how_much_the_body_drew():
    # Both heads read 64 values; the bodies draw quite different amounts.
    heads = [build(backbone, (16, 16), 3, seed=5).head for backbone in ("resnet20", "resnet56", "strip_vit")]
    assert all(torch.equal(head.weight, heads[0].weight) and torch.equal(head.bias, heads[0].bias) for head in heads)
    assert heads[0].weight.std() > 0


def test_the_global_generator_is_left_alone():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    first = build("resnet20", (16, 16), 3, seed=0)
    assert torch.equal(torch.rand(4), expected)
    assert same(first.state_dict(), build("resnet20", (16, 16), 3, seed=0).state_dict())


def test_a_network_knows_how_it_was_drawn():
    origin = build("resnet20", (16, 24), 3, seed=9).origin
    assert (origin.backbone, origin.input_shape, origin.classes, origin.seed) == ("resnet20", (16, 24), 3, 9)


def test_names_are_known_without_importing_a_backbone():
    code = (
        "import sys; from permafrost.models.registry import backbone_names; backbone_names(); "
        "print([m for m in sys.modules if m.split('.')[0] in ('torchvision', 'requests') or m.endswith('strip_vit')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
