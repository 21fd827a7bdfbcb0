"""Augmentation of waveforms, in batch, on the device that holds them.

What happens to a clip depends on its own row of random numbers alone, so that it can be drawn by clip and epoch,
whatever the order of batches. Every change works on a whole batch with a range of its own for each clip, which is why
torchaudio's functions are not called here: its filters and its phase vocoder take one cut-off and one rate a call. The
tests compare with them.
"""

import math

import torch
from torch import Tensor

from permafrost.audio.waveform_settings import AugmentWaveform
from permafrost.errors import PermafrostError

# Random numbers of one clip. Each change has its own columns, so that switching one off leaves the others' alone.
_COLUMNS = (
    *("crop", "stretch", "rate", "polarity", "gain", "level", "filter", "kind", "cutoff"),
    *("delay", "time", "noise", "snr", "place"),
)
DRAWS = len(_COLUMNS)

WINDOW, HOP = 1024, 256  # samples, of the phase vocoder
TAIL = 8192  # zeros behind a clip while it is filtered, into which the filter rings
NOISE_SAMPLES = 1 << 20
Q = math.sqrt(0.5)  # Butterworth: flat until the cut-off, where half of the power is left


class WaveformAugmentation:
    """Random changes to waveforms [batch, samples] in -1 … 1.

    Args:
        settings: which changes.
        sample_rate: Hz.
        samples: in each stored clip.
        noise: a generator on the CPU; draws the noise that clips are given parts of.
        device: where the waveforms are.

    Raises:
        PermafrostError: the crop is longer than the clips, or a cut-off lies above half of the sample rate.
    """

    def __init__(
        self,
        settings: AugmentWaveform,
        sample_rate: int,
        samples: int,
        noise: torch.Generator,
        device: torch.device | str = "cpu",
    ) -> None:
        self.settings, self.rate, self.device = settings, sample_rate, torch.device(device)
        self.length = crop_samples(settings, sample_rate, samples)
        highest = max(settings.low_pass_hz[1], settings.high_pass_hz[1])
        if settings.filter and highest >= sample_rate / 2:
            raise PermafrostError(
                f"augment_waveform: a cut-off of {highest:g} Hz, expected less than {sample_rate / 2:g} Hz, half of "
                "the sample rate: lower low_pass_hz and high_pass_hz, or set filter to 0"
            )
        self._noise = torch.randn(NOISE_SAMPLES, generator=noise).to(self.device) if settings.noise else None

    def __call__(self, waveforms: Tensor, draws: Tensor) -> Tensor:
        """Changed clips [batch, length].

        Args:
            waveforms: float [batch, samples]. Not changed.
            draws: [batch, DRAWS], uniform on [0, 1), on the same device.
        """
        s = self.settings
        draw = dict(zip(_COLUMNS, draws.unbind(1), strict=True))
        x = self._crop_and_stretch(waveforms, draw)
        if s.polarity:
            x = torch.where(draw["polarity"] < s.polarity, -1.0, 1.0)[:, None] * x
        if s.gain:
            decibels = torch.where(draw["gain"] < s.gain, _between(draw["level"], s.gain_db), 0.0)
            x = x * 10 ** (decibels / 20)[:, None]
        if s.filter:
            low = draw["kind"] < 0.5
            cutoff = torch.where(low, _between(draw["cutoff"], s.low_pass_hz), _between(draw["cutoff"], s.high_pass_hz))
            x = _where(draw["filter"] < s.filter, x, lambda x, *a: filtered(x, *a, self.rate), cutoff, low)
        if s.delay:
            lag = (_between(draw["time"], s.delay_seconds) * self.rate).round().long()
            x = _where(draw["delay"] < s.delay, x, lambda x, lag: with_echo(x, lag, s.delay_level), lag)
        if s.noise:
            x = _where(draw["noise"] < s.noise, x, self._noisy, _between(draw["snr"], s.noise_snr_db), draw["place"])
        return x

    def _crop_and_stretch(self, waveforms: Tensor, draw: dict[str, Tensor]) -> Tensor:
        """Crops of ``length``; those to be played faster are cut longer first, where the clip has more to give."""
        s = self.settings
        samples = waveforms.shape[1]
        read = min(samples, math.ceil(self.length * max(1.0, s.stretch_rate[1]))) if s.stretch else self.length
        x = waveforms
        if read < samples:
            start = (draw["crop"] * (samples - read + 1)).long()
            x = waveforms.gather(1, start[:, None] + torch.arange(read, device=waveforms.device))
        if not s.stretch:
            return x
        rate = _between(draw["rate"], s.stretch_rate)
        plain = x[:, : self.length]
        chosen = draw["stretch"] < s.stretch
        if chosen.any():
            plain = plain.clone()
            plain[chosen] = stretched(x[chosen], rate[chosen], self.length)
        return plain

    def _noisy(self, x: Tensor, snr: Tensor, place: Tensor) -> Tensor:
        assert self._noise is not None
        start = (place * NOISE_SAMPLES).long()
        index = (start[:, None] + torch.arange(x.shape[1], device=x.device)) % NOISE_SAMPLES
        noise = self._noise[index]
        level = x.square().mean(1).sqrt() / noise.square().mean(1).sqrt() * 10 ** (-snr / 20)
        return x + level[:, None] * noise


