"""The functions for notebooks, on a made-up study, from another folder; and that they are nobody's dependency."""

import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import permafrost
from permafrost.errors import PermafrostError
from permafrost.evaluation.cells import read_study
from permafrost.evaluation.outcomes import outcome_table
from permafrost.evaluation.records import make_record, read_project
from permafrost.evaluation.study import Study
from permafrost.models.building import build
from permafrost.models.deltas import save_delta
from permafrost.models.weights import save_base
from permafrost.provenance.consumers import pinned
from permafrost.provenance.imports import Sources
from permafrost.report.tables import runs_table, write_csv

ROOT = Path(__file__).parents[1]
RATE = 8000
SUMMARY = {
    "lite0": {"half": {"test_accuracy": {"mean": 0.7, "sd": 0.1, "ci_low": 0.6, "ci_high": 0.8, "n": 4}}},
    "baselines": {"svm": {"test_accuracy": {"mean": 0.6, "sd": 0.1, "ci_low": 0.5, "ci_high": 0.7, "n": 4}}},
    "comparisons": {"shape": {"lite0": "flat"}},
    "data": {"test_clips": 40},
}
PARAMETERS = {
    "study": {"name": "s", "models": ["lite0"], "freezes": ["none", "half"], "seeds": [0, 1, 2, 3]},
    "models": {"lite0": {"input": {"kind": "logmel", "n_mels": 32, "n_fft": 256, "hop_length": 128}}},
    "baselines": {"svm": {"kind": "svm"}},
    "freezing": {"none": {"freeze": 0}, "half": {"freeze": 0.5}},
    "preprocess": {"sample_rate": RATE, "clip_seconds": 1.0},
    "split": {"kind": "stratified"},
    "train": {},
}
PARAMETERS["study"]["baselines"] = ["svm"]


