"""The clips that every strategy gets wrong, to see and to hear."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from permafrost.audio.media import Shown
from permafrost.data.tables import ClipRow, read_clips
from permafrost.evaluation.mistakes import HardClip
from permafrost.evaluation.wording import percent

MOST = 9
BUDGET = 300_000  # characters of pictures and sounds together: the page is to stay below a megabyte


@dataclass(frozen=True)
class Recordings:
    """clips.csv, the stored rows [clips, ...] in the same order, and what shows one of them: the reader's."""

    clips: Sequence[ClipRow]
    rows: np.ndarray
    show: Callable[[np.ndarray], Shown]


def read_recordings(data: Path, show: Callable[[np.ndarray], Shown]) -> Recordings:
    """What preprocessing left in the folder ``data``."""
    rows = np.load(data / "waveforms.npy", mmap_mode="r", allow_pickle=False)
    return Recordings(read_clips(data / "clips.csv"), rows, show)


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
        seen, heard, words = "", "", ""
        if recordings and clip.clip_id in place:
            number = place[clip.clip_id]
            seen, heard, words = recordings.show(np.ascontiguousarray(recordings.rows[number]))
            words = words.format(f"{clip.clip_id}, {recordings.clips[number].seconds:.1f} seconds")
            if spent + len(seen) + len(heard) > BUDGET:
                heard = ""
            spent += len(seen) + len(heard)
        said = "" if clip.agreement == 1 else f", in {percent(clip.agreement, 0)} % of the mistakes"
        wrong = "every run" if clip.wrong == 1 else f"{percent(clip.wrong, 0)} % of the runs"
        cards.append(Card(clip.clip_id, clip.label, clip.taken_for + said, wrong, words, seen, heard))
    return cards
