"""The source task: name the factors a clip was made from, each drawn independently of all others.

Styles are combinations of factors, so a network that hears factors has what it needs to learn styles; but no style,
artist or random stream of the data set is in here.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from permafrost.audio.synthetic.artists import draw_sound
from permafrost.audio.synthetic.drums import KITS, PATTERNS
from permafrost.audio.synthetic.harmony import MODES, PROGRESSIONS
from permafrost.audio.synthetic.instruments import INSTRUMENTS
from permafrost.audio.synthetic.parts import BASS, CHORDS, LEADS
from permafrost.audio.synthetic.piece import Piece, Sound
from permafrost.audio.synthetic.play import play
from permafrost.audio.synthetic.rhythm import METRES
from permafrost.audio.synthetic.settings import SourceTask
from permafrost.audio.synthetic.streams import SOURCE, stream
from permafrost.progress import progress

NOT_HEARD = -100  # label of a factor that cannot be heard, such as the kit of a piece without drums

_TUNED = [name for name in INSTRUMENTS if name != "bass"]
TEMPOS = (50, 60, 72, 86, 103, 124, 149, 180)  # edges of the tempo classes, beats a minute, a fifth apart
FACTORS: dict[str, list[str]] = {
    "metre": list(METRES),
    "drums": list(PATTERNS),
    "kit": list(KITS),
    "mode": list(MODES),
    "progression": list(PROGRESSIONS),
    "chords": list(CHORDS),
    "chord_instrument": _TUNED,
    "bass": list(BASS),
    "lead": list(LEADS),
    "lead_instrument": _TUNED,
}
CLASSES = {"tempo": len(TEMPOS) - 1, "key": 12, **{factor: len(options) for factor, options in FACTORS.items()}}


@dataclass(frozen=True)
class SourceClips:
    """``inputs`` [clips, …] (int16 waveforms, or what was made of them) and int64 [clips] ``labels`` of each factor."""

    inputs: np.ndarray
    labels: dict[str, np.ndarray]


def source_task(
    settings: SourceTask, workers: int = 1, transform: Callable[[np.ndarray], np.ndarray] | None = None
) -> SourceClips:
    """Play the source task's clips in ``workers`` processes.

    Args:
        settings: how many clips, how long, and the seed.
        workers: processes; the result does not depend on it.
        transform: turns int16 [n, samples] into the array to keep, in the processes that play; must pickle.
    """
    artists = [
        range(first, min(first + settings.clips_per_artist, settings.clips))
        for first in range(0, settings.clips, settings.clips_per_artist)
    ]
    make = partial(_play_artist, settings, transform)
    if workers <= 1:
        made = list(progress(map(make, artists), len(artists), "source task", "artist"))
    else:
        with ProcessPoolExecutor(workers) as pool:
            made = list(progress(pool.map(make, artists, chunksize=4), len(artists), "source task", "artist"))
    pieces = [piece for some, _ in made for piece in some]
    return SourceClips(np.concatenate([inputs for _, inputs in made]), labels(pieces))


def source_sound(seed: int, artist: int) -> Sound:
    """The sound of the source task's artist number ``artist``."""
    return draw_sound(stream(seed, SOURCE, artist))


def labels(pieces: list[Piece]) -> dict[str, np.ndarray]:
    """The class of each factor of CLASSES as int64 [pieces]; NOT_HEARD where it leaves no trace in the sound."""
    found = {factor: [options.index(getattr(piece, factor)) for piece in pieces] for factor, options in FACTORS.items()}
    found["tempo"] = [int(np.searchsorted(TEMPOS, piece.tempo, side="right")) - 1 for piece in pieces]
    found["key"] = [piece.key for piece in pieces]
    for row, piece in enumerate(pieces):
        if piece.drums == "none":
            found["kit"][row] = NOT_HEARD
        if piece.lead == "none":
            found["lead_instrument"][row] = NOT_HEARD
    return {factor: np.array(found[factor], dtype=np.int64) for factor in CLASSES}


def _play_artist(
    settings: SourceTask, transform: Callable[[np.ndarray], np.ndarray] | None, clips: range
) -> tuple[list[Piece], np.ndarray]:
    artist = clips.start // settings.clips_per_artist
    sound = source_sound(settings.seed, artist)
    pieces, waveforms = [], []
    for clip in clips:
        random = stream(settings.seed, SOURCE, artist, clip)
        piece = _draw_piece(random)
        waveforms.append(play(piece, sound, settings.seconds, settings.sample_rate, random))
        pieces.append(piece)
    inputs = np.stack(waveforms)
    return pieces, transform(inputs) if transform else inputs


def _draw_piece(random: np.random.Generator) -> Piece:
    choice = {factor: options[random.integers(len(options))] for factor, options in FACTORS.items()}
    tempo = float(np.exp(random.uniform(np.log(TEMPOS[0]), np.log(TEMPOS[-1]))))
    levels = tuple(float(level) for level in random.uniform(-6, 6, 4))
    return Piece(tempo=tempo, key=int(random.integers(12)), levels=levels, **choice)
