"""What a recipe reads: the ``input`` section of a recipe."""

from typing import Annotated, Literal

import pydantic

from permafrost.settings import Positive, Settings

Side = Annotated[int, pydantic.Field(ge=1, le=65536)]


class Picture(Settings):
    """What all pictures have, [mels, frames].

    ``sample_rate`` is the picture's own in Hz (null: as preprocessed). ``normalise_clip: minmax`` takes each clip's
    values to 0 … 1, ``none`` leaves them; then ``mean`` is subtracted and divided by ``std``, those of what the weights
    were trained on. ``chunk`` is how many columns a network reads at a time: a longer clip is several inputs, evenly
    spaced without a gap, whose outputs are averaged; a shorter one is followed by silence.
    """

    sample_rate: int | None = pydantic.Field(default=None, ge=1000, le=192000)
    n_mels: int = pydantic.Field(default=128, ge=1, le=1024)
    fmin: float = pydantic.Field(default=0.0, ge=0.0, le=96000.0)
    fmax: float | None = pydantic.Field(default=None, gt=0.0, le=96000.0)
    normalise_clip: Literal["minmax", "none"] = "minmax"
    mean: float = 0.0
    std: Positive = 1.0
    chunk: Side | None = None


class LogMel(Picture):
    """``models.X.input`` of a recipe that reads log-mel images.

    ``scale: db`` is ``librosa.power_to_db(mel, ref=np.max, amin=1e-10, top_db=80)``; ``log1p`` is the natural logarithm
    of 1 + power; ``log10`` is musicnn's log10(1 + 10,000 power); ``whisper`` is Whisper's log10 of power, at least
    1e-10 and at most 8 below the clip's largest. ``size`` is [height, width] of the image, null keeps [n_mels, frames].
    ``resize: bilinear`` samples plainly (no antialiasing, half-pixel centres: what torch's ``interpolate`` does);
    ``area`` averages every value that an output pixel touches. ``fmax: null`` is half the sample rate.
    """

    kind: Literal["logmel"] = "logmel"
    n_fft: int = pydantic.Field(default=2048, ge=16, le=65536)
    hop_length: int = pydantic.Field(default=512, ge=1, le=65536)
    scale: Literal["log1p", "db", "log10", "whisper"] = "log1p"
    size: tuple[Side, Side] | None = None
    resize: Literal["bilinear", "area"] = "bilinear"


class FilterBank(Picture):
    """``models.X.input`` of a recipe that reads Kaldi's filter banks: see ``audio.filterbank``; logarithms of power in
    windows of 25 ms every 10 ms."""

    kind: Literal["filterbank"] = "filterbank"
    fmin: float = pydantic.Field(default=20.0, ge=0.0, le=96000.0)
    normalise_clip: Literal["minmax", "none"] = "none"


class Waveform(Settings):
    """``models.X.input`` of a recipe that reads waveforms: int16, at ``sample_rate`` Hz (null: as preprocessed)."""

    kind: Literal["waveform"] = "waveform"
    sample_rate: int | None = pydantic.Field(default=None, ge=1000, le=192000)


Input = LogMel | FilterBank | Waveform
RecipeInput = Annotated[Input, pydantic.Field(discriminator="kind")]


class Rendered(Settings):
    """The part of a recipe that decides what is rendered."""

    input: RecipeInput
