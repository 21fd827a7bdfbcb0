import numpy as np
import pytest
import torch

from permafrost.errors import PermafrostError
from permafrost.transfer.examples import make_examples
from tests.transfer.cells import small_cell

RATE = 22050


@pytest.fixture
def waves():
    """24 clips of 0.4 s, tones that are low, mid or high."""
    draw = np.random.default_rng(0)
    time = np.arange(int(0.4 * RATE)) / RATE
    labels = [("high", "low", "mid")[clip % 3] for clip in range(24)]
    pitch = {"low": 300, "mid": 1200, "high": 4000}
    clips = [np.sin(2 * np.pi * pitch[label] * time) + 0.1 * draw.standard_normal(len(time)) for label in labels]
    return make_examples(
        (8000 * np.stack(clips)).astype(np.int16), labels, ["train"] * 15 + ["valid"] * 3 + ["test"] * 6
    )


def cell(waves, **augment):
    return small_cell(
        waves, "cnn", training={"augment_waveform": augment, "epochs": 2, "batch_size": 4}, sample_rate=RATE
    )


def test_training_on_crops_evaluates_by_the_mean_over_chunks(waves):
    outcome = cell(waves, crop_seconds=0.15)
    network = outcome.network.eval()
    assert network.origin.input_shape == (round(0.15 * RATE),)
    length, samples = round(0.15 * RATE), waves.inputs.shape[1]
    x = torch.from_numpy(waves.inputs[waves.rows["test"].numpy()]).float() / 32768
    starts = [0, round((samples - length) / 2), samples - length]
    with torch.no_grad():
        each = [network(x[:, start : start + length]).double().softmax(1) for start in starts]
    assert np.allclose(outcome.probabilities["test"], torch.stack(each).mean(0).numpy(), atol=1e-6)


def test_nothing_augmented_is_the_plain_cell(waves):
    plain = small_cell(waves, "cnn", training={"epochs": 2, "batch_size": 4})
    assert cell(waves).fitted.history == plain.fitted.history
    assert cell(waves, noise=1.0).fitted.history != plain.fitted.history


def test_augmented_cells_repeat_to_the_bit(waves):
    settings = {"crop_seconds": 0.3, "noise": 0.5, "gain": 0.5, "filter": 0.3, "low_pass_hz": (2000, 3000)}
    first, second = cell(waves, **settings), cell(waves, **settings)
    assert first.fitted.history == second.fitted.history
    assert np.array_equal(first.probabilities["test"], second.probabilities["test"])


def test_a_crop_longer_than_the_clips_is_refused(waves):
    with pytest.raises(PermafrostError, match=r"crop_seconds: got 1, expected at most 0\.4"):
        cell(waves, crop_seconds=1.0)
