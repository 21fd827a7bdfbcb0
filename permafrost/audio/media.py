"""Clips to see and to hear inside a page: small spectrograms and short sounds as data addresses."""

import base64
import io
from typing import NamedTuple

import numpy as np

from permafrost.audio.inputs import LogMel
from permafrost.audio.logmel import LogMelTransform
from permafrost.audio.samples import FULL_SCALE

PICTURE = (64, 240)  # height, width in pixels
SHADES = 48
LONGEST = 10.0  # seconds of a clip that can be heard
RATE = 11_025  # Hz
# magma (Smith & van der Walt 2015), every eighth: even steps of lightness.
MAGMA = "000004 120d31 331067 59157e 7e2482 a3307e c83e73 e95462 f97b5d fea973 fed395 fcfdbf"


class Shown(NamedTuple):
    """A clip in a page: data addresses of its picture and its sound (empty where it has none), and what the picture is,
    in words with ``{}`` for the clip."""

    picture: str
    sound: str
    words: str


def picture(samples: np.ndarray, rate: int) -> str:
    """The log-mel spectrogram of a clip (int16 [samples] at ``rate`` Hz): a PNG as a data address, low notes below."""
    window = 1024 if len(samples) >= 4 * 1024 else 256
    settings = LogMel(n_mels=48, n_fft=window, hop_length=window // 4, scale="db", size=PICTURE, resize="bilinear")
    transform = LogMelTransform(settings, rate, len(samples))
    transform.waveform[:] = samples
    return png(magma(transform()[::-1]))


def png(pixels: np.ndarray) -> str:
    """``pixels`` uint8 [height, width, 3] as a PNG in a data address, in no more than ``SHADES`` colours."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).quantize(SHADES, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return _address("image/png", file.getvalue())


def magma(values: np.ndarray) -> np.ndarray:
    """Values from 0 to 1 as colours, uint8 [..., 3]."""
    anchors = np.array([list(bytes.fromhex(colour)) for colour in MAGMA.split()])
    places = np.round(np.asarray(values) * (SHADES - 1)) * (len(anchors) - 1) / (SHADES - 1)
    parts = [np.interp(places, np.arange(len(anchors)), anchors[:, part]) for part in range(3)]
    return np.stack(parts, axis=-1).round().astype(np.uint8)


def sound(samples: np.ndarray, rate: int) -> str:
    """The first seconds of a clip (int16 [samples] at ``rate`` Hz) as a small MP3 in a data address.

    MP3 rather than Ogg Vorbis: every browser plays it, and libsndfile gives an Ogg stream a random number, so that
    equal studies would give unequal pages.
    """
    import soundfile
    import soxr

    heard = np.asarray(samples[: round(LONGEST * rate)], dtype=np.float32) / FULL_SCALE
    loudest = float(np.abs(heard).max()) or 1.0
    heard = soxr.resample(heard * (0.89 / loudest), rate, RATE)
    file = io.BytesIO()
    soundfile.write(
        file, np.clip(heard, -1, 1), RATE, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode="VARIABLE",
        compression_level=0.6,
    )  # fmt: skip
    return _address("audio/mpeg", file.getvalue())


def _address(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
