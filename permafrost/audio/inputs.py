"""What a recipe reads: the ``input`` section of a recipe."""

from typing import Annotated, Literal

import pydantic

from permafrost.settings import Settings

Side = Annotated[int, pydantic.Field(ge=1, le=65536)]


class LogMel(Settings):
    """``models.X.input`` of a recipe that reads log-mel images.

    ``scale: db`` is ``librosa.power_to_db(mel, ref=np.max, amin=1e-10, top_db=80)``; ``log1p`` is the natural logarithm
    of 1 + power. ``size`` is [height, width] of the image, null keeps [n_mels, frames]. ``resize: bilinear`` samples
    plainly (no antialiasing, half-pixel centres: what torch's ``interpolate`` does); ``area`` averages every value that
    an output pixel touches. ``fmax: null`` is half the sample rate.
    """

    kind: Literal["logmel"] = "logmel"
    n_mels: int = pydantic.Field(default=128, ge=1, le=1024)
    n_fft: int = pydantic.Field(default=2048, ge=16, le=65536)
    hop_length: int = pydantic.Field(default=512, ge=1, le=65536)
    fmin: float = pydantic.Field(default=0.0, ge=0.0, le=96000.0)
    fmax: float | None = pydantic.Field(default=None, gt=0.0, le=96000.0)
    scale: Literal["log1p", "db"] = "log1p"
    size: tuple[Side, Side] | None = None
    resize: Literal["bilinear", "area"] = "bilinear"


class Waveform(Settings):
    """``models.X.input`` of a recipe that reads waveforms: int16, at ``sample_rate`` Hz (null: as preprocessed)."""

    kind: Literal["waveform"] = "waveform"
    sample_rate: int | None = pydantic.Field(default=None, ge=1000, le=192000)


RecipeInput = Annotated[LogMel | Waveform, pydantic.Field(discriminator="kind")]


class Rendered(Settings):
    """The part of a recipe that decides what is rendered."""

    input: RecipeInput
