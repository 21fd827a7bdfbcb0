import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from permafrost.data.tables import read_clips, read_rejected

ROOT = Path(__file__).parents[2]
RATE = 8000


@pytest.fixture
def project(tmp_path):
    """A project's folder: two classes of 30 recordings, one of them unreadable, and params.yaml."""
    for label, pitch in (("high", 800), ("low", 200)):
        (tmp_path / "clips" / label).mkdir(parents=True)
        for number in range(30):
            samples = 0.3 * np.sin(2 * np.pi * (pitch + number) * np.arange(RATE) / RATE)
            soundfile.write(tmp_path / f"clips/{label}/{number:02d}.wav", samples, RATE)
    (tmp_path / "clips/low/07.wav").write_bytes(b"no sound")
    write_parameters(tmp_path)
    return tmp_path


def write_parameters(project, **preprocess):
    labels = {"kind": "pattern", "pattern": "(?P<label>[^/]+)/.+"}
    parameters = {
        "dataset": {"name": "mine", "path": "clips", "source": {"kind": "path"}, "labels": labels},
        "preprocess": {"sample_rate": RATE, "clip_seconds": 1.0} | preprocess,
        "models": {
            "x": {"lr": 0.1, "input": {"kind": "logmel", "n_mels": 32, "n_fft": 512, "size": [20, 24]}},
            "y": {"lr": 0.1, "input": {"kind": "logmel", "n_mels": 32, "n_fft": 512, "size": [8, 8]}},
            "wrong": {"input": {"kind": "logmel", "mels": 32}},
        },
    }
    (project / "params.yaml").write_text(yaml.safe_dump(parameters))


def start(project, name, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", f"stages.{name}", *arguments],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def stage(project, name, *arguments):
    process = start(project, name, *arguments)
    message = process.communicate()[1]
    return process.returncode, message


def test_recordings_become_inputs(project):
    assert stage(project, "preprocess")[0] == 0
    rows = read_clips(project / "data/clips.csv")
    waveforms = np.load(project / "data/waveforms.npy")
    assert [row.path for row in rows] == sorted(row.path for row in rows)
    assert waveforms.shape == (59, RATE) == (len(rows), RATE)
    assert {(row.seconds, row.sample_rate) for row in rows} == {(1.0, RATE)}
    assert list(read_rejected(project / "data/rejected.csv")) == ["low/07.wav"]
    number = [row.clip_id for row in rows].index("low/08")
    np.testing.assert_array_equal(waveforms[number], soundfile.read(project / "clips/low/08.wav", dtype="int16")[0])
    (project / "clips").rename(project / "away")  # whatever the size: nothing is decoded again
    assert stage(project, "render", "--model", "x")[0] == 0
    assert stage(project, "render", "--model", "y")[0] == 0
    assert np.load(project / "data/inputs/x.npy").shape == (59, 20, 24)
    assert np.load(project / "data/inputs/y.npy").shape == (59, 8, 8)


def test_too_many_rejected_stop_after_the_list_is_written(project):
    write_parameters(project, max_rejected=0.0)
    status, message = stage(project, "preprocess")
    assert status == 1
    assert "error: 1 of 60 recordings" in message and "low/07.wav (unreadable" in message
    assert list(read_rejected(project / "data/rejected.csv")) == ["low/07.wav"]
    assert not (project / "data/clips.csv").exists()


def test_faults_are_named(project):
    assert "waveforms.npy does not exist" in stage(project, "render", "--model", "x")[1]
    status, message = stage(project, "render", "--model", "wrong")
    assert status == 1
    assert "models.wrong.input" in message and "mels: unknown key" in message
    assert "models.z" in stage(project, "render", "--model", "z")[1]


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interrupted_stage_says_so_and_leaves_no_half_file(project, name, status):
    (project / "clips/low/08.wav").unlink()
    os.mkfifo(project / "clips/low/08.wav")  # never answers
    process = start(project, "preprocess")
    deadline = time.monotonic() + 20
    while not (project / "data/waveforms.npy.part").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.002)
    process.send_signal(getattr(signal, name))
    process.communicate()
    assert process.returncode == status
    assert list((project / "data").iterdir()) == []


@pytest.mark.parametrize("name", ["preprocess", "render"])
def test_a_stage_imports_nothing_heavy(name):
    script = (
        f"import sys, stages.{name}; print([m for m in ('torch', 'librosa', 'pandas', 'sklearn') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
