import numpy as np
import pytest

from permafrost.audio.rows import RowFile, written_whole
from permafrost.errors import PermafrostError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.npy"


@pytest.mark.parametrize(("dtype", "shape"), [(np.int16, (7, 5)), (np.float32, (3, 4, 6)), (np.float32, (0, 2))])
def test_rows_are_what_numpy_reads(path, dtype, shape):
    expected = np.random.default_rng(0).integers(-99, 99, shape).astype(dtype)
    rows = RowFile.create(path, dtype, shape)
    for number in reversed(range(len(expected))):
        rows.write(number, expected[number])
    rows.close()
    read = np.load(path)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, expected)
    again, into = RowFile(path), np.empty(shape[1:], dtype)
    for number in range(len(expected)):
        again.read(number, into)
        np.testing.assert_array_equal(into, expected[number])


@pytest.mark.parametrize("kept", [[], [0], [1, 4], [0, 1, 2, 3, 4, 5], [3, 4, 5]])
def test_kept_rows_close_up_in_order(path, kept):
    values = np.arange(30, dtype=np.int16).reshape(6, 5)
    rows = RowFile.create(path, np.int16, values.shape)
    for number, row in enumerate(values):
        rows.write(number, row)
    rows.keep(kept)
    np.testing.assert_array_equal(np.load(path), values[kept])
    assert path.stat().st_size == np.load(path, mmap_mode="r").offset + 2 * 5 * len(kept)


def test_the_header_stays_as_long_from_millions_of_rows_to_one(path):
    row = np.ones(1, np.int16)
    rows = RowFile.create(path, np.int16, (12_345_678, 1))
    rows.write(9_999_999, row)
    rows.keep([9_999_999])
    np.testing.assert_array_equal(np.load(path), [row])


def test_a_row_of_another_shape_is_refused(path):
    with pytest.raises(ValueError, match="a row is"):
        RowFile.create(path, np.int16, (2, 5)).write(0, np.zeros(4, np.int16))


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "does not exist"), (b"", "not a .npy array"), (b"no array at all", "not a .npy array")],
)
def test_what_is_no_array_is_named(path, content, message):
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PermafrostError, match=f"rows.npy.*{message}"):
        RowFile(path)


def test_an_array_that_is_cut_off_or_of_objects_is_refused(path):
    np.save(path, np.zeros((4, 5)))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(PermafrostError, match=r"rows\.npy.*shorter"):
        RowFile(path)
    np.save(path, np.array([[None]]), allow_pickle=True)
    with pytest.raises(PermafrostError, match=r"rows\.npy.*plain rows"):
        RowFile(path)


def test_a_disk_without_room_is_told_before_anything_is_written(path):
    with pytest.raises(PermafrostError, match=r"rows\.npy needs .* GB .* free"):
        RowFile.create(path, np.float32, (10**9, 10**6))
    assert not path.exists()


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "new/folder/a.txt"
    with pytest.raises(RuntimeError), written_whole(target) as part:
        part.write_text("half")
        raise RuntimeError
    assert list(target.parent.iterdir()) == []
    with written_whole(target) as part:
        part.write_text("whole")
        assert not target.exists()
    assert [target.read_text(), list(target.parent.iterdir())] == ["whole", [target]]
