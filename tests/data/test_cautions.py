import numpy as np
import pytest

from permafrost.data.cautions import cautions, facts
from permafrost.data.tables import ClipRow, SplitRow

RATE = 8000


def clips_of(**classes):
    """``a=(10, 1.0, 8000)``: ten clips of class a, one second long, from files of 8 kHz."""
    return [
        ClipRow(f"{label}/{number}", f"{label}/{number}.wav", label, "", "", seconds, rate)
        for label, (count, seconds, rate) in classes.items()
        for number in range(count)
    ]


def found_in(clips, waveforms=None, tested=5, clip_seconds=1.0, repeats=1, remarks=()):
    """Facts where the first ``tested`` clips of each class are the test set of each repeat."""
    rows = [
        SplitRow(clip.clip_id, repeat, "test" if int(clip.clip_id.split("/")[1]) < tested + repeat else "train")
        for clip in clips
        for repeat in range(repeats)
    ]
    sound = np.full((len(clips), RATE), 1000, np.int16) if waveforms is None else waveforms
    return facts(clips, rows, sound.__getitem__, RATE, clip_seconds, remarks)


def test_even_data_of_one_length_and_rate_needs_no_caution():
    found = found_in(clips_of(a=(10, 1.0, RATE), b=(10, 1.0, 2 * RATE), c=(10, 0.99, RATE)))
    assert cautions(found) == []
    assert found["seconds"]["c"] == {"min": 0.99, "median": 0.99, "max": 0.99}
    assert found["sample_rates"] == {"8000": 20, "16000": 10}
    assert (found["padded"]["clips"], found["cropped"]["clips"]) == (10, 0)


def test_sound_that_is_cut_off_is_counted_in_seconds():
    found = found_in(clips_of(a=(10, 4.0, RATE), b=(10, 1.0, RATE)))
    assert found["cropped"] == {"clips": 10, "lost": 0.6}
    assert cautions(found) == [
        "60% of the sound is cut off: 10 of 20 recordings are longer than preprocess.clip_seconds 1"
    ]


def test_zeros_that_models_read_and_lengths_that_tell_classes_apart():
    found = found_in(clips_of(a=(10, 0.2, RATE), b=(10, 3.0, RATE)), clip_seconds=2.0)
    assert found["padded"] == {"clips": 10, "zeros": 0.45}
    zeros, length = (line for line in cautions(found) if "cut off" not in line)
    assert zeros.startswith("45% of what models read are zeros: 10 of 20 recordings are shorter")
    assert length.startswith("length tells classes apart: the median is 0.2 s in 'a' and 3 s in 'b'")
    assert not any("length" in line for line in cautions(found_in(clips_of(a=(10, 1.0, RATE), b=(10, 9.0, RATE)))))


def test_recordings_below_the_target_rate_are_counted_by_class():
    (line,) = cautions(found_in(clips_of(a=(10, 1.0, 4000), b=(10, 1.0, RATE))))
    assert line.startswith("10 of 20 recordings have a sample rate below preprocess.sample_rate 8000")
    assert line.endswith("nothing above half of their own; by class: 'a' 10")
    (line,) = cautions(found_in(clips_of(a=(10, 1.0, 4000), b=(10, 1.0, 6000))))
    assert line.startswith("20 of 20") and "by class" not in line


def test_clipping_is_judged_in_the_sound_and_not_in_the_padding():
    clips = clips_of(a=(10, 1.0, RATE), b=(10, 0.5, RATE))
    waveforms = np.full((20, RATE), 1000, np.int16)
    waveforms[:, 5] = 32767  # one sample at full scale is a peak, no clipping
    waveforms[12, : RATE // 4] = -32768
    found = found_in(clips, waveforms)
    assert found["clipped"] == {"clips": 1, "worst": "b/2", "share": pytest.approx(0.5, abs=1e-3)}
    assert cautions(found)[-1] == "1 of 20 clips are clipped, 'b/2' in 50.0% of its samples"


def test_a_few_clips_clipped_a_little_need_no_caution():
    waveforms = np.full((20, RATE), 1000, np.int16)
    waveforms[0, : RATE // 100] = 32767
    clips = clips_of(a=(20, 1.0, RATE), b=(20, 1.0, RATE))
    found = found_in(clips, np.concatenate([waveforms, waveforms[1:], waveforms[1:2]]))
    assert found["clipped"] == {"clips": 1, "worst": "a/0", "share": 0.01} and cautions(found) == []


def test_uneven_classes_and_few_test_clips():
    found = found_in(clips_of(a=(60, 1.0, RATE), b=(20, 1.0, RATE), c=(3, 1.0, RATE)), repeats=2)
    assert found["majority"] == {"label": "a", "share": 0.7229}
    assert found["few_test_clips"] == {"c": 3}
    uneven, few = cautions(found)
    assert uneven.startswith("classes are uneven: always answering 'a' is right for 72% of the clips; read macro F1")
    assert few == "fewer than 5 test clips, too few for a claim by class: 'c' 3"
    assert found_in(clips_of(a=(10, 1.0, RATE), b=(10, 1.0, RATE)), tested=4, repeats=2)["few_test_clips"] == {
        "a": 4,
        "b": 4,
    }


def test_what_decoding_remarked_is_said_once_with_the_first_recordings():
    remarks = [(f"a/{number}.wav", "divided by 32768") for number in range(5)] + [("b/0.wav", "mended")]
    found = found_in(clips_of(a=(10, 1.0, RATE), b=(10, 1.0, RATE)), remarks=remarks)
    assert len(found["remarks"]["divided by 32768"]) == 5
    assert cautions(found) == [
        "5 recordings: divided by 32768; a/0.wav, a/1.wav, a/2.wav, ...",
        "1 recording: mended; b/0.wav",
    ]
