"""What lies in a folder beside recordings is listed, with a reason, where it may be a recording."""

import numpy as np
import pytest
import soundfile
import yaml

from permafrost.data.clips import read_folder
from permafrost.data.dataset import PatternLabels
from permafrost.data.losses import lost_classes
from permafrost.data.recordings import find_files
from permafrost.data.tables import read_clips, read_rejected
from permafrost.errors import PermafrostError
from stages import preprocess

BY_FOLDER = {"kind": "pattern", "pattern": "(?P<label>[^/]+)/.+"}
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 32044\n".format("0" * 64)


@pytest.fixture
def folder(tmp_path):
    """Four recordings in each of two classes."""
    draw = np.random.default_rng(0)
    for label in ("dawn", "noon"):
        (tmp_path / "in" / label).mkdir(parents=True)
        for number in range(4):
            soundfile.write(tmp_path / f"in/{label}/{number}.wav", draw.normal(size=1600) * 0.1, 8000)
    return tmp_path / "in"


def listed(folder):
    return find_files(folder)[1]


def test_what_looks_like_sound_or_is_not_understood_is_listed_and_what_is_known_is_not(folder):
    wav = (folder / "dawn/0.wav").read_bytes()
    for name, content in {
        "dusk/a.dsf": b"DSD ", "dusk/b.bin": wav, "dusk/c.dat": bytes(300), "dusk/d.zzz": b"",
        "notes.txt": b"text", "cover.jpg": b"\xff\xd8\xff", "list.csv": b"a,b\n", ".hidden": bytes(9),
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    found = listed(folder)
    assert list(found) == ["dusk/a.dsf", "dusk/b.bin", "dusk/c.dat", "dusk/d.zzz"]
    assert "convert it to wav" in found["dusk/a.dsf"] and "named b.bin" in found["dusk/b.bin"]
    assert "neither" in found["dusk/c.dat"] and "no bytes" in found["dusk/d.zzz"]


def test_recordings_without_an_ending_are_read(folder):
    (folder / "dawn/0.wav").rename(folder / "dawn/0")
    found = read_folder(folder, PatternLabels(**BY_FOLDER))
    assert "dawn/0" in [clip.path for clip in found.clips] and not found.left_out


def test_a_copy_that_needs_ffmpeg_gives_way_to_one_that_does_not(folder):
    (folder / "dawn/0.m4a").touch()
    found = read_folder(folder, PatternLabels(**BY_FOLDER))
    assert [row.path for row in found.left_out] == ["dawn/0.m4a"] and len(found.clips) == 8


def test_a_class_that_lost_more_than_a_third_is_named():
    kept = [*"aaaa", *"bbbb", *"cccc"]
    assert lost_classes(kept, [*"aa", *"bbb", *"dd", "", ""]) == [
        "class 'b' lost 3 of its 7 recordings",
        "class 'd' lost all of its 2 recordings: no model will know it",
    ]


@pytest.mark.parametrize(("limit", "stops"), [(0.5, False), (0.05, True)])
def test_a_class_of_pointers_and_one_of_unread_sound_are_named_loudly(
    folder, tmp_path, monkeypatch, capsys, limit, stops
):
    for number in range(2):
        (folder / "dusk").mkdir(exist_ok=True)
        (folder / f"dusk/{number}.wav").write_text(POINTER, encoding="utf-8")
        (folder / "night").mkdir(exist_ok=True)
        (folder / f"night/{number}.dsf").write_bytes(b"DSD ")
    settings = {"sample_rate": 8000, "clip_seconds": 0.2, "crop": "start", "min_seconds": 0.1, "silence_dbfs": -80.0}
    dataset = {"name": "x", "path": str(folder), "source": {"kind": "path"}, "labels": BY_FOLDER}
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    with (tmp_path / "params.yaml").open("w", encoding="utf-8") as file:
        yaml.safe_dump({"dataset": dataset, "preprocess": settings | {"max_rejected": limit}}, file)
    if stops:
        with pytest.raises(PermafrostError, match="2 of 10 recordings"):
            preprocess.main()
    else:
        preprocess.main()
        assert len(read_clips(tmp_path / "data/clips.csv")) == 8
    said = capsys.readouterr().err
    assert "warning: class 'dusk' lost all of its 2" in said and "warning: class 'night' lost all of its 2" in said
    rejected = read_rejected(tmp_path / "data/rejected.csv")
    assert list(rejected) == ["dusk/0.wav", "dusk/1.wav", "night/0.dsf", "night/1.dsf"]
    assert "LFS" in rejected["dusk/0.wav"]
