import librosa
import numpy as np
import pytest
import torch

from permafrost.audio.inputs import LogMel
from permafrost.audio.logmel import LogMelTransform, mel_filters
from permafrost.audio.samples import as_float32, as_int16
from permafrost.errors import PermafrostError
from permafrost.settings import validate

RATE = 22050


def music(seconds=8.0, rate=RATE, seed=0):
    """Decaying notes over noise, int16."""
    draw = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    mixed = 0.02 * draw.standard_normal(len(time))
    for _ in range(4):
        pitch, tempo = 55 * 2 ** draw.uniform(0, 4), draw.uniform(1, 5)
        mixed += np.exp(-5 * (time * tempo % 1)) * sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 6))
    return as_int16((0.8 * mixed / np.abs(mixed).max()).astype(np.float32))


def image_of(waveform, rate=RATE, **settings):
    transform = LogMelTransform(LogMel(**settings), rate, len(waveform))
    transform.waveform[:] = waveform
    return transform()


def librosas_image(waveform, rate=RATE, size=None, resize="bilinear", scale="log1p", **settings):
    """The plain way: every frame by librosa, then torch's resize, then minimum and maximum."""
    mel = librosa.feature.melspectrogram(y=as_float32(waveform), sr=rate, **settings)
    image = np.log1p(mel) if scale == "log1p" else librosa.power_to_db(mel, ref=np.max, amin=1e-10, top_db=80)
    if size is not None:
        image = torch.nn.functional.interpolate(torch.from_numpy(image)[None, None], size=size, mode=resize)[
            0, 0
        ].numpy()
    return (image - image.min()) / (image.max() - image.min())


@pytest.mark.parametrize(
    ("rate", "n_fft", "n_mels", "fmin", "fmax"),
    [(22050, 2048, 128, 0, 11025), (16000, 1024, 64, 50, 8000), (44100, 4096, 256, 20, 16000), (8000, 512, 20, 0, 900)],
)
def test_filters_are_librosas(rate, n_fft, n_mels, fmin, fmax):
    expected = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    np.testing.assert_allclose(mel_filters(rate, n_fft, n_mels, fmin, fmax), expected, rtol=1e-5, atol=1e-9)


def test_mel_power_is_librosas():
    waveform = music()
    transform = LogMelTransform(LogMel(), RATE, len(waveform))
    transform.waveform[:] = waveform
    expected = librosa.feature.melspectrogram(y=as_float32(waveform), sr=RATE)
    ours = transform.mel()
    assert ours.shape == expected.shape == (128, 1 + len(waveform) // 512)
    np.testing.assert_allclose(np.log1p(ours), np.log1p(expected), atol=1e-5)
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6 * expected.max())


@pytest.mark.parametrize("size", [None, (224, 224), (64, 96), (128, 500), (300, 40), (1, 1)])
@pytest.mark.parametrize("resize", ["bilinear", "area"])
def test_log1p_images_are_the_plain_ways(size, resize):
    if size == (1, 1):
        assert image_of(music(), size=size, resize=resize) == [[0]]
        return
    for seed in range(3):
        waveform = music(seed=seed)
        expected = librosas_image(waveform, size=size, resize=resize)
        np.testing.assert_allclose(image_of(waveform, size=size, resize=resize), expected, atol=1e-6)


@pytest.mark.parametrize("size", [None, (224, 224), (64, 30)])
@pytest.mark.parametrize("resize", ["bilinear", "area"])
def test_decibel_images_are_the_plain_ways(size, resize):
    # Half of the clip is silent, and the loudest sound stands in frames 239 to 243, none of which a plain resize to 30
    # columns reads: floor and reference come from the whole clip.
    waveform = music() // 16
    waveform[: len(waveform) // 2] = 0
    burst = np.random.default_rng(1).uniform(-32000, 32000, 400)
    waveform[241 * 512 - 200 : 241 * 512 + 200] = burst
    expected = librosas_image(waveform, size=size, resize=resize, scale="db")
    np.testing.assert_allclose(image_of(waveform, size=size, resize=resize, scale="db"), expected, atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"n_fft": 1024, "hop_length": 160, "n_mels": 64},
        {"n_fft": 1023, "hop_length": 300, "n_mels": 40},
        {"fmin": 200.0, "fmax": 5000.0, "n_mels": 80},
        {"n_mels": 1},
        {"hop_length": 4096},
    ],
)
def test_other_settings_are_librosas(settings):
    waveform = music(seconds=3.0)
    np.testing.assert_allclose(image_of(waveform, **settings), librosas_image(waveform, **settings), atol=1e-6)


@pytest.mark.parametrize("samples", [1, 511, 2048, 110250])
def test_clips_of_any_length(samples):
    waveform = music(seconds=6.0)[:samples]
    np.testing.assert_allclose(image_of(waveform), librosas_image(waveform), atol=1e-5)
    assert image_of(waveform, size=(32, 48)).shape == (32, 48)


def test_only_the_frames_that_a_bilinear_resize_reads_are_transformed():
    samples = 30 * RATE
    assert LogMelTransform(LogMel(), RATE, samples).mel().shape == (128, 1292)
    assert LogMelTransform(LogMel(size=(224, 224)), RATE, samples).mel().shape == (128, 448)
    assert LogMelTransform(LogMel(size=(224, 224), resize="area"), RATE, samples).mel().shape == (128, 1292)


def test_a_clip_without_contrast_gives_zeros():
    silent = np.zeros(RATE, np.int16)
    assert not image_of(silent, size=(16, 16)).any()
    assert not image_of(silent, scale="db").any()


def test_a_transform_holds_nothing_of_the_clip_before():
    transform = LogMelTransform(LogMel(size=(64, 64)), RATE, 8 * RATE)
    first, second = music(seed=1), music(seed=2)
    alone = image_of(second, size=(64, 64))
    for waveform in (first, second):
        transform.waveform[:] = waveform
        image = transform()
    np.testing.assert_array_equal(image, alone)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fmax": 12000.0}, "fmax 12000.*11025"),
        ({"fmin": 5000.0, "fmax": 4000.0}, "fmin 5000"),
        ({"n_mels": 512, "n_fft": 512}, "n_mels 512.*no frequency bin.*n_fft 512"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(PermafrostError, match=message):
        LogMelTransform(LogMel(**settings), RATE, RATE)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"scale": "log"}, "input.scale"),
        ({"size": [224]}, "input.size"),
        ({"size": [0, 10]}, "input.size"),
        ({"resize": "nearest"}, "input.resize"),
        ({"hop": 512}, "input.hop: unknown key"),
        ({"n_fft": 8}, "input.n_fft"),
    ],
)
def test_settings_out_of_range_name_the_key(values, message):
    with pytest.raises(PermafrostError, match=message):
        validate(LogMel, values, "input")
