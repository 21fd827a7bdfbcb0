import dataclasses
import wave

import numpy as np
import pytest

from permafrost.audio.synthetic import harmony, parts
from permafrost.audio.synthetic.artists import names
from permafrost.audio.synthetic.drums import KITS, PATTERNS, hits
from permafrost.audio.synthetic.generate import generate
from permafrost.audio.synthetic.instruments import INSTRUMENTS, tone
from permafrost.audio.synthetic.mix import BANDS
from permafrost.audio.synthetic.piece import Piece, Sound
from permafrost.audio.synthetic.play import play
from permafrost.audio.synthetic.rhythm import METRES, onsets
from permafrost.audio.synthetic.settings import Synthetic
from permafrost.audio.synthetic.styles import STYLES
from permafrost.errors import PermafrostError
from permafrost.settings import validate

TUNED = [name for name in INSTRUMENTS if name != "bass"]
FACTORS = {
    "metre": list(METRES),
    "drums": list(PATTERNS),
    "kit": list(KITS),
    "mode": list(harmony.MODES),
    "progression": list(harmony.PROGRESSIONS),
    "chords": list(parts.CHORDS),
    "chord_instrument": TUNED,
    "bass": list(parts.BASS),
    "lead": list(parts.LEADS),
    "lead_instrument": TUNED,
}
TINY = {"artists_per_style": 2, "clips_per_artist": 2, "seconds": 0.5, "sample_rate": 8000}
PLAIN = Sound(0.0, 0.0, 1.0, 0.0, (0.0,) * len(BANDS), 0.1, 0.0, 0, -90.0, 1.0, -3.0)
PIECE = Piece(
    tempo=120.0,
    metre="four",
    drums="backbeat",
    kit="acoustic",
    key=0,
    mode="major",
    progression="cadence",
    chords="block",
    chord_instrument="piano",
    bass="walking",
    lead="phrases",
    lead_instrument="flute",
)


def written(folder, workers=1, **settings):
    generate(Synthetic(**TINY | settings), folder, workers)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.wav"))}


def played(piece, sound=PLAIN, seconds=2.5, rate=16000):
    return play(piece, sound, seconds, rate, np.random.default_rng(3)).astype(float)


@pytest.fixture(scope="module")
def small_set(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    return folder, written(folder)


def test_a_folder_a_style_and_artist_with_numbered_clips(small_set):
    _, files = small_set
    assert len(files) == 10 * 2 * 2
    assert {name.split("/")[0] for name in files} == set(STYLES)
    assert {name.split("/")[2] for name in files} == {"00.wav", "01.wav"}


def test_no_artist_belongs_to_two_styles(small_set):
    _, files = small_set
    artists = {tuple(name.split("/")[:2]) for name in files}
    assert len({artist for _, artist in artists}) == len(artists) == 20


def test_names_suffice_for_the_largest_set():
    assert len(set(names(400, np.random.default_rng(0)))) == 400


def test_clips_are_mono_16_bit_of_the_length_asked_and_neither_silent_nor_clipped(small_set):
    folder, files = small_set
    for name in files:
        with wave.open(str(folder / name), "rb") as file:
            kind = (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes())
            assert kind == (1, 2, 8000, 4000)
            samples = np.frombuffer(file.readframes(4000), "<i2")
        assert 1000 < np.abs(samples.astype(int)).max() < 32767


def test_the_same_bytes_again_whatever_the_number_of_workers(small_set, tmp_path):
    _, files = small_set
    assert written(tmp_path / "one") == files
    assert written(tmp_path / "three", workers=3) == files


def test_another_seed_gives_other_clips(small_set, tmp_path):
    _, files = small_set
    other = written(tmp_path, seed=1)
    assert not set(files.values()) & set(other.values())


def test_no_two_clips_are_the_same(small_set):
    _, files = small_set
    assert len(set(files.values())) == len(files)


def test_the_clip_that_sounds_most_alike_is_mostly_by_the_same_artist(tmp_path):
    """Artist leakage pays: this is what a split that ignores artists gains by. Compared within each style."""
    files = written(tmp_path, artists_per_style=4, clips_per_artist=4, seconds=2.0)
    spectra: dict[str, dict[str, list]] = {}
    for name, content in files.items():
        samples = np.frombuffer(content[44:], "<i2").astype(float)
        power = np.abs(np.fft.rfft(samples)) ** 2
        bands = np.log([part.mean() for part in np.array_split(power, 40)])
        style, artist, _ = name.split("/")
        spectra.setdefault(style, {}).setdefault(artist, []).append(bands - bands.mean())
    right = []
    for artists in spectra.values():
        clips = np.array([clip for many in artists.values() for clip in many])
        who = np.repeat(np.arange(len(artists)), 4)
        distance = np.linalg.norm(clips[:, None] - clips[None], axis=2) + 1e9 * np.eye(len(clips))
        right += list(who[distance.argmin(axis=1)] == who)
    assert np.mean(right) > 0.6  # by chance 3 of 15


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"artists_per_style": 41}, "dataset.source.artists_per_style: got 41"),
        ({"seconds": 0}, "dataset.source.seconds: got 0"),
        ({"clips": 3}, "dataset.source.clips: unknown key"),
    ],
)
def test_bad_settings_are_named(settings, named):
    with pytest.raises(PermafrostError, match=named):
        validate(Synthetic, settings, "dataset.source")


