"""The source task: name the factors a clip was made from, each drawn independently of all others.

Styles are combinations of factors, so a network that hears factors has what it needs to learn styles; but no style,
artist or random stream of the data set is in here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from permafrost.audio.pool import spread
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

Transform = Callable[[np.ndarray], np.ndarray]
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
    settings: SourceTask,
    workers: int | None = None,
    renderer: Callable[..., Transform] | None = None,
    arguments: tuple[Any, ...] = (),
) -> SourceClips:
    """Play the source task's clips.

    Args:
        settings: how many clips, how long, and the seed.
        workers: processes, by default one a core; the result does not depend on it.
        renderer: called with ``arguments`` once in each process, gives what turns a waveform, int16 [samples], into
            the array to keep; without it the waveforms are kept.
        arguments: for ``renderer``.
    """
    played = spread(_player, (settings, renderer, arguments), settings.clips, "source task", workers)
    pieces = [piece for piece, _ in played]
    return SourceClips(np.stack([array for _, array in played]), labels(pieces))


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


def _player(
    settings: SourceTask, renderer: Callable[..., Transform] | None, arguments: tuple[Any, ...]
) -> Callable[[int], tuple[Piece, np.ndarray]]:
    """A process's own function that plays the clip of a number."""
    transform = renderer(*arguments) if renderer else None

    def play_clip(clip: int) -> tuple[Piece, np.ndarray]:
        artist = clip // settings.clips_per_artist
        random = stream(settings.seed, SOURCE, artist, clip)
        piece = _draw_piece(random)
        sound = source_sound(settings.seed, artist)
        waveform = play(piece, sound, settings.seconds, settings.sample_rate, random)
        return piece, transform(waveform) if transform else waveform

    return play_clip


def _draw_piece(random: np.random.Generator) -> Piece:
    choice = {factor: options[random.integers(len(options))] for factor, options in FACTORS.items()}
    tempo = float(np.exp(random.uniform(np.log(TEMPOS[0]), np.log(TEMPOS[-1]))))
    levels = tuple(float(level) for level in random.uniform(-6, 6, 4))
    return Piece(tempo=tempo, key=int(random.integers(12)), levels=levels, **choice)
