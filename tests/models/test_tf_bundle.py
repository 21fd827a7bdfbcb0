"""TensorFlow's checkpoint bundles: one made here is read back; damage and lies in it are refused, whatever they are."""

import numpy as np
import pytest
import torch

from permafrost.errors import PermafrostError
from permafrost.models.published import read_state
from permafrost.models.tf_bundle import MAGIC, _checksum, read_bundle

TENSORS = {
    "1CNN/bias": np.arange(3, dtype=np.float32),
    "1CNN/bias/Adam": np.ones(3, np.float32),
    "1CNN/kernel": np.random.default_rng(0).standard_normal((2, 3, 1, 4)).astype(np.float32),
    "number": np.float32(7).reshape(()),
}


def varint(value):
    data = b""
    while value > 127:
        data, value = data + bytes([value & 127 | 128]), value >> 7
    return data + bytes([value])


def field(number, value):
    return (
        varint(number << 3 | 2) + varint(len(value)) + value
        if isinstance(value, bytes)
        else varint(number << 3) + varint(value)
    )


def block(entries):
    """Entries whose keys share what they can with the one before, as TensorFlow writes them."""
    data, before = b"", b""
    for key, value in entries:
        shared = next(
            (n for n, (a, b) in enumerate(zip(key, before, strict=False)) if a != b), min(len(key), len(before))
        )
        data += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return data + (0).to_bytes(4, "little") + (1).to_bytes(4, "little") + b"\0" + bytes(4)


def bundle(folder, change=lambda name, entry: entry, kind=1):
    data, entries = b"", [(b"", field(1, 1))]
    for name, tensor in sorted(TENSORS.items()):
        stored = tensor.tobytes()
        shape = b"".join(field(2, field(1, size)) for size in tensor.shape)
        entry = {1: kind, 2: shape, 3: 0, 4: len(data), 5: len(stored)}
        entry = change(name, entry)
        written = b"".join(field(number, value) for number, value in entry.items())
        entries.append((name.encode(), written + varint(6 << 3 | 5) + _checksum(stored).to_bytes(4, "little")))
        data += stored
    content = block(entries)
    table = block([(b"z", varint(0) + varint(len(content) - 5))])
    footer = varint(0) + varint(0) + varint(len(content)) + varint(len(table) - 5)
    (folder / "x.index").write_bytes(content + table + footer.ljust(40, b"\0") + MAGIC.to_bytes(8, "little"))
    (folder / "x.data-00000-of-00001").write_bytes(data)
    return folder / "x.index"


def test_tensors_come_back_without_the_optimisers(tmp_path):
    path = bundle(tmp_path)
    found = read_bundle(path)
    assert set(found) == {"1CNN/bias", "1CNN/kernel", "number"}
    for name, tensor in found.items():
        np.testing.assert_array_equal(tensor, TENSORS[name])
    state = read_state(path)
    assert torch.equal(state["1CNN/kernel"], torch.from_numpy(TENSORS["1CNN/kernel"]))


def test_the_checksum_is_castagnolis():
    crc = _checksum(b"123456789") - 0xA282EAD8 & 0xFFFFFFFF
    assert (crc >> 17 | crc << 15) & 0xFFFFFFFF == 0xE3069283  # RFC 3720's example


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda name, entry: entry | {4: 10**6}, "1CNN/bias does not lie in the data file"),
        (lambda name, entry: entry | {5: 2**62}, "1CNN/bias does not lie in the data file"),
        (lambda name, entry: entry | {2: field(2, field(1, 2**40))}, "does not lie in the data file"),
        (lambda name, entry: entry | {3: 1}, "does not lie in the data file"),
        (lambda name, entry: entry | {4: 4}, "1CNN/bias has another checksum"),
    ],
)
def test_an_index_that_lies_is_refused(tmp_path, change, message):
    with pytest.raises(PermafrostError, match=message):
        read_bundle(bundle(tmp_path, change))


def test_a_bundle_of_other_numbers_or_without_its_data_is_refused(tmp_path):
    with pytest.raises(PermafrostError, match="holds no float32 tensor"):
        read_bundle(bundle(tmp_path, kind=9))
    path = bundle(tmp_path)
    (tmp_path / "x.data-00000-of-00001").unlink()
    with pytest.raises(PermafrostError, match=r"x\.data-00000-of-00001: not there"):
        read_bundle(path)


def test_no_damage_to_the_index_gives_anything_but_tensors_or_our_error(tmp_path):
    path = bundle(tmp_path)
    whole, draw = path.read_bytes(), np.random.default_rng(0)
    for trial in range(1500):
        damaged = bytearray(whole)
        for place in draw.integers(len(whole), size=draw.integers(1, 4)):
            damaged[place] = draw.integers(256)
        path.write_bytes(damaged if trial % 3 else damaged[: draw.integers(len(whole))])
        try:
            found = read_bundle(path)
        except PermafrostError:
            continue
        assert all(tensor.dtype == np.float32 for tensor in found.values())
