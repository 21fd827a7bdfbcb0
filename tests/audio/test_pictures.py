"""Pictures of further kinds against the libraries that networks were trained with; ranges, lengths and chunks."""

import librosa
import numpy as np
import pytest
import soxr
import torch
import torchaudio

from permafrost.audio.inputs import FilterBank, LogMel
from permafrost.audio.making import PictureMaker
from permafrost.audio.mel_axes import mel_axes
from permafrost.audio.samples import as_float32, as_int16
from permafrost.errors import PermafrostError

RATE = 16000
MUSICNN = {"sample_rate": RATE, "n_mels": 96, "n_fft": 512, "hop_length": 256, "scale": "log10"}
WHISPER = {"sample_rate": RATE, "n_mels": 80, "n_fft": 400, "hop_length": 160, "scale": "whisper"}


def clip(seconds=2.0, rate=RATE):
    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(0).standard_normal(len(time))
    return as_int16((0.4 * np.sin(2 * np.pi * 440 * time * (1 + time)) + 0.05 * noise).astype(np.float32))


def made(waveform, settings, rate=RATE):
    maker = PictureMaker(settings, rate, len(waveform))
    picture = maker(waveform)
    assert picture.shape == maker.shape and picture.dtype == np.float32
    return picture


def test_musicnns_pictures_are_librosas():
    waveform = clip()
    mel = librosa.feature.melspectrogram(y=as_float32(waveform), sr=RATE, n_fft=512, hop_length=256, n_mels=96)
    picture = made(waveform, LogMel(**MUSICNN, normalise_clip="none"))
    np.testing.assert_allclose(picture, np.log10(1 + 10000 * mel), atol=2e-5)


def test_whispers_pictures_are_whispers():
    waveform = clip()
    mel = librosa.feature.melspectrogram(y=as_float32(waveform), sr=RATE, n_fft=400, hop_length=160, n_mels=80)
    powers = np.log10(np.maximum(mel, 1e-10))
    expected = (np.maximum(powers, powers.max() - 8) + 4) / 4
    picture = made(waveform, LogMel(**WHISPER, normalise_clip="none", mean=-4, std=4))
    np.testing.assert_allclose(picture, expected, atol=2e-5)


@pytest.mark.parametrize(("rate", "mels"), [(16000, 128), (22050, 40)])
def test_filter_banks_are_kaldis(rate, mels):
    waveform = clip(1.0, rate)
    expected = torchaudio.compliance.kaldi.fbank(
        torch.from_numpy(as_float32(waveform))[None], htk_compat=True, sample_frequency=rate, use_energy=False,
        window_type="hanning", num_mel_bins=mels, dither=0.0, frame_shift=10,
    )  # fmt: skip
    picture = made(waveform, FilterBank(n_mels=mels), rate)
    np.testing.assert_allclose(picture, expected.numpy().T, atol=2e-3)


def test_asts_filter_banks_are_followed_by_zeros_and_normalised_as_ast_has_them():
    settings = FilterBank(chunk=1024, mean=-4.2677393, std=2 * 4.5689974)
    picture, plain = made(clip(), settings), made(clip(), FilterBank())
    assert picture.shape == (128, 1024)
    np.testing.assert_allclose(picture[:, : plain.shape[1]], (plain + 4.2677393) / 9.1379948, atol=1e-5)
    np.testing.assert_allclose(picture[:, plain.shape[1] :], 4.2677393 / 9.1379948, rtol=1e-5)


def test_a_picture_is_at_its_own_rate():
    waveform = clip(rate=22050)
    resampled = as_int16(soxr.resample(as_float32(waveform), 22050, RATE))
    settings = LogMel(**MUSICNN)
    np.testing.assert_array_equal(made(waveform, settings, 22050), made(resampled, settings))
    assert mel_axes(settings, {"sample_rate": 22050, "clip_seconds": 2.0}, (96, 126)).high == RATE / 2


def test_axes_of_chunks_are_as_long_as_these_side_by_side():
    preprocess = {"sample_rate": 22050, "clip_seconds": 5.0}
    assert mel_axes(LogMel(**MUSICNN, chunk=187), preprocess, (2, 96, 187)).seconds == pytest.approx(374 * 256 / RATE)
    assert mel_axes(LogMel(size=(64, 100), chunk=40), preprocess, (3, 64, 40)).seconds == pytest.approx(6.0)
    axes = mel_axes(FilterBank(sample_rate=RATE, chunk=1024), preprocess, (128, 1024))
    assert axes.seconds == pytest.approx(10.24) and (axes.low, axes.high, axes.htk) == (20, 8000, True)


def test_min_and_max_come_first_then_mean_and_std():
    plain = made(clip(), LogMel(scale="db"))
    np.testing.assert_allclose(made(clip(), LogMel(scale="db", mean=0.5, std=0.25)), (plain - 0.5) / 0.25, atol=1e-6)
    assert (plain.min(), plain.max()) == (0, 1)


@pytest.mark.parametrize("normalise_clip", ["none", "minmax"])
def test_chunks_cover_the_clip_evenly(normalise_clip):
    whole = made(clip(5.0), LogMel(**MUSICNN, normalise_clip=normalise_clip))
    chunks = made(clip(5.0), LogMel(**MUSICNN, normalise_clip=normalise_clip, chunk=187))
    assert whole.shape == (96, 313) and chunks.shape == (2, 96, 187)
    np.testing.assert_array_equal(chunks[0], whole[:, :187])
    np.testing.assert_array_equal(chunks[1], whole[:, -187:])


@pytest.mark.parametrize(("seconds", "chunks"), [(30.0, None), (30.01, 2), (60.0, 2), (61.0, 3)])
def test_a_last_frame_beyond_the_end_asks_for_no_chunk(seconds, chunks):
    maker = PictureMaker(LogMel(**WHISPER, chunk=3000), RATE, round(seconds * RATE))
    assert maker.shape == ((80, 3000) if chunks is None else (chunks, 80, 3000))


def test_a_clip_shorter_than_a_chunk_is_followed_by_silence():
    for settings, silence in [
        (LogMel(**MUSICNN, normalise_clip="none", chunk=187), 0),
        (LogMel(scale="db", normalise_clip="none", chunk=187), -80),
        (LogMel(scale="db", chunk=187), 0),
        (LogMel(scale="log1p", chunk=187), 0),
    ]:
        picture = made(clip(1.0), settings)
        assert picture.shape == (settings.n_mels, 187)
        assert (picture[:, -50:] == silence).all() and picture[:, :30].max() > silence


def test_clips_or_frequencies_that_do_not_fit_are_refused():
    with pytest.raises(PermafrostError, match=r"shorter than a window of 400 .* raise preprocess.clip_seconds"):
        PictureMaker(FilterBank(), RATE, 399)
    with pytest.raises(PermafrostError, match=r"input.fmax 9000: expected fmin < fmax <= 8000 Hz"):
        PictureMaker(FilterBank(fmax=9000), RATE, RATE)
    with pytest.raises(PermafrostError, match=r"input.fmax 9000: expected fmin < fmax <= 8000 Hz"):
        PictureMaker(LogMel(fmax=9000, sample_rate=RATE), 44100, 44100)
