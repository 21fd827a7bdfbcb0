"""One .npy file, a row a clip, read and written a row at a time at its place in the file.

Positioned reads and writes instead of a memory map: the pages that a process has touched through a map count as its
memory, and a first touch of each costs a fault; this way memory stays that of one row however many there are.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from permafrost.errors import PermafrostError


class RowFile:
    """The rows of ``path``: ``rows`` of them, each an array of ``row_shape`` and ``dtype``."""

    def __init__(self, path: Path, writable: bool = False) -> None:
        try:
            with path.open("rb") as file:
                shape, fortran, dtype = _read_header(file)
                self._offset = file.tell()
        except FileNotFoundError:
            raise PermafrostError(f"{path} does not exist; run `dvc repro`, which writes it") from None
        except ValueError as error:
            raise PermafrostError(f"{path} is not a .npy array: {error}; remove it and run `dvc repro`") from None
        if fortran or len(shape) < 2 or dtype.hasobject:
            raise PermafrostError(f"{path}: got {dtype} {shape}, expected plain rows; remove it and run `dvc repro`")
        self.path, self.dtype, self.rows, self.row_shape = path, dtype, shape[0], shape[1:]
        self._bytes = dtype.itemsize * int(np.prod(self.row_shape))
        self._file = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
        if os.fstat(self._file).st_size != self._offset + self.rows * self._bytes:
            raise PermafrostError(f"{path}: the file is shorter or longer than its header says; run `dvc repro`")

    @classmethod
    def create(cls, path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> Self:
        """A new file of zeros for ``shape[0]`` rows; disk is used as rows are written.

        Raises:
            PermafrostError: the disk has not enough room for all rows.
        """
        needed, free = np.dtype(dtype).itemsize * int(np.prod(shape)), shutil.disk_usage(path.parent).free
        if needed > free:
            raise PermafrostError(
                f"{path} needs {needed / 1e9:.2f} GB and {path.parent} has {free / 1e9:.2f} GB free; make room"
            )
        with path.open("wb") as file:
            _write_header(file, np.dtype(dtype), shape)
            file.truncate(file.tell() + needed)
        return cls(path, writable=True)

    def read(self, row: int, into: NDArray[Any]) -> None:
        """Fill the contiguous array ``into`` with a row."""
        if os.preadv(self._file, [into.data.cast("B")], self._offset + row * self._bytes) != self._bytes:
            raise OSError(f"{self.path}: row {row} could not be read whole")

    def write(self, row: int, values: NDArray[Any]) -> None:
        """Put ``values`` into their place."""
        values = np.ascontiguousarray(values, self.dtype)
        view, place = values.data.cast("B"), self._offset + row * self._bytes
        if len(view) != self._bytes:
            raise ValueError(f"{self.path}: a row is {self.row_shape}, got {values.shape}")
        while view:
            written = os.pwrite(self._file, view, place)
            view, place = view[written:], place + written

    def keep(self, rows: Sequence[int]) -> None:
        """Move the rows with these numbers (ascending) to the front, in order, and drop the others."""
        held = np.empty(self.row_shape, self.dtype)
        for place, row in enumerate(rows):
            if place != row:
                self.read(row, held)
                self.write(place, held)
        self.rows = len(rows)
        with self.path.open("r+b") as file:
            _write_header(file, self.dtype, (self.rows, *self.row_shape))
            # NumPy leaves room in the header for the number of rows to grow, so the rows need not move for it.
            if file.tell() != self._offset:
                raise ValueError(f"{self.path}: the header has another length for {self.rows} rows")
            file.truncate(self._offset + self.rows * self._bytes)

    def close(self) -> None:
        """Let go of the file; the object is of no use after this."""
        os.close(self._file)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A path to write to that becomes ``path`` if nothing is raised, and is removed otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _read_header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    return read(file)


def _write_header(file: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, described)
