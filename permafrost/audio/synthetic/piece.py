"""What a clip is made of: the factors of the music, and the sound of whoever plays it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """The factors of one clip. Names are keys of the tables in rhythm, drums, harmony, parts and instruments."""

    tempo: float  # beats a minute
    metre: str
    drums: str  # pattern
    kit: str
    key: int  # pitch class of the tonic, 0 = C
    mode: str
    progression: str
    chords: str  # pattern of the accompaniment
    chord_instrument: str
    bass: str  # pattern
    lead: str  # how busy the melody is
    lead_instrument: str
    levels: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # dB of drums, bass, chords, lead


@dataclass(frozen=True)
class Sound:
    """What an artist's clips share whatever is played: tuning, tone, room, noise and level."""

    detune: float  # cents off concert pitch
    brightness: float  # added to how fast harmonics fall off; below 0 is brighter
    drum_tuning: float  # factor on the drums' frequencies
    looseness: float  # standard deviation of onsets, s
    equaliser: tuple[float, ...]  # gain in dB at mix.BANDS
    room: float  # decay time of the room (to -60 dB), s
    wet: float  # level of the room relative to the direct sound
    room_seed: int
    noise: float  # noise floor, dB relative to full scale
    drive: float  # gain into a soft clipper
    level: float  # dB relative to full scale of the peak
