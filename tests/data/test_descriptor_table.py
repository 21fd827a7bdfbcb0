import numpy as np
import pytest

from permafrost.data.descriptor_table import load_descriptors, read_descriptor_table, rows_of, save_descriptors
from permafrost.errors import PermafrostError

ROWS = [["filename", "length", "rms_mean", "tempo", "label"], ["a.00.wav", "9", "0.5", "120", "a"],
        ["b.01.wav", "8", "-1e-3", "0", "b"]]  # fmt: skip


def table(tmp_path, rows=ROWS, delimiter=",", mark="", end="\n"):
    path = tmp_path / "table.csv"
    path.write_bytes((mark + end.join(delimiter.join(row) for row in rows) + end).encode())
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_forms_that_published_tables_have(tmp_path, delimiter, mark, end):
    found = read_descriptor_table(table(tmp_path, delimiter=delimiter, mark=mark, end=end))
    assert found.names == ("rms_mean", "tempo") and found.labels == ("a", "b")
    assert found.files == ("a.00.wav", "b.01.wav") and found.values.tolist() == [[0.5, 120], [-0.001, 0]]


def test_length_is_left_out_unless_asked_for(tmp_path):
    path = table(tmp_path)
    assert "length" not in read_descriptor_table(path).names
    assert read_descriptor_table(path, exclude=()).names == ("length", "rms_mean", "tempo")
    assert read_descriptor_table(path, exclude=("length", "tempo")).names == ("rms_mean",)
    without = table(tmp_path, [[row[0], row[2]] for row in ROWS])
    assert read_descriptor_table(without).labels == ("", "")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "is empty"),
        ([["a", "b"], ["1", "2"]], "expected a column 'filename'"),
        ([ROWS[0]], "0 rows"),
        ([["filename", "x"], ["a", "1,5x"]], r"line 2"),
        ([["filename", "x"], ["a", "nan"]], r"line 2, column 'x': got 'nan'"),
        ([["filename", "x"], ["a", "1"], ["b", ""]], r"line 3, column 'x': got ''"),
        ([["filename", "x"], ["a", "1"], ["a", "2"]], "'a' is listed twice"),
        ([["filename", "x", "x"], ["a", "1", "2"]], "two columns are called 'x'"),
        ([["filename", "x"], ["a"]], "line 2 has 1 values, the header 2"),
        ([["filename", "label"], ["a", "x"]], "no descriptor is left"),
    ],
)
def test_other_tables_are_refused_with_the_place(tmp_path, rows, message):
    with pytest.raises(PermafrostError, match=message):
        read_descriptor_table(table(tmp_path, rows, delimiter=","))


def test_missing_files_and_unknown_columns(tmp_path):
    with pytest.raises(PermafrostError, match="does not exist"):
        read_descriptor_table(tmp_path / "none.csv")
    with pytest.raises(PermafrostError, match="no column 'tempi'"):
        read_descriptor_table(table(tmp_path), exclude=("tempi",))


def test_rows_find_their_clips(tmp_path):
    path = table(tmp_path)
    found = read_descriptor_table(path)
    assert rows_of(found, ["x/b.01", "x/a.00"], path).tolist() == [[-0.001, 0], [0.5, 120]]
    with pytest.raises(PermafrostError, match="no row for 1 of 2 clips, first 'x/c'"):
        rows_of(found, ["x/a.00", "x/c"], path)
    with pytest.raises(PermafrostError, match=r"'a\.00\.wav' could be x/a\.00 or y/a\.00"):
        rows_of(found, ["x/a.00", "y/a.00", "b.01"], path)


def test_descriptors_are_stored_with_their_names(tmp_path):
    values = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    path = tmp_path / "inputs/svm.npy"
    save_descriptors(path, ["a", "b", "c"], values)
    names, found = load_descriptors(path)
    assert names == ("a", "b", "c") and np.array_equal(found, values)
    np.save(path, values)
    with pytest.raises(PermafrostError, match="no named columns"):
        load_descriptors(path)
    path.write_bytes(b"not an array")
    with pytest.raises(PermafrostError, match="is not an array"):
        load_descriptors(path)
    with pytest.raises(PermafrostError, match="does not exist"):
        load_descriptors(tmp_path / "none.npy")
