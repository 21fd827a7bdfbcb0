"""Clips of several inputs: outputs are averaged, whatever is frozen or cached."""

import numpy as np
import pytest
import torch

from permafrost.models.building import build
from permafrost.transfer.examples import Preparation, make_examples
from tests.transfer.cells import same, small_cell

SUBSETS = ["train"] * 16 + ["valid"] * 8 + ["test"] * 8
LABELS = ["a", "b", "c", "d"] * 8


@pytest.fixture(scope="module")
def chunked():
    pictures = np.random.default_rng(0).standard_normal((32, 3, 20, 24)).astype(np.float32)
    return make_examples(pictures, LABELS, SUBSETS)


@pytest.mark.parametrize("backbone", ["strip_vit", "resnet20"])
def test_a_clips_logits_are_the_mean_of_its_chunks(backbone):
    network, plain = build(backbone, (3, 20, 24), 4, seed=0).eval(), build(backbone, (20, 24), 4, seed=0).eval()
    rows = torch.rand(2, 3, 20, 24)
    x = Preparation(network, "none", torch.device("cpu"), channels_last=True)(rows)
    assert x.shape == (2, 3, network.input_channels, 20, 24)
    with torch.no_grad():
        logits = network(x)
        expected = torch.stack([plain(Preparation(plain, "none", torch.device("cpu"))(row)).mean(0) for row in rows])
        assert torch.allclose(logits, expected, atol=1e-5)
        for cut in range(len(network.units) + 1):
            between = network.run(x, 0, cut)
            assert between.shape[:2] == (2, 3)
            rest = network.run(between, cut, len(network.units))
            assert torch.equal(network.head(network.pooled(rest)), logits)


@pytest.mark.parametrize("freeze", ["stem", 0.5, 0.9])
def test_the_cache_changes_nothing(chunked, freeze):
    cells = [small_cell(chunked, freeze=freeze, runtime={"cache_prefix": cache}) for cache in (True, False)]
    assert cells[0].metrics["prefix_cached"] and not cells[1].metrics["prefix_cached"]
    assert same(*cells)
    assert cells[0].network.origin.input_shape == (3, 20, 24)


def test_all_chunks_of_a_clip_are_augmented(chunked):
    augment = {"time_mask": 5, "freq_mask": 5, "views": 2}
    cells = [
        small_cell(chunked, freeze="stem", training={"augment": augment}, runtime={"cache_prefix": cache})
        for cache in (True, False)
    ]
    assert same(*cells)
    assert not same(cells[0], small_cell(chunked, freeze="stem"))