def crop_samples(settings: AugmentWaveform, sample_rate: int, samples: int) -> int:
    """Samples of a training clip: of the crop, or all.

    Raises:
        PermafrostError: the crop is longer than the clips.
    """
    if settings.crop_seconds is None:
        return samples
    length = round(settings.crop_seconds * sample_rate)
    if not 0 < length <= samples:
        raise PermafrostError(
            f"augment_waveform.crop_seconds: got {settings.crop_seconds:g}, expected at most "
            f"{samples / sample_rate:g}, the clips' length: raise preprocess.clip_seconds or crop less"
        )
    return length


def chunks(waveforms: Tensor, length: int) -> Tensor:
    """Evenly spaced chunks that cover each clip: [batch, samples] to [batch, chunks, length].

    As many as are needed without a gap; they overlap where the clip's length is no multiple of theirs.
    """
    samples = waveforms.shape[-1]
    count = math.ceil(samples / length)
    starts = [round(number * (samples - length) / max(1, count - 1)) for number in range(count)]
    return torch.stack([waveforms[..., start : start + length] for start in starts], dim=-2)


def stretched(x: Tensor, rate: Tensor, length: int) -> Tensor:
    """Clips [batch, samples] played ``rate`` [batch] times as fast at their pitch: [batch, length].

    A phase vocoder (Flanagan and Golden 1966; Laroche and Dolson 1999): frames of the spectrum are read at other steps,
    and each bin's phase goes on by what it went on between the frames beside it. What the clip does not fill is zero.
    """
    samples = x.shape[1]
    window = torch.hann_window(WINDOW, dtype=x.dtype, device=x.device)
    spectrum = torch.stft(x, WINDOW, HOP, window=window, return_complex=True)
    bins, frames = spectrum.shape[1:]
    spectrum = torch.nn.functional.pad(spectrum, (0, 2))  # the last frame too has one after it
    count = math.ceil(length / HOP) + WINDOW // HOP // 2 + 1  # all whose windows reach into the result
    steps = torch.arange(count, dtype=x.dtype, device=x.device) * rate[:, None]
    there = steps < frames
    before = steps.long().clamp(max=frames)
    first, second = (spectrum.gather(2, index[:, None, :].expand(-1, bins, -1)) for index in (before, before + 1))
    share = (steps - before)[:, None, :]
    magnitude = (share * second.abs() + (1 - share) * first.abs()) * there[:, None, :]
    expected = torch.linspace(0, math.pi * HOP, bins, dtype=x.dtype, device=x.device)[None, :, None]
    turn = second.angle() - first.angle() - expected
    turn = turn - 2 * math.pi * torch.round(turn / (2 * math.pi)) + expected
    phase = torch.cat([spectrum[:, :, :1].angle(), turn[:, :, :-1]], dim=2).cumsum(2)
    y = torch.istft(torch.polar(magnitude, phase), WINDOW, HOP, window=window, length=length)
    # Beyond the clip's end the window's sum alone would be divided by: nothing is there.
    ends = (samples / rate).long()[:, None]
    return torch.where(torch.arange(length, device=x.device) < ends, y, 0.0)


def filtered(x: Tensor, cutoff: Tensor, low: Tensor, sample_rate: int) -> Tensor:
    """Clips [batch, samples] through a second-order low-pass (``low`` [batch]) or high-pass at ``cutoff`` [batch] Hz.

    The biquads of Bristow-Johnson's cookbook, as torchaudio has them, as a product of spectra: on a CPU that takes as
    long as its recursive filter, and no device has to go from sample to sample.
    """
    samples = x.shape[1]
    size = samples + TAIL
    omega = 2 * math.pi * cutoff.double() / sample_rate
    alpha, cosine = omega.sin() / (2 * Q), omega.cos()
    edge = torch.where(low, (1 - cosine) / 2, (1 + cosine) / 2)
    middle = torch.where(low, 2 * edge, -2 * edge)
    delay = torch.exp(-2j * math.pi * torch.arange(size // 2 + 1, device=x.device, dtype=torch.float64) / size)[None]
    above = edge[:, None] * (1 + delay**2) + middle[:, None] * delay
    below = (1 + alpha)[:, None] - 2 * cosine[:, None] * delay + (1 - alpha)[:, None] * delay**2
    response = (above / below).to(torch.complex128 if x.dtype == torch.float64 else torch.complex64)
    return torch.fft.irfft(torch.fft.rfft(x, n=size) * response, n=size)[:, :samples]


def with_echo(x: Tensor, lag: Tensor, level: float) -> Tensor:
    """Clips [batch, samples] plus themselves ``lag`` [batch] samples later at ``level``."""
    index = torch.arange(x.shape[1], device=x.device) - lag[:, None]
    return x + level * torch.where(index >= 0, x.gather(1, index.clamp(min=0)), 0.0)


def _between(draw: Tensor, ends: tuple[float, float]) -> Tensor:
    return ends[0] + draw * (ends[1] - ends[0])


def _where(chosen: Tensor, x: Tensor, change, *arguments: Tensor) -> Tensor:  # noqa: ANN001
    """``x`` with its ``chosen`` rows changed; the others are the same to the last bit."""
    if not chosen.any():
        return x
    result = x.clone()
    result[chosen] = change(x[chosen], *(argument[chosen] for argument in arguments))
    return result
