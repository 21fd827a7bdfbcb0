"""Recordings of the user's own, and the real ones: read where they are, with no network."""

import json
import stat

import numpy as np
import pytest
import soundfile

from tests.pipeline.conftest import ROOT
from tests.pipeline.watching import findings, watched

pytestmark = pytest.mark.pipeline

SHARED = ROOT.parent / "shared"
MODEL_EPOCHS = {"resnet20": 2, "resnet20_random": 2}


@pytest.fixture
def recordings(tmp_path):
    """Three classes of ten tones, stereo at 16 kHz, in class folders; one file is no sound at all."""
    draw = np.random.default_rng(0)
    for label, hertz in {"low": 200, "mid": 700, "high": 2500}.items():
        folder = tmp_path / "my sounds" / label
        folder.mkdir(parents=True)
        for number in range(10):
            time = np.arange(16000) / 16000
            tone = np.sin(2 * np.pi * hertz * (1 + 0.01 * number) * time) + 0.1 * draw.standard_normal(16000)
            soundfile.write(folder / f"{number}.wav", np.stack([tone, tone], axis=1) / 4, 16000)
    (tmp_path / "my sounds/low/broken.wav").write_text("not a recording")
    return tmp_path / "my sounds"


def test_a_folder_with_nothing_but_class_subfolders(project, recordings):
    before = {path: (path.stat().st_mtime_ns, stat.S_IMODE(path.stat().st_mode)) for path in recordings.rglob("*")}
    project.run("dvc", "exp", "run", "-S", "dataset=folder", "-S", f"dataset.path='{recordings}'",
                "-S", "preprocess.max_rejected=0.05")  # fmt: skip
    summary = json.loads((project.root / "metrics/details.json").read_text())
    assert summary["data"]["clips"] == 30 and summary["data"]["rejected"] == 1
    assert "low/broken.wav" in (project.root / "data/rejected.csv").read_text()
    after = {path: (path.stat().st_mtime_ns, stat.S_IMODE(path.stat().st_mode)) for path in recordings.rglob("*")}
    assert after == before, "the user's files were touched"


def test_too_many_bad_files_stop_the_pipeline_and_name_them(project, recordings):
    status, output = project.run("dvc", "exp", "run", "-S", "dataset=folder", "-S", f"dataset.path='{recordings}'",
                                 "-S", "preprocess.max_rejected=0.0", check=False)  # fmt: skip
    assert status != 0 and "low/broken.wav" in output and "max_rejected" in output
    assert "low/broken.wav" in (project.root / "data/rejected.csv").read_text()
    assert (project.root / "runs/strip_vit/none/0/metrics.json").exists()


@pytest.mark.parametrize(("study", "files"), [("esc10", "*/*.ogg"), ("fsdd", "*/*_[0-9].wav")])
def test_real_recordings_with_really_pretrained_weights(project, tmp_path, study, files):
    """All of ESC-10, and of spoken digits the first ten of each by each speaker, which is a minute less."""
    weights, data = SHARED / "weights/cifar10", SHARED / "data" / study
    if not data.is_dir() or not weights.is_dir():
        pytest.skip(f"{data} or {weights} is missing: no real recordings or weights on this machine")
    folder = tmp_path / "recordings"
    for file in data.glob(files):
        link = folder / file.relative_to(data)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(file)
    project.environment = watched(project.watch)
    given = ["-S", f"models.resnet20.weights={weights / 'resnet20-12fca82f.th'}"]
    epochs = [option for model, number in MODEL_EPOCHS.items() for option in ("-S", f"models.{model}.epochs={number}")]
    project.run("dvc", "exp", "run", "-S", f"study={study}", "-S", f"dataset.path={folder}",
                "-S", "study.seeds=[1]", "-S", "study.freezes=[none,head]", *epochs, *given)  # fmt: skip
    assert findings(project.root, project.watch) == []
    summary = json.loads((project.root / "metrics/details.json").read_text())
    assert summary["data"]["classes"] == 10
    for model in ("resnet20", "resnet20_random"):
        assert set(summary[model]) == {"none", "head"}
    assert summary["resnet20"]["none"]["test_accuracy"]["mean"] > 0.2, "ten classes: chance is .1"
