"""How waveforms are varied while a network learns: the ``augment_waveform`` section of a recipe."""

from typing import Annotated

from pydantic import Field, model_validator

from permafrost.settings import Settings

Probability = Annotated[float, Field(ge=0, le=1)]
Range = tuple[float, float]


class AugmentWaveform(Settings):
    """Crops, and six changes to a waveform, each with its probability (0: never) and its range (drawn evenly).

    ``crop_seconds`` trains on random crops of that length; evaluation then averages the probabilities of evenly spaced
    chunks of the same length. ``polarity`` turns the sign; ``gain`` changes the level (dB); ``filter`` takes a low-pass
    or a high-pass, each half of the time (cut-off in Hz, where the power is halved, then 12 dB an octave); ``delay``
    adds an echo (seconds, at ``delay_level`` of the sound); ``noise`` adds white noise at a signal-to-noise ratio (dB);
    ``stretch`` changes the tempo by a phase vocoder, which leaves the pitch (rates above 1 are faster).
    """

    crop_seconds: Annotated[float, Field(gt=0, le=3600)] | None = None
    stretch: Probability = 0.0
    stretch_rate: Range = (0.8, 1.25)
    polarity: Probability = 0.0
    gain: Probability = 0.0
    gain_db: Range = (-4.0, 4.0)
    filter: Probability = 0.0
    low_pass_hz: Range = (2200.0, 4000.0)
    high_pass_hz: Range = (200.0, 1200.0)
    delay: Probability = 0.0
    delay_seconds: Range = (0.2, 0.5)
    delay_level: float = Field(default=0.5, gt=0, le=1)
    noise: Probability = 0.0
    noise_snr_db: Range = (15.0, 35.0)

    @model_validator(mode="after")
    def _ordered(self) -> "AugmentWaveform":
        for name in ("stretch_rate", "gain_db", "low_pass_hz", "high_pass_hz", "delay_seconds", "noise_snr_db"):
            low, high = getattr(self, name)
            positive = name not in ("gain_db", "noise_snr_db")
            if low > high or (positive and low <= 0):
                raise ValueError(
                    f"{name} is {[low, high]}: expected the lower end first{', both above 0' if positive else ''}"
                )
        if not 0.5 <= self.stretch_rate[0] <= self.stretch_rate[1] <= 2:
            raise ValueError(f"stretch_rate is {list(self.stretch_rate)}: a phase vocoder sounds right from 0.5 to 2")
        return self

    @property
    def active(self) -> bool:
        """Whether training clips differ from epoch to epoch."""
        changes = (self.stretch, self.polarity, self.gain, self.filter, self.delay, self.noise)
        return self.crop_seconds is not None or any(changes)
