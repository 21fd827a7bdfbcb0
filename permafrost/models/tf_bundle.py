"""TensorFlow's checkpoint bundles, read without TensorFlow: ``X.index`` says where each tensor lies in ``X.data-…``.

Source: tensorflow/core/util/tensor_bundle and lib/io/format.h. The index is a sorted table in blocks of entries, each
a key that shares its beginning with the one before, and a value; values are protocol buffers. Every length in the file
is checked against what is there before anything is read or allocated, and tensors against their checksums.
"""

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from permafrost.errors import PermafrostError

INDEX, DATA = ".index", ".data-00000-of-00001"
MAGIC = 0xDB4775248B80FB57
FOOTER = 48  # bytes: two handles, filled up, and the magic number
FLOAT32 = 1  # of TensorFlow's DataType
LARGEST_INDEX = 2**24  # bytes; that of a network with ten thousand tensors has one million


class _DamageError(Exception):
    """What is wrong with a bundle."""


def read_bundle(path: Path) -> dict[str, NDArray[np.float32]]:
    """The float32 tensors of the bundle whose index is ``path``; the optimiser's own (``…/Adam``) are left out.

    Raises:
        PermafrostError: a file is missing, damaged, or a bundle of another kind (compressed, in several parts).
    """
    data = path.with_name(path.name.removesuffix(INDEX) + DATA)
    try:
        if path.stat().st_size > LARGEST_INDEX:
            raise _DamageError("the index is too large for one")
        entries = dict(_table(path.read_bytes()))
        with data.open("rb") as file:
            content = np.memmap(file, np.uint8, "r") if data.stat().st_size else np.empty(0, np.uint8)
            found = {
                name: _tensor(name, dict(_fields(value)), _shape(value), content)
                for name, value in entries.items()
                if name and "/Adam" not in name and dict(_fields(value)).get(1) == FLOAT32
            }
    except FileNotFoundError as error:
        raise PermafrostError(f"{error.filename}: not there; a checkpoint bundle is {path} and {data}") from None
    except (_DamageError, OSError, ValueError) as error:
        raise PermafrostError(f"{path}: no TensorFlow checkpoint bundle, or a damaged one: {error}") from None
    if not found:
        raise PermafrostError(f"{path}: holds no float32 tensor; expected a network's checkpoint")
    return found


def _table(index: bytes) -> Iterator[tuple[str, bytes]]:
    if len(index) < FOOTER or int.from_bytes(index[-8:], "little") != MAGIC:
        raise _DamageError("it does not end as a table does")
    _, _, place = _handle(index, len(index) - FOOTER)
    offset, size, _ = _handle(index, place)
    for _, handle in _block(index, offset, size):
        offset, size, _ = _handle(handle, 0)
        yield from ((key.decode("utf-8"), value) for key, value in _block(index, offset, size))


def _block(index: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    block = _slice(index, offset, size)
    if _slice(index, offset + size, 1) != b"\0":
        raise _DamageError("a block of the index is compressed, which is not read")
    restarts = int.from_bytes(_slice(block, size - 4, 4), "little")
    end, place, key = size - 4 - 4 * restarts, 0, b""
    while place < end:
        shared, place = _varint(block, place)
        own, place = _varint(block, place)
        length, place = _varint(block, place)
        key = _slice(key, 0, shared) + _slice(block, place, own)
        yield key, _slice(block, place + own, length)
        place += own + length


def _tensor(name: str, entry: dict[int, int | bytes], shape: list[int], data: NDArray) -> NDArray[np.float32]:
    shard, offset, size = (entry.get(field, 0) for field in (3, 4, 5))
    if shard != 0 or not isinstance(offset, int) or size != 4 * math.prod(shape) or offset + size > len(data):
        raise _DamageError(f"the tensor {name} does not lie in the data file")
    stored = data[offset : offset + size].tobytes()
    if entry.get(6) != _checksum(stored):
        raise _DamageError(f"the tensor {name} has another checksum than the index says")
    return np.frombuffer(stored, "<f4").astype(np.float32).reshape(shape)


def _shape(entry: bytes) -> list[int]:
    (message,) = [value for field, value in _fields(entry) if field == 2 and isinstance(value, bytes)] or [b""]
    return [int(dict(_fields(axis)).get(1, 0)) for field, axis in _fields(message) if field == 2]


def _fields(message: bytes | int) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protocol buffer: number and value."""
    if isinstance(message, int):
        raise _DamageError("a number where a message was expected")
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield tag >> 3, value
        elif kind in (1, 2, 5):
            length, place = _varint(message, place) if kind == 2 else ({1: 8, 5: 4}[kind], place)
            piece = _slice(message, place, length)
            yield tag >> 3, piece if kind == 2 else int.from_bytes(piece, "little")
            place += length
        else:
            raise _DamageError(f"a field of the unknown kind {kind}")


def _handle(data: bytes, place: int) -> tuple[int, int, int]:
    offset, place = _varint(data, place)
    size, place = _varint(data, place)
    return offset, size, place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = _slice(data, place, 1)[0]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise _DamageError("a number of more than 64 bits")


def _slice(data: bytes, start: int, length: int) -> bytes:
    if start < 0 or length < 0 or start + length > len(data):
        raise _DamageError("a length points beyond the end")
    return data[start : start + length]


def _checksum(data: bytes) -> int:
    """CRC-32C, turned and shifted as TensorFlow stores it."""
    table, crc = _crc_table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@cache
def _crc_table() -> tuple[int, ...]:
    table = list(range(256))
    for _ in range(8):
        table = [crc >> 1 ^ (0x82F63B78 if crc & 1 else 0) for crc in table]
    return tuple(table)
