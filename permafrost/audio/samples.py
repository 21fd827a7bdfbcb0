"""Samples in their two forms: int16 as stored, float32 in -1 … 1 as computed with."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16] | NDArray[np.float32]

FULL_SCALE = 32768.0  # int16 to the range -1 … 1, as libsndfile and librosa have it


def as_int16(samples: Samples) -> NDArray[np.int16]:
    """Samples as int16; float32 is scaled, rounded, and cut at full scale."""
    if samples.dtype == np.int16:
        return samples
    scaled = np.rint(samples * np.float32(FULL_SCALE))
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1, out=scaled).astype(np.int16)


def as_float32(samples: Samples) -> NDArray[np.float32]:
    """Samples as float32 in -1 … 1."""
    return samples.astype(np.float32) * np.float32(1 / FULL_SCALE) if samples.dtype == np.int16 else samples
