"""Drum patterns, and the sounds of the kits that play them."""

from dataclasses import dataclass

import numpy as np

from permafrost.audio.synthetic.rhythm import Metre, onsets, subdivisions

# Hits of a bar written straight in four beats; "steps" and "beats" stand for each step and each beat of the metre.
Hits = tuple[float, ...] | str
PATTERNS: dict[str, dict[str, Hits]] = {
    "none": {},
    "floor": {"kick": "beats", "snare": (1.0, 3.0), "open": (0.5, 1.5, 2.5, 3.5)},
    "backbeat": {"kick": (0.0, 2.0, 2.5), "snare": (1.0, 3.0), "hat": "steps"},
    "halftime": {"kick": (0.0, 0.75), "snare": (2.0,), "hat": "beats"},
    "breaks": {"kick": (0.0, 0.5, 2.75), "snare": (1.0, 1.75, 2.25, 3.0, 3.75), "hat": "steps"},
    "onedrop": {"kick": (2.0,), "rim": (2.0, 3.75), "hat": (0.5, 1.5, 2.5, 3.5)},
    "ride": {"open": (0.0, 1.0, 1.5, 2.0, 3.0, 3.5), "hat": (1.0, 3.0)},
    "oompah": {"kick": (0.0,), "snare": (1.0, 2.0, 3.0)},
    "clave": {"kick": (0.0, 2.0), "rim": (0.0, 0.75, 1.5, 2.5, 3.0), "hat": "steps"},
}


@dataclass(frozen=True)
class Kit:
    """How the drums of a kit sound: frequencies in Hz, decay times in s."""

    kick: float  # frequency the kick falls to
    sweep: float  # how many times higher it starts
    kick_decay: float
    snare: float  # frequency of the shell
    snare_decay: float
    snare_noise: float  # share of noise
    hat_decay: float
    click: float  # level of the kick's attack noise


KITS = {
    "acoustic": Kit(62.0, 2.0, 0.09, 190.0, 0.09, 0.7, 0.035, 0.30),
    "electronic": Kit(48.0, 7.0, 0.16, 240.0, 0.07, 0.9, 0.020, 0.05),
    "brushes": Kit(75.0, 1.5, 0.05, 170.0, 0.16, 0.95, 0.070, 0.10),
    "box": Kit(90.0, 3.0, 0.04, 330.0, 0.04, 0.4, 0.012, 0.50),
}
LEVELS = {"kick": 1.0, "snare": 0.7, "rim": 0.5, "hat": 0.22, "open": 0.22}


def hits(pattern: str, metre: Metre) -> list[tuple[str, float]]:
    """(drum, position in beats) of one bar of ``pattern`` in ``metre``."""
    found = []
    for drum, bar in PATTERNS[pattern].items():
        if bar == "steps":
            positions = subdivisions(metre)
        elif bar == "beats":
            positions = [float(beat) for beat in range(metre.beats)]
        else:
            positions = onsets(metre, bar)
        found += [(drum, position) for position in positions]
    return found


def strike(drum: str, kit: Kit, tuning: float, sample_rate: int, random: np.random.Generator) -> np.ndarray:
    """One hit of ``drum`` as float64 [samples], peak about its level in the kit."""
    decay = {
        "kick": kit.kick_decay,
        "snare": kit.snare_decay,
        "rim": 0.02,
        "hat": kit.hat_decay,
        "open": 5 * kit.hat_decay,
    }[drum]
    time = np.arange(int(5 * decay * sample_rate)) / sample_rate
    envelope = np.exp(-time / decay)
    noise = random.standard_normal(time.size)
    if drum == "kick":
        # frequency falls exponentially from sweep x to 1 x; its integral is the phase
        fall = 0.03
        phase = kit.kick * tuning * (time + (kit.sweep - 1) * fall * (1 - np.exp(-time / fall)))
        sound = np.sin(2 * np.pi * phase) * envelope + kit.click * noise * np.exp(-time / 0.003)
    elif drum == "snare":
        shell = np.sin(2 * np.pi * kit.snare * tuning * time)
        sound = envelope * ((1 - kit.snare_noise) * shell + 0.5 * kit.snare_noise * noise)
    elif drum == "rim":
        sound = envelope * np.sin(2 * np.pi * 4.5 * kit.snare * tuning * time)
    else:
        sound = envelope * np.diff(noise, n=2, prepend=(0.0, 0.0)) * 0.4  # differences leave the high frequencies
    return LEVELS[drum] * sound