def test_styles_name_what_exists_and_all_of_it():
    for style in STYLES.values():
        assert set(style.factors) == set(FACTORS)
    for factor, options in FACTORS.items():
        assert {option for style in STYLES.values() for option in style.factors[factor]} == set(options), factor


@pytest.mark.parametrize("factor", FACTORS)
def test_every_option_of_a_factor_is_heard(factor):
    clips = [played(dataclasses.replace(PIECE, **{factor: option}), rate=8000) for option in FACTORS[factor]]
    for number, clip in enumerate(clips):
        for other in clips[number + 1 :]:
            assert np.abs(clip - other).mean() > 50  # of 32767: far above rounding


def test_drums_fall_on_the_beat():
    """Four on the floor at 120 beats a minute: energy comes back every half second."""
    drums_only = (0.0, -90.0, -90.0, -90.0)
    clip = played(dataclasses.replace(PIECE, drums="floor", bass="none", lead="none", levels=drums_only), seconds=4.0)
    energy = np.square(clip).reshape(-1, 160).mean(axis=1)  # 10 ms
    energy -= energy.mean()
    likeness = [float(energy[lag:] @ energy[:-lag]) for lag in range(20, 90)]
    assert 20 + int(np.argmax(likeness)) == 50


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_a_tone_has_its_pitch(instrument):
    rate = 16000
    sound = tone(INSTRUMENTS[instrument], 440.0, 1.0, 0.0, rate)
    peak = np.argmax(np.abs(np.fft.rfft(sound * np.hanning(sound.size)))) * rate / sound.size
    assert sound.size == rate
    assert abs(peak / 440 - 1) < 0.02


def test_detuning_moves_the_pitch():
    only_bass = (-90.0, 0.0, -90.0, -90.0)
    piece = dataclasses.replace(PIECE, drums="none", bass="root", lead="none", levels=only_bass, progression="drone")

    def centre(detune):
        power = np.abs(np.fft.rfft(played(piece, dataclasses.replace(PLAIN, detune=detune)))) ** 2
        hertz = np.fft.rfftfreq(40000, 1 / 16000)
        near = (hertz > 55) & (hertz < 80)
        return float(power[near] @ hertz[near] / power[near].sum())

    assert centre(100.0) / centre(0.0) == pytest.approx(2 ** (1 / 12), rel=0.02)


def test_swing_delays_the_offbeat_and_leaves_the_beat():
    assert onsets(METRES["swung"], (0.0, 0.5, 1.0, 1.5)) == pytest.approx([0, 2 / 3, 1, 1 + 2 / 3])
    assert onsets(METRES["four"], (0.0, 0.5, 0.75)) == [0.0, 0.5, 0.75]


def test_patterns_fit_the_bar_of_every_metre():
    for metre in METRES.values():
        for pattern in FACTORS["drums"]:
            assert all(0 <= position < metre.beats for _, position in hits(pattern, metre))
        for pattern in FACTORS["bass"]:
            notes = parts.bass(pattern, "cadence", metre, bars=2)
            assert all(note.beats > 0 and note.beat + note.beats <= 2 * metre.beats for note in notes)


def test_scale_steps_leave_the_octave_in_both_directions():
    assert [harmony.pitch(9, "minor", step, 4) for step in (0, 2, 7, -7)] == [69, 72, 81, 57]
    assert harmony.frequency(69) == 440.0
