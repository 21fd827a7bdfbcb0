"""Tables of results as people have them, and each way in which they can be wrong."""

import numpy as np
import pandas as pd
import pytest

from permafrost.errors import PermafrostError
from permafrost.evaluation.comparison import compare
from permafrost.evaluation.results import Columns, read, together

TABLE = [
    ("vit", "none", 0, 71.5), ("vit", "none", 1, 72.0),
    ("vit", "head", 0, 63.0), ("vit", "head", 1, 62.5),
    ("vit", "stem", 0, 69.0), ("vit", "stem", 1, 68.0),
]  # fmt: skip


def write(path, rows=TABLE, names=("model", "freeze_mode", "seed", "test_acc"), separator=",", start=""):
    lines = [separator.join(map(str, row)) for row in (names, *rows)]
    path.write_text(start + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_percent_and_fractions_are_told_apart_and_said(tmp_path):
    percent = read(write(tmp_path / "a.csv"))
    shares = [(*row[:3], row[3] / 100) for row in TABLE]
    fractions = read(write(tmp_path / "b.csv", shares))
    assert percent.runs["score"].tolist() == pytest.approx(fractions.runs["score"].tolist())
    assert percent.runs["score"].tolist()[0] == pytest.approx(0.715)
    assert any("read as percent" in note for note in percent.notes)
    assert any("read as fractions" in note for note in fractions.notes)


@pytest.mark.parametrize(("separator", "start"), [(",", ""), (";", "\ufeff"), ("\t", "")])
def test_separators_and_byte_order_marks(tmp_path, separator, start):
    found = read(write(tmp_path / "a.csv", separator=separator, start=start))
    assert len(found.runs) == 6
    assert found.runs["model"].unique().tolist() == ["vit"]


def test_our_own_table_is_read_without_options(tmp_path):
    names = ("model", "freeze", "depth", "seed", "test_accuracy", "valid_accuracy", "repeat")
    rows = [("m", "z", 0, 1, 0.9, 0.8, 0), ("m", "a", 4, 1, 0.7, 0.6, 0)]
    found = read(write(tmp_path / "runs.csv", rows, names))
    assert found.order == ("z", "a")
    assert found.runs["valid_score"].tolist() == [0.8, 0.6]
    assert found.runs["split"].nunique() == 1


def test_known_names_are_ordered_by_depth_and_others_as_they_come(tmp_path):
    assert read(write(tmp_path / "a.csv")).order == ("none", "stem", "head")
    other = [(model, name.replace("stem", "patch"), seed, score) for model, name, seed, score in TABLE]
    found = read(write(tmp_path / "b.csv", other))
    assert found.order == ("none", "head", "patch")
    assert any("--order changes that" in note for note in found.notes)


def test_columns_can_be_named_and_a_model_column_is_not_needed(tmp_path):
    names = ("what", "how", "draw", "points")
    found = read(write(tmp_path / "mine.csv", names=names), Columns("how", "draw", "points"))
    assert found.runs["model"].unique().tolist() == ["mine"]
    assert found.runs["strategy"].tolist()[:2] == ["none", "none"]
    with pytest.raises(PermafrostError, match=r"--score: 'point' does not exist.*did you mean 'points'"):
        read(write(tmp_path / "mine.csv", names=names), Columns("how", "draw", "point"))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([*TABLE, TABLE[2]], r"more than one row for vit head seed 0 \(lines 4, 8\)"),
        (TABLE[:-1], "vit: no score for stem seed 1"),
        ([*TABLE[:-1], ("vit", "stem", 1, "n/a")], "line 7: test_acc is 'n/a'; expected a fraction"),
        ([*TABLE[:-1], ("vit", "stem", 1, 168)], "line 7: test_acc is '168'"),
        ([*TABLE[:-1], ("vit", "stem", 1, 0.68)], r"test_acc is 0.68 in line 7 but 71.5 in line 2; expected all in"),
        ([*TABLE[:-1], ("vit", "", 1, 68)], "line 7: freeze_mode is empty"),
        ([], "has no rows"),
    ],
)
def test_faults_are_named(tmp_path, rows, message):
    with pytest.raises(PermafrostError, match=message):
        compare([write(tmp_path / "a.csv", rows)])


