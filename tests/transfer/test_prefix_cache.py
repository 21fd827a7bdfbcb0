"""The cache changes speed alone: the same losses, probabilities and weights as the plain loop."""

import numpy as np
import pytest
import torch

from permafrost.transfer.batches import CachedSource
from tests.transfer.cells import same, small_cell

PLAIN = {"cache_prefix": False}


def no_short_batch(examples):
    """The same examples with 32 training clips, so that every batch of 8 is full."""
    rows = examples.rows | {"train": examples.rows["train"][:32], "valid": examples.rows["valid"][:8]}
    rows["test"] = rows["test"][:8]
    return type(examples)(examples.inputs, examples.labels, examples.classes, rows)


@pytest.mark.parametrize("backbone", ["strip_vit", "resnet20"])
@pytest.mark.parametrize("freeze", ["stem", 0.5])
def test_cached_is_plain_to_the_bit_where_batches_are_full(examples, backbone, freeze):
    full = no_short_batch(examples)
    cached, plain = small_cell(full, backbone, freeze), small_cell(full, backbone, freeze, runtime=PLAIN)
    assert cached.metrics["prefix_cached"] and not plain.metrics["prefix_cached"]
    assert cached.metrics["prefix_bytes"] > 0 and plain.metrics["prefix_bytes"] == 0
    assert same(cached, plain)


@pytest.mark.parametrize("backbone", ["strip_vit", "resnet20"])
def test_a_head_on_cached_embeddings_is_the_plain_loop_s_to_the_bit(examples, backbone):
    """Its steps are written out; only the reported training loss is summed in another order."""
    full = no_short_batch(examples)
    cached, plain = small_cell(full, backbone, "all"), small_cell(full, backbone, "all", runtime=PLAIN)
    for one, other in zip(cached.fitted.history, plain.fitted.history, strict=True):
        assert one.pop("train_loss") == pytest.approx(other.pop("train_loss"), abs=1e-6)
    assert same(cached, plain)


@pytest.mark.parametrize("backbone", ["strip_vit", "resnet20"])
def test_short_batches_differ_by_rounding_alone(examples, backbone):
    """A kernel may round differently for a batch of another size: that, and only that, is left."""
    cached, plain = small_cell(examples, backbone, 0.5), small_cell(examples, backbone, 0.5, runtime=PLAIN)
    for one, other in zip(cached.fitted.history, plain.fitted.history, strict=True):
        assert one["train_loss"] == pytest.approx(other["train_loss"], abs=1e-6)


def test_a_cache_beyond_its_budget_is_a_file_with_the_same_result(examples, tmp_path, monkeypatch):
    made = []
    allocate = CachedSource._allocate

    def spy(self, shape, like, budget_bytes, folder):
        tensor = allocate(self, shape, like, budget_bytes, folder)
        made.append(self._file)
        return tensor

    monkeypatch.setattr(CachedSource, "_allocate", spy)
    in_memory = small_cell(examples, freeze=0.5)
    on_disk = small_cell(examples, freeze=0.5, machine={"cache_gigabytes": 0.0})
    assert made[0] is None and made[1] is not None
    assert same(in_memory, on_disk)


def test_augmented_inputs_are_not_cached_but_views_are(examples):
    augment = {"time_mask": 6, "freq_mask": 4, "time_shift": 3}
    fresh = small_cell(examples, freeze=0.5, training={"augment": augment})
    assert not fresh.metrics["prefix_cached"]
    full = no_short_batch(examples)
    views = {"augment": augment | {"views": 2}, "epochs": 4}
    cached = small_cell(full, freeze=0.5, training=views)
    assert cached.metrics["prefix_cached"]
    assert same(cached, small_cell(full, freeze=0.5, training=views, runtime=PLAIN))


def test_every_view_is_another_picture_and_evaluation_is_clean(examples):
    augment = {"time_mask": 6, "freq_mask": 4, "time_shift": 3, "views": 2}
    cell = small_cell(examples, freeze="all", training={"augment": augment, "epochs": 1})
    clean = small_cell(examples, freeze="all", training={"epochs": 1})
    size = {"plain": 60, "views": 60 + 2 * 37}
    assert cell.metrics["prefix_bytes"] / clean.metrics["prefix_bytes"] == size["views"] / size["plain"]


def test_the_cache_holds_the_prefix_s_output(examples):
    cell = small_cell(examples, freeze="all", training={"epochs": 1})
    with torch.no_grad():
        pictures = torch.from_numpy(examples.inputs)[examples.rows["test"]][:, None]
        logits = cell.network.eval()(pictures)
    assert np.allclose(cell.probabilities["test"], logits.double().softmax(1).numpy(), atol=1e-6)
