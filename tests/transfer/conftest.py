import numpy as np
import pytest

from permafrost.transfer.examples import make_examples


@pytest.fixture(autouse=True)
def always_one_thread(one_thread):
    """Bits do not depend on what else runs."""


@pytest.fixture
def examples():
    """60 pictures of 16 x 24 in three classes that differ in the height of a bright band; 37 train, 11 valid, 12 test.

    37 is no multiple of the tests' batch size: the last batch is short, as in life.
    """
    draw = np.random.default_rng(0)
    labels = [("high", "low", "mid")[clip % 3] for clip in range(60)]
    pictures = draw.random((60, 16, 24), dtype=np.float32)
    for picture, label in zip(pictures, labels, strict=True):
        picture[{"low": 2, "mid": 8, "high": 13}[label]] += 0.7
    subsets = ["train"] * 37 + ["valid"] * 11 + ["test"] * 12
    return make_examples(pictures / pictures.max(), labels, subsets)
