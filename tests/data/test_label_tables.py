"""Tables as their makers have them: a path of two columns, segments, bare names; and what is no table."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from permafrost.data.clips import find_clips
from permafrost.data.dataset import Columns, Dataset, PatternLabels, TableLabels
from permafrost.errors import PermafrostError
from permafrost.settings import validate
from stages import preprocess

ROOT = Path(__file__).parents[2]
SEGMENTS = "file,class,start,end\nlong,cat,0,1.5\nlong,dog,1.5,3\nlong,cat,3,\nshort.wav,dog,,\n"


def table(root, text, file="list.csv", **columns):
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).write_text(text, encoding="utf-8")
    return TableLabels(kind="table", file=file, columns=Columns(**{"label": "class"} | columns))


def segments(root, text=SEGMENTS):
    (root / "long.wav").touch()
    (root / "short.wav").touch()
    return table(root, text, path="file", start="start", end="end")


def test_urbansound8k_is_read_by_its_own_table(tmp_path):
    labels = yaml.safe_load((ROOT / "conf/dataset/urbansound8k.yaml").read_text(encoding="utf-8"))["dataset"]["labels"]
    rows = ["slice_file_name,fsID,start,end,salience,fold,classID,class"]
    for number in range(4):
        name = f"10{number}-{number % 2}-0-0.wav"
        (tmp_path / f"audio/fold{number}").mkdir(parents=True)
        (tmp_path / f"audio/fold{number}" / name).touch()
        rows.append(f"{name},10{number},0.0,4.0,1,{number},{number % 2},{'ab'[number % 2]}")
    table(tmp_path, "\n".join(rows), "metadata/UrbanSound8K.csv", path="x")
    settings = {"name": "x", "path": str(tmp_path), "source": {"kind": "path"}, "labels": labels}
    clips = find_clips(tmp_path, validate(Dataset, settings, "dataset").labels)
    assert [(clip.label, clip.group, clip.fold) for clip in clips] == [
        ("a", "100", "0"), ("b", "101", "1"), ("a", "102", "2"), ("b", "103", "3")
    ]  # fmt: skip
    assert clips[0].path == "audio/fold0/100-0-0-0.wav"


def test_segments_of_a_file_are_clips_and_the_file_is_their_group(tmp_path):
    clips = find_clips(tmp_path, segments(tmp_path))
    assert [(clip.clip_id, clip.label, clip.group, clip.start, clip.end) for clip in clips] == [
        ("long@0-1.5", "cat", "long.wav", 0.0, 1.5),
        ("long@1.5-3", "dog", "long.wav", 1.5, 3.0),
        ("long@3-", "cat", "long.wav", 3.0, None),
        ("short", "dog", "short.wav", 0.0, None),
    ]


def test_a_segment_s_samples_are_its_own(tmp_path, monkeypatch):
    rate = 8000
    levels = np.repeat([0.25, 0.5, -0.25], rate)
    soundfile.write(tmp_path / "long.wav", levels, rate)
    soundfile.write(tmp_path / "short.wav", levels[:rate], rate)
    labels = segments(tmp_path, "file,class,start,end\nlong,cat,1,2\nlong,dog,2,3\nshort,dog,,\n")
    settings = {"sample_rate": rate, "clip_seconds": 1.0, "crop": "start", "min_seconds": 0.1, "silence_dbfs": -80.0}
    params = {
        "dataset": {"name": "x", "path": str(tmp_path), "source": {"kind": "path"}, "labels": labels.model_dump()},
        "preprocess": settings | {"max_rejected": 0.0},
    }
    (tmp_path / "p/data").mkdir(parents=True)
    (tmp_path / "p/params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    monkeypatch.chdir(tmp_path / "p")
    preprocess.main()
    assert np.load("data/waveforms.npy")[:, ::4000].tolist() == [[16384] * 2, [-8192] * 2, [8192] * 2]
    header, first, *_ = Path("data/clips.csv").read_text(encoding="utf-8").splitlines()
    assert header == "clip_id,path,label,group,fold,subset,start,end,seconds,sample_rate"
    assert first == "long@1-2,long.wav,cat,long.wav,,,1.0,2.0,1.0,8000"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("long,cat,2,1", ["line 2", "2 to 1", "start before end"]),
        ("long,cat,soon,1", ["line 2", "expected seconds"]),
        ("long,cat,-1,1", ["line 2", "-1 to 1"]),
        ("long,cat,0,1\nlong,dog,0,1.0", ["line 3", "second time"]),
    ],
)
def test_faults_of_segments(tmp_path, row, words):
    with pytest.raises(PermafrostError) as error:
        find_clips(tmp_path, segments(tmp_path, f"file,class,start,end\n{row}\n"))
    assert all(word in str(error.value) for word in words)


@pytest.mark.parametrize("path", ["a{", "{}", "{file:>3}", "{file!r}"])
def test_a_template_that_is_none(path):
    with pytest.raises(ValueError, match="expected"):
        Columns(path=path, label="class")


def test_a_column_of_a_template_that_is_not_there(tmp_path):
    (tmp_path / "a.wav").touch()
    with pytest.raises(PermafrostError, match=r"columns\.path: .* no column 'fold'; its columns .* file, class"):
        find_clips(tmp_path, table(tmp_path, "file,class\na,b\n", path="{fold}/{file}"))


@pytest.mark.parametrize(("make", "word"), [(os.mkdir, "a folder"), (os.mkfifo, "a pipe")])
def test_what_is_no_table_is_named_and_nobody_waits(tmp_path, make, word):
    (tmp_path / "a.wav").touch()
    make(tmp_path / "list.csv")
    labels = TableLabels(kind="table", file="list.csv", columns=Columns(path="file", label="class"))
    with pytest.raises(PermafrostError, match=rf"dataset\.labels\.file: .*list\.csv is {word}"):
        find_clips(tmp_path, labels)


def test_a_pattern_that_could_take_for_ever_is_stopped_and_named(tmp_path, monkeypatch):
    monkeypatch.setattr("permafrost.data.patterns.MATCH_SECONDS", 0.05)
    (tmp_path / ("a" * 60 + "b.wav")).touch()
    with pytest.raises(PermafrostError, match=r"dataset\.labels\.pattern: the pattern .* takes too long on 'aaa"):
        find_clips(tmp_path, PatternLabels(kind="pattern", pattern=r"(?P<label>(a|aa)+)\.wav"))