def test_a_missing_file_and_a_missing_column(tmp_path):
    with pytest.raises(PermafrostError, match="no such file"):
        read(tmp_path / "not_there.csv")
    with pytest.raises(PermafrostError, match=r"usual names for the seed .seed.; it has model, freeze_mode, run"):
        read(write(tmp_path / "a.csv", names=("model", "freeze_mode", "run", "test_acc")))


def test_a_table_that_is_no_table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(PermafrostError, match="cannot be read as a CSV table"):
        read(path)


def test_percent_signs_and_seeds_that_are_words(tmp_path):
    rows = [("vit", "none", "first", "71.5 %"), ("vit", "head", "first", "63%")]
    found = read(write(tmp_path / "a.csv", rows))
    assert found.runs["score"].tolist() == pytest.approx([0.715, 0.63])
    assert found.runs["seed"].tolist() == ["first", "first"]


def test_files_together_are_told_apart_by_name(tmp_path):
    (tmp_path / "x").mkdir()
    first, second = read(write(tmp_path / "a.csv")), read(write(tmp_path / "b.csv"))
    assert together([first, second])["model"].unique().tolist() == ["a", "b"]
    with pytest.raises(PermafrostError, match="two files are called 'a'"):
        together([first, read(write(tmp_path / "x/a.csv"))])


def test_models_of_the_same_name_are_compared_between_files(tmp_path):
    both = [*TABLE, *(("cnn", *row[1:]) for row in TABLE)]
    found = compare([write(tmp_path / "a.csv", both), write(tmp_path / "b.csv", both[:6] + both[6:])])
    pairs = [(rows[0].minus, rows[0].second) for rows in found.tables]
    assert pairs == [("a: vit", "b: vit"), ("a: cnn", "b: cnn")]


def test_redrawn_splits_are_seen_in_the_table(tmp_path):
    random = np.random.default_rng(0)
    rows = [("m", arm, seed, seed % 5, round(0.7 + random.normal(0, 0.02), 4))
            for arm in ("none", "head") for seed in range(10)]  # fmt: skip
    path = write(tmp_path / "a.csv", rows, ("model", "freeze", "seed", "repeat", "test_accuracy"))
    found = compare([path])
    assert found.analysis.splits == 5
    assert any("5 splits, so that splits are redrawn" in note for note in found.notes)


def test_options_that_do_not_fit_are_named(tmp_path):
    path = write(tmp_path / "a.csv")
    with pytest.raises(PermafrostError, match=r"--reference: 'non' does not exist.*did you mean 'none'"):
        compare([path], reference="non")
    with pytest.raises(PermafrostError, match="--order: 'tail' does not exist"):
        compare([path], order=["none", "tail"])
    with pytest.raises(PermafrostError, match="--relevant: got 0 points"):
        compare([path], relevant=0.0)


def test_without_a_baseline_neighbours_are_still_compared(tmp_path):
    rows = [(model, {"none": "all"}.get(name, name), seed, score) for model, name, seed, score in TABLE]
    found = compare([write(tmp_path / "a.csv", rows)])
    assert {item.question for item in found.analysis.models["vit"].contrasts} == {"neighbours"}
    assert any("--reference names" in note for note in found.notes)


def test_reading_keeps_every_row(tmp_path):
    found = read(write(tmp_path / "a.csv"))
    expected = pd.DataFrame(TABLE, columns=["model", "strategy", "seed", "score"])
    pd.testing.assert_frame_equal(
        found.runs[["model", "strategy", "seed"]], expected[["model", "strategy", "seed"]], check_dtype=False
    )
