import math

import pytest
import torch
import torchaudio.functional as library

from permafrost.audio.waveform_augmentation import (
    DRAWS,
    WaveformAugmentation,
    chunks,
    filtered,
    stretched,
    with_echo,
)
from permafrost.audio.waveform_settings import AugmentWaveform
from permafrost.errors import PermafrostError
from permafrost.settings import validate

pytestmark = pytest.mark.usefixtures("one_thread")

RATE = 22050
EVERYTHING = {"crop_seconds": 0.8, "stretch": 0.5, "polarity": 0.5, "gain": 0.5, "filter": 0.5, "delay": 0.5,
              "noise": 0.5}  # fmt: skip


def clips(count=6, seconds=1.0):
    generator = torch.Generator().manual_seed(1)
    time = torch.arange(int(seconds * RATE)) / RATE
    tones = torch.stack([0.3 * torch.sin(2 * math.pi * (200 + 150 * number) * time) for number in range(count)])
    return tones + 0.05 * torch.randn(tones.shape, generator=generator)


def draws(count, seed=0):
    return torch.rand(count, DRAWS, generator=torch.Generator().manual_seed(seed))


def made(samples=RATE, seed=3, **settings):
    return WaveformAugmentation(AugmentWaveform(**settings), RATE, samples, torch.Generator().manual_seed(seed))


def power(x):
    return x.double().square().mean(-1)


def decibels(ratio):
    return 10 * torch.log10(ratio)


def tone(frequency, seconds=1.0, rate=RATE):
    return torch.sin(2 * math.pi * frequency * torch.arange(int(seconds * rate)) / rate)[None]


