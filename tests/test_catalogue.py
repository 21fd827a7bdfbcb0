import subprocess
import sys

import pytest

from permafrost import catalogue
from permafrost.errors import PermafrostError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A catalogue of its own: two backbones, a family, and a module that is none."""
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)
    sources = {
        "mine": "def build(input_shape: tuple, classes: int):\n    raise SystemExit\n",
        "wrapped": "def build(\n    input_shape,\n    classes,\n): ...\n",
        "many": "def build(input_shape, classes, architecture): ...\n",
        "shared": "def build_all(input_shape, classes): ...\nclass A:\n    def build(input_shape): ...\n",
    }
    (tmp_path / "backbones").mkdir()
    for name, text in sources.items():
        (tmp_path / "backbones" / f"{name}.py").write_text(text)
    return tmp_path


def test_a_module_is_an_entry_by_what_it_defines(folder):
    assert catalogue.names("backbones") == ["many", "mine", "wrapped"]
    assert catalogue.names("metrics") == []
    (folder / "metrics").mkdir()
    (folder / "metrics/kappa.py").write_text("def score(targets, probabilities): ...\n")
    assert catalogue.names("metrics") == ["kappa"]


@pytest.mark.parametrize("name", ["yours", "shared", "../backbones/mine", "", 3, None])
def test_an_unknown_name_is_refused_with_those_that_exist(folder, name):
    with pytest.raises(PermafrostError, match=r"models\.a\.backbone: .* does not exist.* one of many, mine, wra"):
        catalogue.check("backbones", name, "models.a.backbone")


def test_a_family_needs_an_architecture_and_others_take_none(folder):
    catalogue.check("backbones", "many:one", "key")
    for name in ("many", "many:"):
        with pytest.raises(PermafrostError, match="a family of architectures; expected many:NAME"):
            catalogue.check("backbones", name, "key")
    with pytest.raises(PermafrostError, match="mine is no family of architectures; expected mine"):
        catalogue.check("backbones", "mine:one", "key")


def test_a_name_gives_the_module_that_is_fingerprinted():
    assert catalogue.module_name("backbones", "timm:resnet18") == "permafrost.backbones.timm"
    assert catalogue.load("backbones", "resnet20", "key").__name__ == catalogue.module_name("backbones", "resnet20")


def test_names_are_known_without_importing_an_entry():
    code = (
        "import sys; from permafrost import catalogue; print(*catalogue.names('backbones')); "
        "print([m for m in sys.modules if m.split('.')[0] in ('torch', 'torchvision', 'timm', 'requests')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found, imported = done.stdout.splitlines()
    assert {"resnet20", "resnet50", "resnet56", "strip_vit", "vit_b_16"} <= set(found.split())
    assert imported == "[]"
