"""Play a piece with an artist's sound."""

from collections.abc import Iterable

import numpy as np

from permafrost.audio.synthetic import parts
from permafrost.audio.synthetic.drums import KITS, hits, strike
from permafrost.audio.synthetic.harmony import frequency, pitch
from permafrost.audio.synthetic.instruments import INSTRUMENTS, tone
from permafrost.audio.synthetic.mix import add, finish, gain
from permafrost.audio.synthetic.parts import Note
from permafrost.audio.synthetic.piece import Piece, Sound
from permafrost.audio.synthetic.rhythm import METRES

# dB of drums, bass, chords and lead before the piece's own levels
BALANCE = (-3.0, -4.0, -9.0, -8.0)
OCTAVES = {"bass": 2, "chords": 4, "lead": 5}


def play(piece: Piece, sound: Sound, seconds: float, sample_rate: int, random: np.random.Generator) -> np.ndarray:
    """The piece as int16 [round(seconds * sample_rate)]: an excerpt that starts anywhere in a bar."""
    metre = METRES[piece.metre]
    beat = 60 / piece.tempo
    start = float(random.uniform(0, metre.beats * beat))
    bars = int(np.ceil((seconds + start) / (metre.beats * beat)))
    track = np.zeros(round(seconds * sample_rate))
    levels = [gain(base + own) for base, own in zip(BALANCE, piece.levels, strict=True)]

    def sample(position: float) -> int:
        return round((position * beat - start + sound.looseness * random.standard_normal()) * sample_rate)

    struck: dict[str, np.ndarray] = {}
    for drum, position in hits(piece.drums, metre):
        if drum not in struck:
            struck[drum] = strike(drum, KITS[piece.kit], sound.drum_tuning, sample_rate, random)
        for bar in range(bars):
            level = levels[0] * random.uniform(0.8, 1.0)
            add(track, struck[drum], sample(bar * metre.beats + position), level)

    played: dict[tuple[str, int, float], np.ndarray] = {}

    def perform(notes: Iterable[Note], instrument: str, octave: int, level: float) -> None:
        for note in notes:
            if note.beat * beat >= seconds + start or (note.beat + note.beats) * beat <= start:
                continue
            what = (instrument, 12 * octave + note.step, note.beats)
            if what not in played:
                semitones = pitch(piece.key, piece.mode, note.step, octave) + sound.detune / 100
                played[what] = tone(
                    INSTRUMENTS[instrument], frequency(semitones), note.beats * beat, sound.brightness, sample_rate
                )
            add(track, played[what], sample(note.beat), level * note.level)

    perform(parts.bass(piece.bass, piece.progression, metre, bars), "bass", OCTAVES["bass"], levels[1])
    perform(
        parts.chords(piece.chords, piece.progression, metre, bars),
        piece.chord_instrument,
        OCTAVES["chords"],
        levels[2],
    )
    perform(
        parts.lead(piece.lead, piece.progression, metre, bars, random),
        piece.lead_instrument,
        OCTAVES["lead"],
        levels[3],
    )
    return finish(track, sound, sample_rate, random)
