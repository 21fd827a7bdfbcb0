"""Artists: a sound that colours all clips, and habits in what they choose to play."""

from dataclasses import dataclass

import numpy as np

from permafrost.audio.synthetic.mix import BANDS
from permafrost.audio.synthetic.piece import Piece, Sound
from permafrost.audio.synthetic.styles import Style

_FIRST = """amber ashen blue brass broken copper crimson distant electric fallen golden hollow iron ivory jade lunar
midnight north paper quiet rusty silent silver velvet"""
_SECOND = """anchors arcade bridges canyon choir clocks engines falcons ferns foxes gardens harbour lanterns letters
magpies meadows mirrors orchard pilots rivers sparrows tides towers wolves"""
FOCUS = 3.0  # power of the styles' weights: the higher, the more styles keep to what they like best
LOYALTY = 0.7  # how often an artist does as usual instead of drawing afresh from the style


@dataclass(frozen=True)
class Artist:
    """Who plays: a sound, and what is usual for them (a piece whose factors they return to)."""

    name: str
    sound: Sound
    usual: Piece


def names(count: int, random: np.random.Generator) -> list[str]:
    """``count`` different names, at most 576."""
    every = [f"{first}_{second}" for first in _FIRST.split() for second in _SECOND.split()]
    return [every[index] for index in random.permutation(len(every))[:count]]


def draw_sound(random: np.random.Generator) -> Sound:
    """A sound of one's own."""
    return Sound(
        detune=float(random.uniform(-30, 30)),
        brightness=float(random.uniform(-0.2, 0.2)),
        drum_tuning=float(2 ** random.uniform(-0.2, 0.2)),
        looseness=float(random.uniform(0.0, 0.008)),
        equaliser=tuple(float(level) for level in random.uniform(-4, 4, len(BANDS))),
        room=float(random.uniform(0.08, 0.6)),
        wet=float(random.uniform(0.0, 0.5)),
        room_seed=int(random.integers(2**32)),
        noise=float(random.uniform(-70, -45)),
        drive=float(random.uniform(0.5, 2.0)),
        level=float(random.uniform(-15, -1)),
    )


def draw_artist(name: str, style: Style, random: np.random.Generator) -> Artist:
    """An artist of a style: habits are a draw from what the style allows."""
    return Artist(name, draw_sound(random), draw_piece(style, random))


def draw_piece(style: Style, random: np.random.Generator) -> Piece:
    """A piece as the style has them, by nobody in particular."""
    choice = {}
    for factor, options in style.factors.items():
        weights = np.array(list(options.values())) ** FOCUS
        choice[factor] = str(random.choice(list(options), p=weights / weights.sum()))
    low, high = style.tempo
    levels = tuple(level + float(random.uniform(-3, 3)) for level in style.levels)
    return Piece(tempo=float(random.uniform(low, high)), key=int(random.integers(12)), levels=levels, **choice)


def compose(artist: Artist, style: Style, random: np.random.Generator) -> Piece:
    """A piece by the artist: each factor as usual with probability LOYALTY, else as the style has it."""
    fresh = draw_piece(style, random)
    usual = {
        factor: getattr(artist.usual, factor)
        for factor in (*style.factors, "key", "levels")
        if random.random() < LOYALTY
    }
    tempo = 0.5 * (artist.usual.tempo + fresh.tempo) if random.random() < LOYALTY else fresh.tempo
    return Piece(**{**vars(fresh), **usual, "tempo": tempo})
