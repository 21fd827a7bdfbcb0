"""The ten styles: what each prefers, as weights over the factors of a piece. Ranges overlap, as styles do."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Style:
    """Tempo range (beats a minute), levels in dB of drums, bass, chords and lead, and weights of the options."""

    tempo: tuple[float, float]
    factors: dict[str, dict[str, float]]
    levels: tuple[float, float, float, float] = field(default=(0.0, 0.0, 0.0, 0.0))


def _factors(**weights: str) -> dict[str, dict[str, float]]:
    """Read "name 3, other 1" into {"name": 3, "other": 1}: the table below stays readable."""
    return {
        factor: {name: float(weight) for name, weight in (option.split() for option in text.split(","))}
        for factor, text in weights.items()
    }


STYLES = {
    "ambient": Style(
        (55, 100),
        _factors(
            metre="four 3, three 1, six 2",
            drums="none 5, halftime 2, onedrop 1",
            kit="electronic 2, brushes 2",
            mode="major 2, dorian 2, minor 2",
            progression="drone 4, axis 2, vamp 2",
            chords="pad 5, arpeggio 3",
            chord_instrument="strings 3, organ 2, bell 2, flute 1",
            bass="none 3, root 3",
            lead="none 2, sparse 4, phrases 1",
            lead_instrument="bell 2, flute 3, strings 2, piano 1",
        ),
        (-6, -2, 3, -2),
    ),
    "ballad": Style(
        (58, 100),
        _factors(
            metre="four 4, six 3, three 1",
            drums="none 2, halftime 3, backbeat 2",
            kit="acoustic 4, brushes 3",
            mode="major 4, minor 2",
            progression="axis 5, cadence 2, descent 2",
            chords="arpeggio 4, block 4, pad 1",
            chord_instrument="piano 5, guitar 2, strings 1",
            bass="root 4, fifth 2, none 1",
            lead="sparse 2, phrases 4",
            lead_instrument="flute 2, strings 2, reed 2, piano 2",
        ),
        (-4, 0, 1, 1),
    ),
    "breaks": Style(
        (115, 175),
        _factors(
            metre="four 6, swung 1",
            drums="breaks 6, backbeat 2, clave 1",
            kit="electronic 3, acoustic 3, box 1",
            mode="minor 4, dorian 2, phrygian 2",
            progression="drone 3, vamp 4, descent 1",
            chords="pad 3, offbeat 2, comping 3",
            chord_instrument="strings 2, organ 3, piano 2, reed 1",
            bass="syncopated 4, root 2, pumping 2",
            lead="none 3, sparse 3, runs 1",
            lead_instrument="reed 2, bell 2, brass 2",
        ),
        (2, 2, -1, -1),
    ),
    "disco": Style(
        (104, 136),
        _factors(
            metre="four 1",
            drums="floor 5, backbeat 3, clave 1",
            kit="acoustic 4, electronic 3",
            mode="minor 3, major 3, dorian 2",
            progression="axis 3, descent 3, cadence 1, vamp 2",
            chords="strum 3, offbeat 3, comping 2, pad 1",
            chord_instrument="guitar 3, strings 3, piano 2, brass 1",
            bass="octave 5, syncopated 2, pumping 1",
            lead="phrases 3, sparse 2, none 1",
            lead_instrument="strings 3, brass 3, flute 1",
        ),
    ),
    "dub": Style(
        (64, 100),
        _factors(
            metre="four 4, swung 3",
            drums="onedrop 5, halftime 3, floor 1",
            kit="acoustic 3, box 2, electronic 2",
            mode="minor 3, dorian 3, major 2",
            progression="vamp 4, drone 2, cadence 2",
            chords="offbeat 6, comping 2",
            chord_instrument="organ 4, guitar 3, piano 2",
            bass="syncopated 4, root 2, fifth 2",
            lead="none 2, sparse 4, phrases 1",
            lead_instrument="reed 3, brass 2, flute 2",
        ),
        (0, 4, -1, -2),
    ),
    "folk": Style(
        (84, 140),
        _factors(
            metre="four 3, three 3, six 3",
            drums="none 4, oompah 2, halftime 1, backbeat 1",
            kit="acoustic 2, brushes 3, box 2",
            mode="major 3, mixolydian 3, dorian 3",
            progression="cadence 4, axis 2, vamp 1, descent 1",
            chords="strum 4, arpeggio 4, block 1",
            chord_instrument="guitar 6, reed 2, piano 1",
            bass="none 2, root 3, fifth 3",
            lead="phrases 3, runs 4",
            lead_instrument="flute 4, reed 3, guitar 2",
        ),
        (-5, -2, 2, 2),
    ),
    "funk": Style(
        (88, 124),
        _factors(
            metre="four 5, swung 1",
            drums="backbeat 4, breaks 4, clave 1",
            kit="acoustic 5, box 1",
            mode="dorian 4, mixolydian 4, minor 1",
            progression="vamp 5, drone 3, jazz 1",
            chords="comping 4, strum 4, offbeat 1",
            chord_instrument="guitar 4, organ 2, brass 2, piano 1",
            bass="syncopated 5, octave 2, pumping 1",
            lead="sparse 3, phrases 3, none 1",
            lead_instrument="brass 4, reed 3, organ 1",
        ),
        (1, 2, 0, 0),
    ),
    "swing": Style(
        (105, 185),
        _factors(
            metre="swung 7, three 1, four 1",
            drums="ride 6, backbeat 2, oompah 1",
            kit="brushes 4, acoustic 4",
            mode="major 4, dorian 2, mixolydian 2",
            progression="jazz 6, cadence 2, vamp 1",
            chords="comping 4, block 3, pad 1",
            chord_instrument="piano 5, guitar 2, brass 1, organ 1",
            bass="walking 6, fifth 2, root 1",
            lead="runs 4, phrases 3",
            lead_instrument="brass 3, reed 4, piano 2",
        ),
        (-2, 1, 0, 2),
    ),
    "techno": Style(
        (116, 150),
        _factors(
            metre="four 1",
            drums="floor 6, breaks 1, clave 1",
            kit="electronic 6, box 2",
            mode="minor 4, phrygian 4, dorian 1",
            progression="drone 5, vamp 3",
            chords="offbeat 2, arpeggio 3, comping 2, pad 2",
            chord_instrument="organ 2, strings 2, reed 3, bell 1",
            bass="pumping 4, octave 3, root 1",
            lead="none 3, sparse 2, runs 3",
            lead_instrument="reed 3, bell 3, organ 1",
        ),
        (3, 1, -2, -2),
    ),
    "waltz": Style(
        (84, 170),
        _factors(
            metre="three 7, six 2, four 1",
            drums="oompah 4, none 3, ride 1",
            kit="brushes 3, acoustic 3, box 1",
            mode="major 5, minor 3",
            progression="cadence 4, descent 2, axis 2, jazz 1",
            chords="block 4, arpeggio 2, strum 1, pad 1",
            chord_instrument="piano 3, strings 3, reed 2, brass 1",
            bass="root 4, fifth 4, walking 1",
            lead="phrases 4, runs 2, sparse 1",
            lead_instrument="strings 3, flute 2, reed 2, piano 1",
        ),
        (-3, 0, 1, 1),
    ),
}
