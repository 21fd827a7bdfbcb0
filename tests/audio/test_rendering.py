import numpy as np
import pytest
import soxr

from permafrost.audio.inputs import LogMel, Rendered, Waveform
from permafrost.audio.logmel import LogMelTransform
from permafrost.audio.rendering import render
from permafrost.audio.samples import as_float32, as_int16
from permafrost.errors import PermafrostError
from permafrost.settings import validate

RATE = 8000


@pytest.fixture
def waveforms(tmp_path):
    """A file of 20 clips of one second."""
    draw = np.random.default_rng(0)
    rows = (draw.standard_normal((20, RATE)) * draw.uniform(100, 5000, (20, 1))).astype(np.int16)
    np.save(tmp_path / "waveforms.npy", rows)
    return tmp_path / "waveforms.npy"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "inputs/x.npy"


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("size", [(32, 48), None])
def test_a_row_is_the_image_of_its_clip(waveforms, out, workers, size):
    settings = LogMel(size=size, n_mels=40, n_fft=512, hop_length=128)
    render(waveforms, RATE, settings, out, workers)
    images = np.load(out)
    transform = LogMelTransform(settings, RATE, RATE)
    assert images.dtype == np.float32
    assert images.shape == (20, *(size or (40, 63)))
    for waveform, image in zip(np.load(waveforms), images, strict=True):
        transform.waveform[:] = waveform
        np.testing.assert_array_equal(image, transform())
    assert (images.min(), images.max()) == (0, 1)
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("sample_rate", [None, RATE])
def test_waveforms_at_their_own_rate_are_copied(waveforms, out, sample_rate):
    render(waveforms, RATE, Waveform(sample_rate=sample_rate), out)
    assert out.read_bytes() == waveforms.read_bytes()


@pytest.mark.parametrize("rate", [4000, 11025])
def test_waveforms_at_another_rate_are_resampled(waveforms, out, rate):
    render(waveforms, RATE, Waveform(sample_rate=rate), out)
    resampled = np.load(out)
    assert resampled.dtype == np.int16
    assert resampled.shape == (20, rate)
    expected = as_int16(soxr.resample(as_float32(np.load(waveforms)[3]), RATE, rate))
    np.testing.assert_array_equal(resampled[3], expected)


def test_an_array_of_another_kind_is_refused(tmp_path, out):
    np.save(tmp_path / "w.npy", np.zeros((3, 100), np.float32))
    with pytest.raises(PermafrostError, match=r"w\.npy: got float32 .* expected int16"):
        render(tmp_path / "w.npy", RATE, LogMel(), out)
    with pytest.raises(PermafrostError, match=r"none\.npy does not exist"):
        render(tmp_path / "none.npy", RATE, LogMel(), out)


def test_settings_that_do_not_fit_leave_what_was_there(waveforms, out):
    render(waveforms, RATE, Waveform(), out)
    before = out.read_bytes()
    with pytest.raises(PermafrostError, match="fmax 5000"):
        render(waveforms, RATE, LogMel(fmax=5000), out)
    assert out.read_bytes() == before
    assert list(out.parent.iterdir()) == [out]


def test_a_recipes_input_is_told_by_its_kind():
    assert validate(Rendered, {"input": {"kind": "waveform"}}, "models.x").input == Waveform()
    assert validate(Rendered, {"input": {"kind": "logmel", "size": [8, 9]}}, "models.x").input.size == (8, 9)


@pytest.mark.parametrize(
    ("values", "message"),
    [({"kind": "mfcc"}, "models.x.input"), ({}, "models.x.input"), ({"kind": "waveform", "n_mels": 3}, "n_mels")],
)
def test_an_input_of_no_kind_names_the_key(values, message):
    with pytest.raises(PermafrostError, match=message):
        validate(Rendered, {"input": values}, "models.x")
