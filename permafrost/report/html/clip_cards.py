"""The clips that every strategy gets wrong, to see and to hear."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from permafrost.data.tables import ClipRow, read_clips
from permafrost.evaluation.mistakes import HardClip
from permafrost.evaluation.wording import percent
from permafrost.report.html.media import picture, sound

MOST = 9
BUDGET = 300_000  # characters of pictures and sounds together: the page is to stay below a megabyte


@dataclass(frozen=True)
class Recordings:
    """clips.csv, and the waveforms int16 [clips, samples] at ``rate`` Hz in the same order."""

    clips: Sequence[ClipRow]
    waveforms: np.ndarray
    rate: int


def read_recordings(data: Path, rate: int) -> Recordings:
    """What preprocessing left in the folder ``data``."""
    waveforms = np.load(data / "waveforms.npy", mmap_mode="r", allow_pickle=False)
    return Recordings(read_clips(data / "clips.csv"), waveforms, rate)


@dataclass(frozen=True)
class Card:
    """One clip: what it is, what it was taken for; ``picture`` and ``sound`` are data addresses (empty: no room)."""

    clip_id: str
    label: str
    taken_for: str
    wrong: str
    alt: str
    picture: str
    sound: str


def clip_cards(hard: Sequence[HardClip], recordings: Recordings | None) -> list[Card]:
    """Cards of the hardest clips, as many as fit; ``hard`` is ordered. Without ``recordings`` they are text alone."""
    place = {clip.clip_id: number for number, clip in enumerate(recordings.clips)} if recordings else {}
    cards, spent = [], 0
    for clip in hard[:MOST]:
        seen = heard = seconds = ""
        if recordings and clip.clip_id in place:
            number = place[clip.clip_id]
            samples = np.ascontiguousarray(recordings.waveforms[number])
            seconds = f", {recordings.clips[number].seconds:.1f} seconds"
            seen, heard = picture(samples, recordings.rate), sound(samples, recordings.rate)
            if spent + len(seen) + len(heard) > BUDGET:
                heard = ""
            spent += len(seen) + len(heard)
        cards.append(
            Card(
                clip.clip_id,
                clip.label,
                clip.taken_for
                + ("" if clip.agreement == 1 else f", in {percent(clip.agreement, 0)} % of the mistakes"),
                "every run" if clip.wrong == 1 else f"{percent(clip.wrong, 0)} % of the runs",
                f"Log-mel spectrogram of {clip.clip_id}{seconds}, low notes below",
                seen,
                heard,
            )
        )
    return cards
