"""What the pitched instruments play: accompaniment, bass and melody, as notes in beats and scale steps."""

from dataclasses import dataclass

import numpy as np

from permafrost.audio.synthetic.harmony import PROGRESSIONS
from permafrost.audio.synthetic.rhythm import Metre, onsets, subdivisions


@dataclass(frozen=True)
class Note:
    """A note at ``beat`` for ``beats``; ``step`` counts scale steps from the tonic of the part's octave."""

    beat: float
    beats: float
    step: int
    level: float = 1.0


# Chord patterns: onsets in a bar written straight in four beats, how long each chord is held, and whether it is broken
# into single notes. The empty pattern holds each chord until the next.
CHORDS: dict[str, tuple[tuple[float, ...], float, bool]] = {
    "pad": ((), 0.0, False),
    "block": ((0.0, 1.0, 2.0, 3.0), 0.9, False),
    "offbeat": ((0.5, 1.5, 2.5, 3.5), 0.3, False),
    "arpeggio": ((0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5), 0.7, True),
    "strum": ((0.0, 1.0, 1.5, 2.5, 3.0, 3.5), 0.45, False),
    "comping": ((0.0, 1.5, 2.75), 0.4, False),
}
BASS: dict[str, tuple[tuple[float, int], ...]] = {  # (onset, scale steps above the chord's root)
    "none": (),
    "root": ((0.0, 0), (2.0, 0)),
    "fifth": ((0.0, 0), (1.0, 4), (2.0, 0), (3.0, 4)),
    "walking": ((0.0, 0), (1.0, 2), (2.0, 4), (3.0, 5)),
    "pumping": tuple((eighth / 2, 0) for eighth in range(8)),
    "octave": tuple((eighth / 2, 7 * (eighth % 2)) for eighth in range(8)),
    "syncopated": ((0.0, 0), (0.75, 0), (1.5, 7), (2.5, 4), (3.75, 6)),
}
LEADS = {"none": 0.0, "sparse": 0.25, "phrases": 0.55, "runs": 0.95}  # share of the steps with a note


def root_at(progression: str, beat: float) -> int:
    """Scale step of the chord that sounds at ``beat``."""
    degrees, length, _ = PROGRESSIONS[progression]
    return degrees[int(beat // length) % len(degrees)]


def chords(pattern: str, progression: str, metre: Metre, bars: int) -> list[Note]:
    """The accompaniment of ``bars`` bars."""
    degrees, length, stack = PROGRESSIONS[progression]
    bar, held, broken = CHORDS[pattern]
    notes = []
    if not bar:
        total = bars * metre.beats
        for number, beat in enumerate(range(0, total, length)):
            root = degrees[number % len(degrees)]
            notes += [Note(float(beat), float(length), _close(root + step)) for step in stack]
        return notes
    count = 0
    for start in range(0, bars * metre.beats, metre.beats):
        for onset in onsets(metre, bar):
            root = root_at(progression, start + onset)
            steps = [stack[count % len(stack)]] if broken else stack
            notes += [Note(start + onset, held, _close(root + step), 1.4 if broken else 1.0) for step in steps]
            count += 1
    return notes


def bass(pattern: str, progression: str, metre: Metre, bars: int) -> list[Note]:
    """The bass line of ``bars`` bars; each note lasts until the next."""
    steps = dict(BASS[pattern])
    line = [
        (start + moved, root_at(progression, start + moved) + steps[straight])
        for start in range(0, bars * metre.beats, metre.beats)
        for straight in steps
        if straight < metre.beats
        for moved in onsets(metre, (straight,))
    ]
    ends = [*(beat for beat, _ in line), float(bars * metre.beats)][1:]
    return [Note(beat, 0.9 * (end - beat), _low(step)) for (beat, step), end in zip(line, ends, strict=True)]


def lead(density: str, progression: str, metre: Metre, bars: int, random: np.random.Generator) -> list[Note]:
    """A melody that walks on the scale in small steps and comes home to the chord on the first beat of a bar."""
    notes: list[Note] = []
    step = int(random.integers(0, 7))
    positions = [start * metre.beats + position for start in range(bars) for position in subdivisions(metre)]
    played = random.random(len(positions)) < LEADS[density]
    walk = random.integers(-2, 3, len(positions))
    for position, plays, move in zip(positions, played, walk, strict=True):
        if not plays:
            continue
        step = min(max(step + int(move), -3), 11)
        if position % metre.beats == 0:
            step = root_at(progression, position) % 7 + 2 * int(random.integers(0, 3))
        notes.append(Note(position, 0.45 if density == "runs" else 0.8, step))
    return notes


def _close(step: int) -> int:
    """Voice a chord's note within an octave and a half around the tonic, so that chords move little."""
    return step if step < 9 else step - 7


def _low(step: int) -> int:
    return step if step < 8 else step - 7
