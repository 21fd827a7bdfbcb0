"""musicnn's VGG against the published definition, written out with torch's functions from the raw checkpoint."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from permafrost.audio.making import PictureMaker
from permafrost.backbones.musicnn_vgg import convert
from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.models.obtaining import base_of
from permafrost.models.published import in_our_names, read_state
from permafrost.models.tf_bundle import read_bundle
from permafrost.models.weights import apply_base
from permafrost.parameters.schema import Recipe
from permafrost.plain_yaml import parse
from permafrost.settings import validate
from permafrost.transfer.hearing import input_rate


@pytest.fixture(params=["MTT_vgg", "MSD_vgg"])
def index(request):
    spec = find_spec("musicnn")
    if spec is None:
        pytest.skip("the package musicnn is not installed: pip install --no-deps musicnn==0.1.0")
    return Path(spec.submodule_search_locations[0], request.param, ".index")


def published_activations(raw, pictures):
    """Outputs of the five blocks for pictures [batch, time, mel]: musicnn/models.py, in TensorFlow's axes."""

    def normed(x, layer):
        gamma, beta, mean, variance = (
            torch.from_numpy(raw[f"{layer}/{name}"]) for name in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        shape = (1, -1, 1, 1)
        return (x - mean.view(shape)) / (variance.view(shape) + 1e-3).sqrt() * gamma.view(shape) + beta.view(shape)

    x = normed(pictures[:, None], "batch_normalization")
    for number, (window, stride) in enumerate([((4, 1), 2), ((2, 2), 2), ((2, 2), 2), ((2, 2), 2), ((4, 4), 4)], 1):
        kernel = torch.from_numpy(raw[f"{number}CNN/kernel"]).permute(3, 2, 0, 1)
        x = F.conv2d(x, kernel, torch.from_numpy(raw[f"{number}CNN/bias"]), padding="same").relu()
        x = F.max_pool2d(normed(x, f"batch_normalization_{number}"), window, stride)
        yield x


def test_every_unit_gives_what_the_published_network_gives(index):
    network = build("musicnn_vgg", (96, 187), 10, seed=0).eval()
    apply_base(network, in_our_names(read_state(index), convert), {"source": "musicnn"})
    pictures = 3 * torch.rand(2, 187, 96, generator=torch.Generator().manual_seed(0))
    x = pictures.transpose(1, 2)[:, None]
    with torch.no_grad():
        for unit, expected in enumerate(published_activations(read_bundle(index), pictures)):
            x = network.run(x, unit, unit + 1)
            assert torch.allclose(x.transpose(2, 3), expected, atol=1e-4 * float(expected.abs().max()))
        assert x.shape == (2, 128, 1, 2)
        assert torch.allclose(network.pool(x), expected.mean((2, 3)), atol=1e-4 * float(expected.abs().max()))


def test_the_body_is_all_that_the_checkpoint_has(index):
    body = in_our_names(read_state(index), convert)
    network = build("musicnn_vgg", (96, 187), 10, seed=0)
    own = {name for name in network.state_dict() if not name.startswith("head.") and "num_batches" not in name}
    assert set(body) == own
    # What backbones.md counts, less the layer of 50 tags.
    assert sum(tensor.numel() for tensor in body.values()) == 607_030 - 50 * 257
    assert convert(body) == body, "our own names pass through"


def test_other_lengths_fit_and_too_small_pictures_are_refused():
    assert build("musicnn_vgg", (96, 313), 3, seed=0)(torch.rand(1, 1, 96, 313)).shape == (1, 3)
    assert build("musicnn_vgg", (63, 66), 3, seed=0)(torch.rand(1, 1, 63, 66)).shape == (1, 3)
    for shape in [(62, 187), (96, 65), (16000,)]:
        with pytest.raises(PermafrostError, match="at least 63 x 66"):
            build("musicnn_vgg", shape, 3, seed=0)


def test_the_recipe_reads_what_the_weights_were_trained_on(index):
    text = (Path(__file__).parents[2] / "conf/model/musicnn_vgg.yaml").read_text(encoding="utf-8")
    given = {name: value for name, value in parse(text, "musicnn_vgg.yaml").items() if name != "defaults"}
    recipe = validate(Recipe, given, "models.music")
    assert input_rate(recipe.input, recipe, recipe.backbone, 44100, "models.music") == 16000
    shape = PictureMaker(recipe.input, 44100, 5 * 44100).shape
    assert shape == (2, 96, 187)
    if index.parent.name == "MSD_vgg":
        state, about = base_of(recipe, recipe.backbone, "models.music")
        assert about["sha256"] == recipe.weights_sha256
        apply_base(build(recipe.backbone, shape, 10, seed=0), state, about)
