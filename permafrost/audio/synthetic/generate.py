"""Write the data set: folder/<style>/<artist>/<nn>.wav, the same bytes from the same seed."""

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from permafrost.audio.pool import spread
from permafrost.audio.synthetic.artists import compose, draw_artist, names
from permafrost.audio.synthetic.play import play
from permafrost.audio.synthetic.settings import Synthetic
from permafrost.audio.synthetic.streams import DATA_SET, stream
from permafrost.audio.synthetic.styles import STYLES


def generate(settings: Synthetic, folder: Path, workers: int | None = None) -> int:
    """Write all clips as 16-bit mono wav files under ``folder`` and return how many.

    Every clip has a random stream of its own (seed, style, artist, clip), so the bytes do not depend on ``workers``,
    the number of processes (by default one a core). Arithmetic is in float64: what another processor does to its last
    bits does not survive rounding to 16.
    """
    for place in _places(settings):
        (folder / place).mkdir(parents=True, exist_ok=True)
    clips = len(STYLES) * settings.artists_per_style * settings.clips_per_artist
    return len(spread(_writer, (settings, folder), clips, "generate", workers))


def _places(settings: Synthetic) -> list[Path]:
    """The folder <style>/<artist> of each artist."""
    roster = names(len(STYLES) * settings.artists_per_style, stream(settings.seed, DATA_SET))
    return [Path(list(STYLES)[number // settings.artists_per_style], name) for number, name in enumerate(roster)]


def _writer(settings: Synthetic, folder: Path) -> Callable[[int], None]:
    """A process's own function that writes the clip of a number."""
    places = _places(settings)

    def write(number: int) -> None:
        artist_number, clip = divmod(number, settings.clips_per_artist)
        style_number, member = divmod(artist_number, settings.artists_per_style)
        style, place = list(STYLES.values())[style_number], places[artist_number]
        artist = draw_artist(place.name, style, stream(settings.seed, DATA_SET, style_number, member))
        random = stream(settings.seed, DATA_SET, style_number, member, clip)
        piece = compose(artist, style, random)
        samples = play(piece, artist.sound, settings.seconds, settings.sample_rate, random)
        write_wav(folder / place / f"{clip:02d}.wav", samples, settings.sample_rate)

    return write


def write_wav(path: Path, samples: np.ndarray, sample_rate: int) -> None:
    """Write int16 [samples] as a mono PCM file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.astype("<i2").tobytes())
