import numpy as np
import pytest
import soundfile

from permafrost.audio.decoding import decode
from permafrost.audio.mixing import ONE_TAKEN, SILENT_LEFT_OUT, mixed

RATE = 8000
DRAW = np.random.default_rng(0)
A, B, C = 0.3 * DRAW.standard_normal((3, RATE)).clip(-3, 3).astype(np.float32)


def mix(*channels):
    return mixed(np.stack(channels, axis=1))


@pytest.mark.parametrize(
    "channels", [(A,), (A, A), (A, B), (A, 0.05 * B), (A, B, C), (A, 0.6 * A + 0.3 * B), (A, -0.5 * A + 0.8 * B)]
)
def test_the_mix_is_the_mean(channels):
    mono, remark = mix(*channels)
    np.testing.assert_allclose(mono, np.mean(channels, axis=0), atol=1e-6)
    assert remark == ""


@pytest.mark.parametrize(
    ("channels", "expected"),
    [((A, 0 * A), A), ((0 * A, A), A), ((A, 1e-4 * B), A), ((A, 0 * A + 0.5), A), ((A, B, 0 * A), (A + B) / 2)],
)
def test_silent_channels_take_no_level_away(channels, expected):
    mono, remark = mix(*channels)
    np.testing.assert_allclose(mono, expected, atol=1e-6)
    assert remark == SILENT_LEFT_OUT


@pytest.mark.parametrize(
    ("channels", "expected"),
    [((A, -A), A), ((A, -A + 0.05 * B), None), ((0.8 * A, -A), -A), ((A, -A, 0 * A), A), ((A, -A, B, -B), None)],
)
def test_channels_that_cancel_give_the_loudest_of_them(channels, expected):
    mono, remark = mix(*channels)
    loudest = max(channels, key=np.var) if expected is None else expected
    np.testing.assert_allclose(mono, loudest, atol=1e-6)
    assert remark == ONE_TAKEN


def test_a_files_channels_are_mixed_in_its_own_numbers(tmp_path):
    stereo = np.array([[0.5, 0.25], [-1.0, 0.0], [32767 / 32768, 32767 / 32768]] * 400)
    for options in ({}, {"subtype": "FLOAT"}):
        soundfile.write(tmp_path / "a.wav", stereo, RATE, **options)
        np.testing.assert_array_equal(decode(tmp_path / "a.wav").samples, stereo.mean(axis=1).astype(np.float32))
    soundfile.write(tmp_path / "a.flac", np.stack([A, -A], axis=1), RATE)
    assert decode(tmp_path / "a.flac").remarks == (ONE_TAKEN,)


def test_digital_silence_and_what_is_not_finite_stay_what_they_are():
    assert not mix(0 * A, 0 * A)[0].any() and mix(0 * A, 0 * A)[1] == ""
    for bad in (np.nan, np.inf):
        assert not np.isfinite(mix(A, np.where(np.arange(RATE) == 7, np.float32(bad), B))[0]).all()
