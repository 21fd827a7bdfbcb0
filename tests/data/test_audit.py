import io
import json

import numpy as np
import pytest
import soundfile

from permafrost.data import fingerprints
from permafrost.data.audit import audit, warnings
from permafrost.data.fingerprints import near_duplicates
from permafrost.data.tables import ClipRow, SplitRow
from permafrost.readers import audio

RATE = 8000


def music(seed, seconds=1.0):
    """A few decaying notes over some noise: int16 [samples]."""
    draw = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    sound = draw.normal(scale=0.01, size=len(time))
    for start, pitch in zip(draw.uniform(0, seconds, 8), draw.uniform(100, 2000, 8), strict=True):
        sound += (time > start) * np.exp(-8 * (time - start).clip(0)) * np.sin(2 * np.pi * pitch * time)
    return np.round(sound / np.abs(sound).max() * 20_000).astype(np.int16)


def found_in(waveforms):
    return near_duplicates(waveforms.__getitem__, len(waveforms), audio.fingerprint)


def another_take(seed, detune=1.004):
    """The notes of ``music(seed)`` a little sharper: a like fingerprint, another waveform."""
    sound = music(seed, 1.1)
    return np.interp(np.arange(RATE) * detune, np.arange(len(sound)), sound).astype(np.int16)


def through_mp3(sound):
    file = io.BytesIO()
    soundfile.write(file, sound, RATE, format="MP3")
    file.seek(0)
    back, _ = soundfile.read(file, dtype="int16")
    return np.resize(back, len(sound))


COPIES = {
    "half as loud": lambda sound: (sound // 2).astype(np.int16),
    "polarity inverted": lambda sound: -sound,
    "with noise at -30 dB": lambda sound: (
        sound + np.random.default_rng(0).normal(scale=sound.std() * 10**-1.5, size=len(sound))
    ).astype(np.int16),
    "5 ms later": lambda sound: np.roll(sound, 40),
    "through MP3": through_mp3,
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_altered_copies_are_found_and_nothing_else(copy):
    waveforms = np.stack([music(seed) for seed in range(30)] + [copy(music(7))])
    found = found_in(waveforms)
    assert [(first, second) for first, second, _ in found] == [(7, 30)]
    assert found[0][2] > fingerprints.SAME


def test_another_take_of_the_same_notes_is_no_near_duplicate():
    sound = music(7, 1.1)[:RATE]
    waveforms = np.stack([music(seed) for seed in range(30)] + [sound, another_take(7)])
    prints = fingerprints.fingerprints(waveforms.__getitem__, len(waveforms), audio.fingerprint)
    assert prints[30] @ prints[31] > fingerprints.ALIKE
    assert found_in(waveforms) == []


def test_equal_and_silent_clips_are_no_near_duplicates():
    silence = np.zeros(RATE, np.int16)
    waveforms = np.stack([music(1), music(1), silence, silence, music(2)])
    assert found_in(waveforms) == []


def test_blocks_of_the_comparison_miss_no_pair(monkeypatch):
    monkeypatch.setattr(fingerprints, "BLOCK", 4)
    waveforms = np.stack([music(seed) for seed in range(10)] + [music(seed) // 2 for seed in range(10)])
    assert [pair[:2] for pair in found_in(waveforms)] == [(seed, seed + 10) for seed in range(10)]


def test_too_many_clips_are_not_compared(monkeypatch):
    monkeypatch.setattr(fingerprints, "MOST_CLIPS", 3)
    assert found_in(np.zeros((4, 100), np.int16)) is None


def test_clips_shorter_than_the_window():
    waveforms = np.stack([music(1, 0.05), music(2, 0.05), music(1, 0.05) // 2])
    assert [pair[:2] for pair in found_in(waveforms)] == [(0, 2)]


def clip(name, label, group=""):
    return ClipRow(name, f"{name}.wav", label, group, "", 1.0, RATE)


@pytest.fixture
def findings():
    clips = [clip("a1", "a", "ann"), clip("a2", "a", "ann"), clip("a3", "a"), clip("b1", "b", "bob"), clip("b2", "b")]
    # a1 and b1 are one file; a2 and b2 are one recording.
    waveforms = np.stack([music(1), music(2), music(3), music(1), music(2) // 2])
    subsets = {0: ["train", "train", "test", "train", "train"], 1: ["train", "test", "valid", "test", None]}
    rows = [
        SplitRow(clips[index].clip_id, repeat, subset)
        for repeat, own in subsets.items()
        for index, subset in enumerate(own)
        if subset
    ]
    return audit(clips, rows, waveforms.__getitem__, audio.fingerprint)


def test_the_audit_counts_clips_classes_and_groups(findings):
    assert (findings["clips"], findings["classes"], findings["groups"]) == (5, {"a": 3, "b": 2}, 2)
    assert findings["clips_without_group"] == 2
    first, second = findings["repeats"]
    assert first["clips"] == {"train": 4, "valid": 0, "test": 1} and first["unused"] == 0
    assert first["classes"]["train"] == {"a": 2, "b": 2}
    assert second["clips"] == {"train": 1, "valid": 1, "test": 2} and second["unused"] == 1
    assert second["groups"] == {"train": 1, "valid": 0, "test": 2}


def test_the_audit_finds_duplicates_and_what_crosses_subsets(findings):
    assert findings["duplicates"] == [{"clips": ["a1", "b1"], "labels": ["a", "b"]}]
    assert [entry["clips"] for entry in findings["near_duplicates"]] == [["a2", "b2"]]
    first, second = findings["repeats"]
    assert first["duplicates_across_subsets"] == [] and first["groups_across_subsets"] == []
    # b2 is in no subset of the second repeat: its recording stands in test alone.
    assert second["duplicates_across_subsets"] == [["a1", "b1"]]
    assert second["groups_across_subsets"] == ["ann"]


def test_warnings_say_what_to_look_at(findings):
    lines = warnings(findings)
    assert len(lines) == 3
    assert "labels a and b: a1, b1" in lines[0]
    assert "repeat 1" in lines[1] and "a1, b1" in lines[1]
    assert "repeat 1" in lines[2] and "'ann'" in lines[2]


def test_the_audit_is_plain_json(findings):
    assert json.loads(json.dumps(findings)) == findings
