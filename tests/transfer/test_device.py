import pytest
import torch

from permafrost.models.building import build
from permafrost.transfer.batches import CachedSource
from permafrost.transfer.cell import Prepared
from permafrost.transfer.device import choose_placement
from permafrost.transfer.recipe import Machine, Runtime
from tests.transfer.cells import a_cell, same, small_cell

CPU = Machine(device="cpu")


@pytest.mark.parametrize(
    ("backbone", "fp32", "bf16"),
    [
        ("efficientnet_lite0", True, True),
        ("timm:test_efficientnet", True, True),
        ("resnet20", False, True),  # keeps its digits
        ("strip_vit", False, False),  # one convolution, of patches
    ],
)
def test_in_fp32_on_a_cpu_grouped_convolutions_alone_change_the_layout(backbone, fp32, bf16):
    network = build(backbone, (16, 24), 3, seed=0)
    for precision, expected in (("fp32", fp32), ("bf16", bf16)):
        placement = choose_placement(Runtime(precision=precision), CPU, network)
        assert placement.channels_last == expected
    choose_placement(Runtime(precision="fp32"), CPU, network).place(network)
    kernels = [p for p in network.parameters() if p.ndim == 4 and p.shape[1] > 1]
    assert all(p.is_contiguous() != fp32 for p in kernels if p.shape[2] > 1)  # 1 x 1 is both


@pytest.mark.parametrize("gigabytes", [1.0, 0.0])
def test_cached_activations_keep_the_layout_of_the_convolutions(examples, gigabytes):
    """Or the first cached layer would be computed in another one than without a cache: slower, in other digits."""
    cell = a_cell(examples, "timm:test_efficientnet", 0.5, machine={"cache_gigabytes": gigabytes})
    trainer = Prepared(cell).trainer(1e-3)
    source = trainer.source
    assert isinstance(source, CachedSource)
    batch = source.batch(examples.rows["train"][:8], 0)
    assert batch.is_contiguous(memory_format=torch.channels_last) and not batch.is_contiguous()


def test_a_depthwise_network_trained_from_a_cache_is_the_same(examples):
    rows = {name: members[: {"train": 32}.get(name, 8)] for name, members in examples.rows.items()}
    full = type(examples)(examples.inputs, examples.labels, examples.classes, rows)
    cached, plain = (
        small_cell(full, "efficientnet_lite0", 0.5, training={"epochs": 1}, runtime={"cache_prefix": kept})
        for kept in (True, False)
    )
    assert cached.metrics["prefix_cached"] and not plain.metrics["prefix_cached"] and same(cached, plain)
