import numpy as np
import pytest
import soundfile

from permafrost.audio.decoding import decode
from permafrost.audio.preprocessing import Kept, Recording, Rejection, preprocess
from permafrost.audio.rejection import Rejected
from permafrost.audio.settings import Preprocess

RATE = 8000


@pytest.fixture
def three_seconds(tmp_path):
    def write(ending="wav"):
        path = tmp_path / f"long.{ending}"
        soundfile.write(path, 0.3 * np.sin(np.arange(3 * RATE) ** 1.3), RATE)
        return path

    return write


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (0.25, 0.75), (2.5, 3.0), (1.5, None), (2.0, 3.04)])
def test_a_segment_is_its_part_of_the_file(three_seconds, ending, start, end):
    path = three_seconds(ending)
    whole, part = decode(path), decode(path, start=start, end=end)
    expected = whole.samples[round(start * RATE) : None if end is None else round(end * RATE)]
    assert part.seconds == len(expected) / RATE == min(end or 3.0, 3.0) - start
    np.testing.assert_allclose(part.samples, expected, atol=1e-4)


@pytest.mark.parametrize(("crop", "first"), [("start", 0.5), ("center", 1.0)])
def test_a_segment_is_cropped_as_a_file_is(three_seconds, crop, first):
    path = three_seconds()
    part = decode(path, clip_seconds=1.0, crop=crop, start=0.5, end=2.5)
    assert part.seconds == 2.0
    np.testing.assert_array_equal(part.samples, decode(path).samples[round(first * RATE) :][:RATE])


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (0.0, 3.5, "no such segment: from 0 s to 3.5 s, in a file of 3 s"),
        (4.0, None, "no such segment: from 4 s to the end, in a file of 3 s"),
        (1e300, None, "no such segment: from 1e\\+300 s to the end, in a file of 3 s"),
        (0.0, float("inf"), "no such segment: from 0 s to inf s, in a file of 3 s"),
        (1.0, 1.0, "no such segment: from 1 s to 1 s"),
        (2.0, 1.0, "no such segment: from 2 s to 1 s"),
        (-1.0, 1.0, "no such segment: from -1 s to 1 s"),
        (float("nan"), None, "no such segment: from nan s"),
        (1.0, 1.05, "too short: 0.05 s"),
    ],
)
def test_a_segment_that_is_not_in_the_file_is_rejected_with_both(three_seconds, start, end, reason):
    with pytest.raises(Rejected, match=f"^{reason}"):
        decode(three_seconds(), min_seconds=0.1, start=start, end=end)


def test_segments_of_one_file_become_rows(three_seconds, tmp_path):
    path = three_seconds()
    recordings = [Recording(path.name, 0.5, 1.0), Recording(path.name, 9.0, 10.0), Recording(path.name, 1.0)]
    outcomes = preprocess(tmp_path, recordings, Preprocess(sample_rate=RATE, clip_seconds=1.0), tmp_path / "w.npy", 1)
    assert outcomes[0] == Kept(0.5, RATE) and isinstance(outcomes[1], Rejection) and outcomes[2] == Kept(2.0, RATE)
    samples = soundfile.read(path, dtype="int16")[0]
    np.testing.assert_array_equal(np.load(tmp_path / "w.npy")[1], samples[RATE : 2 * RATE])
