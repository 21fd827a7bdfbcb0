"""How long recordings are and at what rate they were made: what a study's clip length and sample rate follow."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from permafrost.audio.decoding import Rejected, decode
from permafrost.errors import PermafrostError

SAMPLE = 400  # files that are opened: enough for a quantile
LONGEST_CLIP = 10.0  # s; a study's time grows with it
LOWEST_RATE, HIGHEST_RATE = 16_000, 22_050  # Hz; the recipes' windows of 2,048 samples are made for these


@dataclass(frozen=True)
class Lengths:
    """Lengths of the sampled recordings in seconds, ascending, and how many of them have which sample rate in Hz."""

    seconds: np.ndarray
    rates: Counter[int]

    @property
    def clip_seconds(self) -> float:
        """A length that three quarters of the recordings do not exceed, 10 s at most."""
        return float(f"{min(np.quantile(self.seconds, 0.75), LONGEST_CLIP):.2g}")

    @property
    def sample_rate(self) -> int:
        """The commonest rate, kept between 16,000 and 22,050 Hz."""
        return min(max(self.rates.most_common(1)[0][0], LOWEST_RATE), HIGHEST_RATE)

    @property
    def words(self) -> str:
        """Lengths and rates in a line."""
        low, middle, high = np.quantile(self.seconds, (0, 0.5, 1))
        length = f"{low:.3g} to {high:.3g} s (median {middle:.3g})" if high - low > 0.05 * middle else f"{middle:.3g} s"
        return f"{length}, " + ", ".join(f"{rate} Hz" for rate, _ in self.rates.most_common(3))


def measure(root: Path, paths: Sequence[str]) -> Lengths:
    """Lengths and rates of up to 400 of the recordings, evenly over the list.

    Raises:
        PermafrostError: none of them can be read.
    """
    seconds, rates, reason = [], Counter(), ""
    for path in paths[:: max(1, len(paths) // SAMPLE)]:
        try:
            sound = decode(root / path, clip_seconds=1.0)
        except Rejected as error:
            reason = f"{path}: {error}"
            continue
        seconds.append(sound.seconds)
        rates[sound.sample_rate] += 1
    if not seconds:
        raise PermafrostError(f"{root}: none of the recordings can be read; the last is {reason}")
    return Lengths(np.sort(seconds), rates)
