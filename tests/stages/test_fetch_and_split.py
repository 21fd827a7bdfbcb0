import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from permafrost.data.tables import ClipRow, read_splits, write_clips, write_rejected, write_remarks

ROOT = Path(__file__).parents[2]


@pytest.fixture
def stage(tmp_path):
    """``stage(name, **sections)`` writes params.yaml and runs the stage in a folder of its own."""

    def run(name, **sections):
        sections["preprocess"] = {"reader": "audio", "sample_rate": 8000, "clip_seconds": 1.0}
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(sections))
        return subprocess.run(
            [sys.executable, "-m", f"stages.{name}"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )

    return run


def dataset(path):
    labels = {"kind": "pattern", "pattern": "(?P<label>[^/]+)/.+"}
    return {"name": "mine", "path": str(path), "source": {"kind": "path"}, "labels": labels}


def test_fetch_of_a_folder_leaves_a_note(stage, tmp_path):
    (tmp_path / "mine").mkdir()
    done = stage("fetch", dataset=dataset("mine"))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "data/raw").iterdir()] == ["README.txt"]


def test_fetch_without_the_folder_fails_and_names_it(stage):
    done = stage("fetch", dataset=dataset("missing"))
    assert done.returncode == 1
    assert done.stderr.startswith("error: dataset.path: missing is not a folder")


@pytest.fixture
def preprocessed(tmp_path):
    """What stage preprocess leaves: 2 classes of 10 clips; the first two clips are one recording."""
    clips = [
        ClipRow(f"{label}/{number}", f"{label}/{number}.wav", label, f"{label}{number % 5}", "", 1.0, 8000)
        for label in "ab"
        for number in range(10)
    ]
    waveforms = np.random.default_rng(0).integers(-9999, 9999, (20, 800)).astype(np.int16)
    waveforms[1] = waveforms[0]
    (tmp_path / "data").mkdir()
    write_clips(tmp_path / "data/clips.csv", clips)
    write_rejected(tmp_path / "data/rejected.csv", [("a/broken.wav", "unreadable")])
    write_remarks(tmp_path / "data/remarks.csv", [("a/0.wav", "its header was mended")])
    np.save(tmp_path / "data/waveforms.npy", waveforms)
    return tmp_path


def test_split_writes_the_split_and_warns_of_duplicates_across_subsets(stage, preprocessed):
    texts = {"train": ["a/0", "b/0", "a/broken"], "valid": ["a/1", "b/1"], "test": ["a/2", "b/2"]}
    for name, lines in texts.items():
        (preprocessed / f"{name}.txt").write_text("\n".join(lines))
    lists = {"kind": "files"} | {name: f"{name}.txt" for name in texts}
    done = stage("split", dataset=dataset("."), split={"kind": "lists", "lists": lists})
    assert done.returncode == 0, done.stderr
    assert "a/0, a/1" in done.stderr and done.stdout == ""
    assert "warning: 1 recording: its header was mended; a/0.wav" in done.stderr
    rows = read_splits(preprocessed / "data/splits.csv")
    assert {(row.clip_id, row.subset) for row in rows} == {
        (f"{label}/{number}", subset) for label in "ab" for number, subset in enumerate(texts)
    }
    findings = json.loads((preprocessed / "data/audit.json").read_text(encoding="utf-8"))
    assert findings["duplicates"] == [{"clips": ["a/0", "a/1"], "labels": ["a"]}]


def test_split_gives_the_same_bytes_again(stage, preprocessed):
    outputs = []
    for _ in range(2):
        assert stage("split", dataset=dataset("."), split={"kind": "grouped", "repeats": 2}).returncode == 0
        outputs.append([(preprocessed / "data" / name).read_bytes() for name in ("splits.csv", "audit.json")])
    assert outputs[0] == outputs[1]


def test_split_that_cannot_be_made_fails_and_writes_nothing(stage, preprocessed):
    done = stage("split", dataset=dataset("."), split={"kind": "folds"})
    assert done.returncode == 1 and done.stderr.startswith("error: split.kind folds: a/0.wav has no fold")
    assert not (preprocessed / "data/splits.csv").exists()
