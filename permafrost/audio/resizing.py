"""Resizing images along one axis at a time: plain bilinear sampling and area averaging, as torch has them."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]


class LinearAxis:
    """Bilinear sampling of ``size`` values at ``wanted`` half-pixel centres, without antialiasing: one axis of
    ``torch.nn.functional.interpolate(mode="bilinear", align_corners=False)``, with its float32 weights.

    ``read`` are the indices that are read at all, ascending.
    """

    def __init__(self, size: int, wanted: int) -> None:
        # torch rounds the ratio and the result to float32, and nothing between: its compilers fuse the two operations.
        ratio = float(np.float32(size) / np.float32(wanted))
        centres = np.maximum(ratio * (np.arange(wanted) + 0.5) - 0.5, 0.0).astype(np.float32)
        self._low: Indices = np.minimum(centres.astype(np.intp), size - 1)
        self._high: Indices = np.minimum(self._low + 1, size - 1)
        self._weight: Floats = np.clip(centres - self._low.astype(np.float32), 0, 1).astype(np.float32)
        self.read: Indices = np.unique(np.concatenate([self._low, self._high]))

    def on_read_only(self) -> Self:
        """The same sampling for an array that holds the values of ``read`` alone."""
        self._low, self._high = np.searchsorted(self.read, self._low), np.searchsorted(self.read, self._high)
        return self

    def along_columns(self, image: Floats) -> Floats:
        """[rows, size] to [rows, wanted]."""
        low = image.take(self._low, axis=1)
        low *= 1 - self._weight
        high = image.take(self._high, axis=1)
        high *= self._weight
        low += high
        return low

    def along_rows(self, image: Floats) -> Floats:
        """[size, columns] to [wanted, columns]."""
        low = image.take(self._low, axis=0)
        low *= (1 - self._weight)[:, None]
        high = image.take(self._high, axis=0)
        high *= self._weight[:, None]
        low += high
        return low


class AreaAxis:
    """Means over ``wanted`` stretches that cover ``size`` values, every value that a stretch touches with weight one:
    one axis of ``torch.nn.functional.interpolate(mode="area")``. All values are read."""

    def __init__(self, size: int, wanted: int) -> None:
        places = np.arange(wanted)
        self._starts: Indices = places * size // wanted
        self._stops: Indices = -(-(places + 1) * size // wanted)
        self.read: Indices = np.arange(size)

    def on_read_only(self) -> Self:
        """Itself: all values are read."""
        return self

    def along_columns(self, image: Floats) -> Floats:
        """[rows, size] to [rows, wanted]."""
        return self._means(image, axis=1) / (self._stops - self._starts).astype(np.float32)

    def along_rows(self, image: Floats) -> Floats:
        """[size, columns] to [wanted, columns]."""
        return self._means(image, axis=0) / (self._stops - self._starts).astype(np.float32)[:, None]

    def _means(self, image: Floats, axis: int) -> Floats:
        # Each start is followed by its stop, so every second sum is a stretch (they may overlap, so that the sums
        # between are of no use). A line of zeros lets the last stop stand behind the end.
        padded = np.concatenate([image, np.zeros_like(image.take([0], axis=axis))], axis=axis)
        bounds = np.stack([self._starts, self._stops], axis=1).ravel()
        sums = np.add.reduceat(padded, bounds, axis=axis)
        return sums[::2] if axis == 0 else sums[:, ::2]
