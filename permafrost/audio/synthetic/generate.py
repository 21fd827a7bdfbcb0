"""Write the data set: folder/<style>/<artist>/<nn>.wav, the same bytes from the same seed."""

import wave
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from permafrost.audio.synthetic.artists import compose, draw_artist, names
from permafrost.audio.synthetic.play import play
from permafrost.audio.synthetic.settings import Synthetic
from permafrost.audio.synthetic.streams import DATA_SET, stream
from permafrost.audio.synthetic.styles import STYLES
from permafrost.progress import progress


def generate(settings: Synthetic, folder: Path, workers: int = 1) -> int:
    """Write all clips as 16-bit mono wav files under ``folder`` and return how many.

    Every clip has a random stream of its own (seed, style, artist, clip), so the bytes do not depend on ``workers``,
    the number of processes. Arithmetic is in float64: another processor's last bits do not survive rounding to 16.
    """
    roster = names(len(STYLES) * settings.artists_per_style, stream(settings.seed, DATA_SET))
    jobs = [
        (style, number, roster[index * settings.artists_per_style + number])
        for index, style in enumerate(STYLES)
        for number in range(settings.artists_per_style)
    ]
    write = partial(_write_artist, settings, folder)
    if workers <= 1:
        done = sum(progress(map(write, jobs), len(jobs), "generate", "artist"))
    else:
        with ProcessPoolExecutor(workers) as pool:
            done = sum(progress(pool.map(write, jobs), len(jobs), "generate", "artist"))
    return done


def _write_artist(settings: Synthetic, folder: Path, job: tuple[str, int, str]) -> int:
    """All clips of one artist: one job, because they share a room and wavetables."""
    name, number, artist_name = job
    style, place = STYLES[name], (settings.seed, DATA_SET, list(STYLES).index(name), number)
    artist = draw_artist(artist_name, style, stream(*place))
    target = folder / name / artist_name
    target.mkdir(parents=True, exist_ok=True)
    for clip in range(settings.clips_per_artist):
        random = stream(*place, clip)
        piece = compose(artist, style, random)
        samples = play(piece, artist.sound, settings.seconds, settings.sample_rate, random)
        write_wav(target / f"{clip:02d}.wav", samples, settings.sample_rate)
    return settings.clips_per_artist


def write_wav(path: Path, samples: np.ndarray, sample_rate: int) -> None:
    """Write int16 [samples] as a mono PCM file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.astype("<i2").tobytes())
