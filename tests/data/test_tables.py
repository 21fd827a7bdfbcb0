import pytest

from permafrost.data.tables import (
    ClipRow,
    SplitRow,
    read_clips,
    read_rejected,
    read_splits,
    subsets_for_seed,
    write_clips,
    write_rejected,
    write_splits,
)
from permafrost.errors import PermafrostError

CLIPS = [
    ClipRow("a/1", "a/1.wav", "a", "", "2", 4.996825396825397, 44100),
    ClipRow('b/odd, "name"\nübel', "b/odd.wav", "b", "Ann, Bob", "", 0.1, 8000),
    ClipRow("c@1.5-2", "c.wav", "b", "c.wav", "", 0.5, 8000, subset="test", start=1.5, end=2.0),
]
HEADER = "clip_id,path,label,group,fold,subset,start,end,seconds,sample_rate\n"
SPLITS = [SplitRow("a/1", repeat, subset) for repeat, subset in enumerate(("train", "valid", "test"))]


def test_clips_come_back_as_they_were(tmp_path):
    write_clips(tmp_path / "new/clips.csv", CLIPS)
    assert read_clips(tmp_path / "new/clips.csv") == CLIPS
    header = (tmp_path / "new/clips.csv").read_text(encoding="utf-8").split("\n")[0]
    assert header == HEADER.strip()


def test_rejected_and_splits_come_back_as_they_were(tmp_path):
    write_rejected(tmp_path / "rejected.csv", [("a/2.wav", "silent"), ("b,c.wav", "empty")])
    assert read_rejected(tmp_path / "rejected.csv") == {"a/2.wav": "silent", "b,c.wav": "empty"}
    write_splits(tmp_path / "splits.csv", SPLITS)
    assert read_splits(tmp_path / "splits.csv") == SPLITS


def test_a_seed_reads_its_repeat():
    assert subsets_for_seed(SPLITS, 1) == (1, {"a/1": "valid"})
    assert subsets_for_seed(SPLITS, 72) == (0, {"a/1": "train"})


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (read_clips, None, ["does not exist", "dvc repro preprocess"]),
        (read_clips, "clip_id,label\n", ["clip_id, label", "sample_rate"]),
        (
            read_clips,
            HEADER + "a,a.wav,a\n",
            ["in every line"],
        ),
        (
            read_clips,
            HEADER + "a,a.wav,a,,,,,,long,1\n",
            ["line 2", "'long'"],
        ),
        (read_rejected, "path\n", ["path, reason"]),
        (read_splits, None, ["does not exist", "dvc repro split"]),
        (read_splits, "clip_id,repeat,subset\n", ["no row"]),
        (read_splits, "clip_id,repeat,subset\na,0,train\nb,0,exam\n", ["line 3", "'exam'", "train, valid, test"]),
        (read_splits, "clip_id,repeat,subset\na,first,train\n", ["line 2", "'first'"]),
    ],
)
def test_faults_name_the_file_and_the_line(tmp_path, read, text, words):
    path = tmp_path / "table.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(PermafrostError) as error:
        read(path)
    for word in [str(path), *words]:
        assert word in str(error.value)
