"""Modes, chord progressions and pitches."""

MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}

# Degrees of the scale the chords stand on, how many beats each lasts, and the steps stacked on it.
PROGRESSIONS: dict[str, tuple[tuple[int, ...], int, tuple[int, ...]]] = {
    "drone": ((0,), 8, (0, 4, 7)),
    "cadence": ((0, 3, 4, 0), 2, (0, 2, 4)),
    "axis": ((0, 4, 5, 3), 4, (0, 2, 4)),
    "jazz": ((1, 4, 0, 5), 2, (0, 2, 4, 6)),
    "vamp": ((0, 6), 4, (0, 2, 4, 6)),
    "descent": ((0, 6, 5, 4), 2, (0, 2, 4)),
}


def pitch(key: int, mode: str, step: int, octave: int) -> int:
    """Semitones (MIDI note) of a scale ``step`` counted from the tonic in ``octave``; steps may leave the octave."""
    scale = MODES[mode]
    turns, degree = divmod(step, len(scale))
    return 12 * (octave + 1 + turns) + key + scale[degree]


def frequency(note: float) -> float:
    """Hz of a MIDI note in equal temperament, A4 = 440 Hz; fractions are hundredths of cents over 100."""
    return 440.0 * 2 ** ((note - 69) / 12)
