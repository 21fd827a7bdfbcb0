"""Float files whose samples are not in -1 … 1: integers that somebody forgot to divide."""

import numpy as np
import soundfile

from permafrost.audio.rejection import Rejected
from permafrost.audio.samples import FULL_SCALE

OVERSHOOT = 4.0  # a mix that was not limited may exceed full scale by 12 dB
INT8 = 128.0
BLOCK = 2**20  # samples

DIVIDED = "float samples that are 16-bit integers: divided by 32768"

Stamp = tuple[int, ...]
_last: dict[Stamp, tuple[float, bool]] = {}  # of the file seen last: its segments come one after the other


def full_scale(file: soundfile.SoundFile, stamp: Stamp) -> float:
    """What the samples of a float file have to be divided by: 1, or 32768 where they are 16-bit integers.

    The whole file decides, so that its parts cannot be judged differently. 16-bit integers is what whole numbers are
    that exceed 8 bits and do not exceed 16. Anything else beyond an overshoot may mean more than one thing.

    Raises:
        Rejected: the samples' full scale cannot be told.
    """
    if file.subtype not in ("FLOAT", "DOUBLE"):
        return 1.0
    if stamp not in _last:
        _last.clear()
        _last[stamp] = _extent(file)
    peak, whole_numbers = _last[stamp]
    if whole_numbers and INT8 < peak <= FULL_SCALE:
        return FULL_SCALE
    if peak > OVERSHOOT:
        raise Rejected(
            f"float samples reach {peak:.6g}, where 1 is full scale, and are no 16-bit integers: divide them by what "
            "their full scale is (32768 for 16 bits) and write the file again"
        )
    return 1.0


def _extent(file: soundfile.SoundFile) -> tuple[float, bool]:
    """The greatest absolute value, and whether all are whole numbers; what is not finite is judged elsewhere."""
    peak, whole_numbers = 0.0, True
    file.seek(0)
    while len(block := file.read(max(1, BLOCK // file.channels), dtype="float32")):
        values = np.abs(block[np.isfinite(block)])
        peak = max(peak, float(values.max(initial=0.0)))
        whole_numbers = whole_numbers and bool((values == np.rint(values)).all())
    file.seek(0)
    return peak, whole_numbers
