import numpy as np
import pytest
import soundfile

from permafrost.audio.decoding import decode
from permafrost.audio.float_range import DIVIDED
from permafrost.audio.rejection import Rejected

RATE = 8000
QUIET_THEN_LOUD = np.concatenate([np.full(RATE, 0.5), np.full(RATE, 1.0)]) * np.sin(np.arange(2 * RATE) ** 1.2)


@pytest.fixture
def heard(tmp_path):
    def write_and_decode(samples, subtype="FLOAT", **options):
        path = tmp_path / "a.wav"
        soundfile.write(path, samples, RATE, subtype)
        return decode(path, **options)

    return write_and_decode


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("peak", [129, 10_000, 32_768])
def test_floats_that_are_16_bit_integers_are_divided_and_that_is_said(heard, subtype, peak):
    numbers = np.rint(-peak * QUIET_THEN_LOUD / np.abs(QUIET_THEN_LOUD).max())
    sound = heard(numbers, subtype)
    np.testing.assert_array_equal(sound.samples, (numbers / 32768).astype(np.float32))
    assert sound.remarks == (DIVIDED,)


def test_the_whole_file_decides_whatever_part_is_wanted(heard):
    numbers = np.rint(20_000 * QUIET_THEN_LOUD)
    numbers[:RATE] = np.sign(numbers[:RATE])
    assert np.abs(heard(numbers, clip_seconds=1.0, silence_dbfs=-100).samples).max() == np.float32(1 / 32768)
    assert heard(numbers, start=0.5, end=1.5).remarks == (DIVIDED,)


@pytest.mark.parametrize(
    "samples",
    [
        9830.1 * QUIET_THEN_LOUD,  # 16-bit integers' range, but no integers
        np.rint(100 * QUIET_THEN_LOUD),  # 8 bits, or a faint 16
        np.rint(8e6 * QUIET_THEN_LOUD),  # 24 bits, or a faint 32
        1e30 * QUIET_THEN_LOUD,
    ],
)
def test_a_range_that_could_be_several_is_rejected_with_the_peak(heard, samples):
    with pytest.raises(Rejected, match=r"^float samples reach [\d.e+]+, where 1 is full scale.*divide them"):
        heard(samples)


@pytest.mark.parametrize("peak", [0.5, 1.0, 1.7, 3.9])
def test_float_files_may_exceed_full_scale_a_little(heard, peak):
    samples = peak * QUIET_THEN_LOUD / np.abs(QUIET_THEN_LOUD).max()
    sound = heard(samples)
    np.testing.assert_array_equal(sound.samples, samples.astype(np.float32))
    assert sound.remarks == ()