def test_noise_has_the_ratio_that_was_drawn():
    x = clips()
    drawn = draws(len(x))
    drawn[:, -2] = torch.linspace(0, 0.99, len(x))  # from one end of the range to the other
    y = made(noise=1.0, noise_snr_db=(15, 35))(x, drawn)
    snr = decibels(power(x) / power(y - x))
    assert torch.allclose(snr, (15 + 20 * drawn[:, -2]).double(), atol=0.5)
    noise = (y - x) / power(y - x).sqrt()[:, None]
    spectrum = torch.fft.rfft(noise).abs().square().mean(0)
    halves = spectrum[: len(spectrum) // 2].mean() / spectrum[len(spectrum) // 2 :].mean()
    assert 0.9 < halves < 1.1, "white: as much below half of the band as above"
    assert torch.abs((noise[0] * noise[1]).mean()) < 0.05, "clips have noise of their own"


def test_gain_stays_within_its_range_and_keeps_the_wave():
    x = clips(40)
    y = made(gain=1.0, gain_db=(-4, 4))(x, draws(40))
    change = decibels(power(y) / power(x))
    assert change.min() > -4 - 1e-4 and change.max() < 4 + 1e-4 and change.std() > 1.5
    assert torch.allclose(y / y.abs().amax(1, keepdim=True), x / x.abs().amax(1, keepdim=True), atol=1e-5)


def test_polarity_turns_the_sign_of_the_share_that_was_asked_for():
    x = clips(400, seconds=0.01)
    y = made(samples=x.shape[1], polarity=0.8)(x, draws(400))
    turned = (y == -x).all(1)
    assert ((y == x).all(1) | turned).all() and 0.75 < turned.float().mean() < 0.85


@pytest.mark.parametrize("low", [True, False])
@pytest.mark.parametrize("cutoff", [300.0, 1200.0, 3000.0])
def test_a_filter_halves_the_power_at_its_cut_off(low, cutoff):
    def level(frequency):
        x = tone(frequency)
        y = filtered(x, torch.tensor([cutoff]), torch.tensor([low]), RATE)
        middle = slice(RATE // 4, -RATE // 4)
        return decibels(power(y[:, middle]) / power(x[:, middle])).item()

    assert level(cutoff) == pytest.approx(-3.01, abs=0.1)
    passed, stopped = (cutoff / 4, 2 * cutoff) if low else (cutoff * 3, cutoff / 2)
    assert level(passed) > -0.3
    assert level(stopped) < -12, "12 dB an octave"


def test_filters_are_torchaudios_one_clip_at_a_time():
    x = clips(4).double()
    cutoff = torch.tensor([250.0, 900.0, 2500.0, 4000.0], dtype=torch.float64)
    low = torch.tensor([False, False, True, True])
    y = filtered(x, cutoff, low, RATE)
    for number in range(4):
        one = library.lowpass_biquad if low[number] else library.highpass_biquad
        assert torch.allclose(y[number], one(x[number], RATE, cutoff[number].item(), math.sqrt(0.5)), atol=1e-7)


def test_low_and_high_passes_are_drawn_from_their_own_ranges():
    x = torch.randn(200, 4096, generator=torch.Generator().manual_seed(0)) * 0.1
    y = made(samples=4096, filter=1.0)(x, draws(200))
    spectrum = (torch.fft.rfft(y).abs() / torch.fft.rfft(x).abs()).square()
    hertz = torch.fft.rfftfreq(4096, 1 / RATE)
    deep, high = (spectrum[:, band].median(1).values for band in (hertz < 150, hertz > 8000))
    low_pass, high_pass = (deep > 0.9) & (high < 0.1), (deep < 0.5) & (high > 0.9)
    assert (low_pass | high_pass).all() and 60 < low_pass.sum() < 140


def test_an_echo_comes_when_and_as_loud_as_it_should():
    x = torch.zeros(5, RATE)
    x[:, 100] = 1.0
    drawn = draws(5)
    y = made(delay=1.0, delay_seconds=(0.2, 0.5), delay_level=0.5)(x, drawn)
    for row, number in zip(y, drawn[:, 10], strict=True):
        places = row.nonzero()[:, 0].tolist()
        assert places == [100, 100 + round((0.2 + 0.3 * number.item()) * RATE)]
        assert row[places].tolist() == [1.0, 0.5]
    late = with_echo(x, torch.tensor([RATE] * 5), 0.5)
    assert torch.equal(late, x), "an echo after the end is not heard"


@pytest.mark.parametrize("rate", [0.8, 1.0, 1.25])
def test_stretching_changes_the_tempo_and_not_the_pitch(rate):
    x = tone(700.0, 2.0)
    x[:, : RATE // 2] = 0  # the tone begins half a second in
    y = stretched(x, torch.tensor([rate]), 2 * RATE)
    loud = (y[0].abs() > 0.3).nonzero()[:, 0]
    assert loud[0].item() / RATE == pytest.approx(0.5 / rate, abs=0.04)
    end = min(2.0, 2.0 / rate)
    assert loud[-1].item() / RATE == pytest.approx(end, abs=0.04)
    part = y[0, int(RATE * 0.8) : int(RATE * 1.4)]
    peak = torch.fft.rfft(part * torch.hann_window(len(part))).abs().argmax().item() * RATE / len(part)
    assert peak == pytest.approx(700, abs=3)


@pytest.mark.parametrize("rate", [0.8317, 1.1931])  # steps that meet no frame exactly: there rounding decides
def test_the_phase_vocoder_is_torchaudios(rate):
    x = clips(2).double()  # in single precision both drift, as phases are summed over frames
    window = torch.hann_window(1024, dtype=torch.float64)
    spectrum = torch.stft(x, 1024, 256, window=window, return_complex=True)
    advance = torch.linspace(0, math.pi * 256, 513, dtype=torch.float64)[:, None]
    changed = library.phase_vocoder(spectrum, rate, advance)
    length = int(0.75 * RATE / rate)
    expected = torch.istft(changed, 1024, 256, window=window, length=length)
    assert torch.allclose(stretched(x, torch.full((2,), rate, dtype=torch.float64), length), expected, atol=1e-6)


def test_crops_have_their_length_and_come_from_everywhere():
    x = torch.arange(RATE).float()[None].repeat(300, 1)
    crop = made(crop_seconds=0.25)
    y = crop(x, draws(300))
    assert y.shape == (300, crop.length) and crop.length == round(0.25 * RATE)
    assert (y.diff(dim=1) == 1).all(), "each is one piece"
    starts = y[:, 0]
    assert starts.min() < 0.05 * RATE and starts.max() > 0.7 * RATE and starts.max() <= 0.75 * RATE + 1


def test_a_stretched_crop_is_filled_from_the_rest_of_the_clip():
    x = clips(20, 2.0)
    y = made(samples=2 * RATE, crop_seconds=1.0, stretch=1.0)(x, draws(20))
    assert y.shape == (20, RATE)
    assert (y[:, -RATE // 10 :].abs().amax(1) > 0.05).all()


def test_what_happens_to_a_clip_depends_on_its_own_draws_alone():
    x, drawn = clips(8), draws(8)
    augment = made(**EVERYTHING)
    whole = augment(x, drawn)
    order = torch.tensor([5, 2, 7, 0])
    assert torch.allclose(augment(x[order], drawn[order]), whole[order], atol=1e-6)
    assert torch.allclose(augment(x[3:4], drawn[3:4]), whole[3:4], atol=1e-6)
    again = made(**EVERYTHING)(x, drawn)
    assert torch.equal(again, whole), "the same seed, the same noise"
    assert not torch.allclose(augment(x, draws(8, seed=1)), whole, atol=1e-3)


def test_probabilities_of_zero_change_nothing_and_one_change_leaves_the_others_draws_alone():
    x, drawn = clips(8), draws(8)
    before = x.clone()
    assert torch.equal(made()(x, drawn), x)
    made(**EVERYTHING)(x, drawn)
    assert torch.equal(x, before), "the stored clips are not touched"
    one = made(gain=1.0)(x, drawn)
    assert torch.allclose(made(gain=1.0, polarity=1.0)(x, drawn), -one)


def test_chunks_cover_the_clip_evenly():
    x = torch.arange(30).float()[None].repeat(2, 1)
    assert torch.equal(chunks(x, 30), x[:, None])
    cut = chunks(x, 10)
    assert cut.shape == (2, 3, 10) and cut[1, :, 0].tolist() == [0, 10, 20]
    uneven = chunks(x, 8)
    assert uneven.shape == (2, 4, 8) and uneven[0, :, 0].tolist() == [0, 7, 15, 22]
    assert set(uneven[0].flatten().tolist()) == set(range(30))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"noise": 1.5}, r"key\.noise"),
        ({"gain_db": [4, -4]}, r"gain_db is \[4\.0, -4\.0\]: expected the lower end first"),
        ({"delay_seconds": [0, 1]}, "delay_seconds .*both above 0"),
        ({"stretch_rate": [0.1, 1]}, "stretch_rate .*from 0.5 to 2"),
        ({"nois": 0.5}, "did you mean 'noise'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, message):
    with pytest.raises(PermafrostError, match=message):
        validate(AugmentWaveform, values, "key")


def test_crops_and_cut_offs_must_fit_the_clips():
    with pytest.raises(PermafrostError, match=r"crop_seconds: got 2, expected at most 1"):
        made(crop_seconds=2.0)
    with pytest.raises(PermafrostError, match="cut-off of 4000 Hz, expected less than 4000"):
        WaveformAugmentation(AugmentWaveform(filter=0.1), 8000, 8000, torch.Generator())