@pytest.fixture
def project(tmp_path, fake_study):
    """A project's folder with the results of a study, and one run that can predict: lite0, half, 0."""
    root = tmp_path / "project"
    (root / "metrics").mkdir(parents=True)
    (root / "params.yaml").write_text(json.dumps(PARAMETERS), encoding="utf-8")
    study = Study(**PARAMETERS["study"])
    runs = fake_study(study.models, study.freezes, study.seeds, folder=root / "runs", baselines=study.baselines)
    computed = {"computed": {"device": "cpu", "precision": "fp32", "threads": 1}}
    for run in study.runs():
        record = make_record(run, read_project(PARAMETERS, root), []) | computed
        (runs / run.folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    cells = read_study(runs, study.models, study.freezes, study.seeds, study.baselines)
    write_csv(root / "plots/runs.csv", runs_table(cells))
    write_csv(root / "metrics/outcomes.csv", outcome_table(cells))
    write_csv(root / "metrics/comparisons.csv", pd.DataFrame({"question": ["reference"], "strategy": ["half"]}))
    (root / "metrics/details.json").write_text(json.dumps(SUMMARY), encoding="utf-8")
    base = root / "weights/base/lite0.safetensors"
    save_base(base, {}, {"backbone": "strip_vit", "source": "random"})
    save_delta(runs / "lite0/half/0/delta.safetensors", build("strip_vit", (32, 63), 4, seed=0), base)
    soundfile.write(root / "tone.wav", np.sin(np.arange(2 * RATE) / 5) * 0.5, RATE)
    return root


def test_a_study_is_read_as_data_frames(project):
    study = permafrost.load_study(project)
    assert len(study.runs) == 12 and set(study.runs["strategy"]) == {"none", "half", "baseline"}
    assert list(study.summary.columns) == ["model", "strategy", "score", "mean", "sd", "ci_low", "ci_high", "n"]
    assert study.summary[["model", "strategy"]].to_numpy().tolist() == [
        ["lite0", "half"],
        ["svm", "baseline"],
    ]
    assert list(study.comparisons["strategy"]) == ["half"]
    assert len(study.outcomes) == 12 * 40 and set(study.outcomes["correct"]) == {0, 1}
    assert len(study.predictions) == 12 * 80 and len(study.histories) == 12 * 5
    test = study.predictions[study.predictions["subset"] == "test"]
    right = (test["label"] == test["predicted"]).groupby([test["model"], test["strategy"], test["seed"]]).mean()
    told = study.runs.set_index(["model", "strategy", "seed"])["test_accuracy"]
    assert np.allclose(right.sort_index(), told.sort_index(), atol=1e-6)
    assert [f"p:{name}" for name in study.classes] == [name for name in test.columns if name.startswith("p:")]


def test_what_is_missing_or_was_made_otherwise_is_refused(project):
    with pytest.raises(PermafrostError, match="project's root"):
        permafrost.load_study(project / "runs")
    changed = PARAMETERS | {"preprocess": {"sample_rate": 16000, "clip_seconds": 1.0}}
    (project / "params.yaml").write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(PermafrostError, match="8000 when it was trained, 16000"):
        _ = permafrost.load_study(project).predictions
    with pytest.raises(PermafrostError, match="8000 when it was trained, 16000"):
        permafrost.load_run("lite0", "half", 0, folder=project)
    (project / "metrics/details.json").unlink()
    with pytest.raises(PermafrostError, match=r"details\.json: not there; `dvc repro` makes it"):
        _ = permafrost.load_study(project).summary


def test_a_trained_run_answers_for_files_and_for_arrays(project):
    run = permafrost.load_run("lite0", "half", 0, folder=project)
    (project / "broken.wav").write_text("no sound", encoding="utf-8")
    table = run.predict([project / "tone.wav", project / "broken.wav"])
    columns = [f"p:{name}" for name in run.classes]
    assert table.columns.tolist() == ["file", "seconds", "predicted", *columns, "error"]
    assert table.loc[0, "seconds"] == 2 and table.loc[0, "predicted"] in run.classes
    assert table.loc[0, "error"] is None and "unreadable" in table.loc[1, "error"]
    samples, rate = soundfile.read(project / "tone.wav", dtype="int16")
    found = run.probabilities(samples, rate)
    assert np.allclose(found, table.loc[0, columns].astype(float)) and found.sum() == pytest.approx(1)
    several = run.probabilities(np.stack([samples, samples]) / 32768, rate)
    assert several.shape == (2, 4) and np.allclose(several, found, atol=1e-4)
    assert run.probabilities(np.zeros(16000, np.int16), 16000).shape == (4,)


@pytest.mark.parametrize(
    "waveforms", [np.full(9, 2.0), np.full(9, np.nan), np.arange(9), np.zeros((2, 2, 2)), np.zeros(0), ["a"]], ids=str
)
def test_arrays_that_are_no_waveforms_are_refused(project, waveforms):
    with pytest.raises(PermafrostError, match="waveforms: "):
        permafrost.load_run("lite0", "half", 0, folder=project).probabilities(waveforms, RATE)


def test_tables_are_compared_as_frames_and_as_files_alike(project):
    runs = permafrost.load_study(project).runs
    models = runs[runs["strategy"] != "baseline"]
    models.to_csv(project / "table.csv", index=False)
    frame, file = permafrost.compare(models), permafrost.compare(str(project / "table.csv"))
    assert frame.to_dict()["models"] == file.to_dict()["models"]
    with pytest.raises(PermafrostError, match="table 1 has no rows"):
        permafrost.compare(models.head(0))
    with pytest.raises(PermafrostError, match="did you mean 'half'"):
        permafrost.compare(models, reference="hlaf")


def test_the_examples_of_the_page_run(project):
    page = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names = {"PROJECT": project, "RECORDING": project / "tone.wav", "WAVEFORM": np.zeros(RATE, np.int16)}
    exec("\n".join(blocks), names)
    assert names["markdown"](names["comparison"]).startswith("#")


def test_importing_it_loads_nothing():
    heavy = ("numpy", "pandas", "torch", "pydantic")
    code = f"import sys, permafrost; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.stdout == "[]\n", done.stderr


def test_it_is_no_dependency_of_a_stage_and_what_it_exports_changes_no_fingerprint(tmp_path):
    sources = Sources(ROOT, ["permafrost", "stages"])
    stages = [f"stages.{path.stem}" for path in (ROOT / "stages").glob("*.py")]
    assert "permafrost.api" not in sources.closure(stages) and "permafrost" in sources.closure(stages)
    package = tmp_path / "pkg"
    package.mkdir()
    lazy = "def __getattr__(name):\n    import pkg.api\n    return getattr(pkg.api, name)\n"
    (package / "__init__.py").write_text(lazy, encoding="utf-8")
    (package / "api.py").write_text("def load(): ...\n", encoding="utf-8")
    (package / "run.py").write_text("import pkg.used\n", encoding="utf-8")
    (package / "used.py").write_text("X = 1\n", encoding="utf-8")
    before = Sources(tmp_path, ["pkg"]).closure(["pkg.run"])
    (package / "__init__.py").write_text(lazy.replace("name", "wanted"), encoding="utf-8")
    assert before == Sources(tmp_path, ["pkg"]).closure(["pkg.run"]) and list(before) == ["pkg", "pkg.run", "pkg.used"]
    (package / "run.py").write_text("from pkg import load\n", encoding="utf-8")
    with pytest.raises(PermafrostError, match=r"run\.py: imports pkg\.load, which pkg only hands on"):
        Sources(tmp_path, ["pkg"]).closure(["pkg.run"])


def test_what_is_installed_is_the_whole_package_and_what_it_imports():
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert setup["tool"]["setuptools"]["packages"]["find"]["include"] == ["permafrost*"]
    (data,) = setup["tool"]["setuptools"]["package-data"].items()
    package = ROOT / data[0].replace(".", "/")
    given = {path for pattern in data[1] for path in package.glob(pattern)}
    files = {path for path in (ROOT / "permafrost").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {path for path in files if path.suffix != ".py"} == given
    assert all((path.parent / "__init__.py").is_file() for path in files - given), "find takes packages alone"
    pins = pinned(ROOT / "requirements.txt")
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files - given
    ]
    distributions = metadata.packages_distributions()
    tops = Sources(ROOT, ["permafrost"]).third_party(modules)
    imported = {name.lower() for top in tops for name in distributions.get(top, [])} & pins.keys()
    assert setup["project"]["dependencies"] == [f"{name}=={pins[name]}" for name in sorted(imported)]
