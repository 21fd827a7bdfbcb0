"""From an image of a whole clip to what a network reads: its length, its range, its chunks."""

import math

import numpy as np
from numpy.typing import NDArray

from permafrost.audio.inputs import Picture

Floats = NDArray[np.float32]


def shape_of(rows: int, columns: int, settings: Picture) -> tuple[int, ...]:
    """What ``finished`` makes of an image [rows, columns]: that shape, or [chunks, rows, chunk] for several chunks."""
    if settings.chunk is None:
        return rows, columns
    count = _chunks(columns, settings.chunk)
    return (count, rows, settings.chunk) if count > 1 else (rows, settings.chunk)


def finished(image: Floats, settings: Picture, silence: float) -> Floats:
    """The image of a clip in the range, and in chunks of the length, that ``settings`` ask for.

    Args:
        image: float32 [rows, columns]; changed in place.
        settings: the recipe's.
        silence: the value of what follows a clip that is shorter than a chunk.
    """
    if settings.chunk is not None and (lacking := settings.chunk - image.shape[1]) > 0:
        image = np.pad(image, ((0, 0), (0, lacking)), constant_values=np.float32(silence))
    if settings.normalise_clip == "minmax":
        image = _between_0_and_1(image)
    if (settings.mean, settings.std) != (0.0, 1.0):
        image -= np.float32(settings.mean)
        image /= np.float32(settings.std)
    if settings.chunk is None:
        return image
    chunk, count = settings.chunk, _chunks(image.shape[1], settings.chunk)
    if count == 1:
        return image[:, :chunk]
    starts = [round(number * (image.shape[1] - chunk) / (count - 1)) for number in range(count)]
    return np.stack([image[:, start : start + chunk] for start in starts])


def _chunks(columns: int, chunk: int) -> int:
    """How many cover a clip: its last frame alone, of which half lies beyond the clip's end, asks for none."""
    return max(1, math.ceil((columns - 1) / chunk))


def _between_0_and_1(image: Floats) -> Floats:
    """By the image's own minimum and maximum; one without any contrast becomes zeros."""
    low, high = image.min(), image.max()
    if not low < high:
        return np.zeros_like(image)
    image -= low
    image /= high - low
    return image
