"""Every file that a stage opens, and every parameter that it reads, is one of its dependencies."""

import csv
import json
import shutil

import numpy as np
import pytest
import soundfile
import torch
import yaml

from permafrost.models.building import build
from tests.pipeline.conftest import Project
from tests.pipeline.watching import findings, watched

pytestmark = pytest.mark.pipeline


def test_the_default_study_opens_what_it_depends_on(finished):
    assert {log.name.split()[0] for log in finished.watch.iterdir()} >= {
        "stages.code",
        "stages.train",
        "stages.explain",
    }
    assert findings(finished.root, finished.watch) == []


@pytest.mark.parametrize(
    ("stage", "taken", "found"),
    [
        ("preprocess", "${dataset.path}", "stages.preprocess: opened data/raw/"),
        ("split", "data/waveforms.npy", "stages.split: opened data/waveforms.npy"),
        ("train", "data/splits.csv", "--seed 0: opened data/splits.csv"),
        ("train", "weights/base/${item.model}.safetensors", "opened weights/base/strip_vit.safetensors"),
        ("train", "data/code/train-${item.model}.${item.freeze}.json", "opened permafrost/transfer/trainer"),
        ("explain", "runs", "stages.explain: opened runs/"),
        ("aggregate", "permafrost/report/html/templates", "stages.aggregate: opened permafrost/report/html/templates"),
        ("aggregate", "split.kind", "stages.aggregate: read the parameter split.kind"),
        ("weights", "models.${item.model}.weights", "read the parameter models.strip_vit.weights"),
    ],
)
def test_a_dependency_that_is_taken_out_is_missed(finished, stage, taken, found):
    flow = yaml.safe_load((finished.root / "dvc.yaml").read_text(encoding="utf-8"))
    kept = flow["stages"][stage]
    (kept["params"] if taken in kept.get("params", []) else kept["deps"]).remove(taken)
    seen = findings(finished.root, finished.watch, yaml.safe_dump(flow))
    assert any(found.replace("trainer", "") in line for line in seen), seen


@pytest.fixture(scope="module")
def outside(finished, tmp_path_factory):
    """A study whose recordings, labels, groups, lists, descriptor table and weights all lie outside the project."""
    place = tmp_path_factory.mktemp("outside")
    root = place / "project"
    shutil.copytree(finished.root, root, symlinks=True)
    project, mine = Project(root), place / "mine"
    draw = np.random.default_rng(0)
    names = [f"{label}{number}" for label in ("low", "mid", "high") for number in range(6)]
    (mine / "sounds").mkdir(parents=True)
    for name in names:
        hertz = {"l": 200, "m": 700, "h": 2500}[name[0]]
        tone = np.sin(2 * np.pi * hertz * np.arange(16000) / 16000) + 0.1 * draw.standard_normal(16000)
        soundfile.write(mine / "sounds" / f"{name}.wav", tone / 4, 16000)
    table(mine / "labels.csv", ["file", "class"], [[f"{name}.wav", name[:-1]] for name in names])
    (mine / "artists.txt").write_text("".join(f"{name}\t{name[-1]}\n" for name in names))
    rows = [[f"{name}.wav", *draw.standard_normal(3)] for name in names]
    table(mine / "described.csv", ["filename", "a", "b", "c"], rows)
    for subset, digits in (("train", "0123"), ("valid", "4"), ("test", "5")):
        (mine / f"{subset}.txt").write_text("\n".join(name for name in names if name[-1] in digits))
    weights(mine / "best.pt", 0)
    params = project.params
    recipe = params["models"].pop("strip_vit") | {"backbone": "resnet20", "weights": "../mine/best.pt"}
    params["models"]["mine"] = recipe
    params["baselines"]["svm"]["input"] = {"kind": "table", "file": str(mine / "described.csv")}
    params["dataset"] |= {"name": "mine", "path": str(mine / "sounds")}
    params["dataset"]["labels"] = {
        "kind": "table",
        "file": "../labels.csv",
        "columns": {"path": "file", "label": "class"},
        "groups": {"file": str(mine / "artists.txt"), "pattern": r"(?P<clip>\S+)\t(?P<group>\d)"},
    }
    lists = {
        "kind": "files",
        "train": "../mine/train.txt",
        "valid": "../mine/valid.txt",
        "test": str(mine / "test.txt"),
    }
    params["split"] |= {"kind": "lists", "lists": lists}
    params["study"] |= {"models": ["mine"], "freezes": ["none"], "explain": ["svm", "mine-none"]}
    project.params = params
    project.environment = watched(project.watch)
    project.ran = project.repro()
    project.environment = {}
    return project


def table(path, header, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def weights(path, seed):
    network = build("resnet20", (128, 44), 10, seed)
    torch.save(network.state_dict(), path)


def test_files_outside_the_project_are_dependencies_of_who_opens_them(outside):
    assert {"weights@mine", "features@svm", "train@mine-none-0", "split", "preprocess"} <= outside.ran
    assert findings(outside.root, outside.watch) == []
    assert "up to date" in outside.run("dvc", "status")
    flow = yaml.safe_load((outside.root / "dvc.yaml").read_text(encoding="utf-8"))
    for stage, name in {
        "preprocess": "labels.csv",
        "split": "valid.txt",
        "weights": "best.pt",
        "features": "described.csv",
    }.items():
        deps = flow["stages"][stage]["deps"]
        flow["stages"][stage]["deps"] = [dep for dep in deps if not dep.startswith("data/files")]
        seen = findings(outside.root, outside.watch, yaml.safe_dump(flow))
        assert any(f"stages.{stage}" in line and name in line for line in seen), (stage, seen)


def test_git_holds_no_link(outside):
    outside.run("git", "add", "-A")
    listed = outside.run("git", "ls-files", "data/files").split()
    assert listed and all(name.endswith("/files.json") for name in listed)


NAMED = {
    "labels.csv": "dataset.labels.file",
    "artists.txt": "dataset.labels.groups.file",
    "train.txt": "split.lists.train",
    "described.csv": "baselines.svm.input.file",
    "best.pt": "models.mine.weights",
}


def test_an_overwritten_file_is_seen_and_a_missing_one_named(outside):
    files = {outside.root.parent / "mine" / name: key for name, key in NAMED.items()}
    before = {path: path.read_bytes() for path in files}
    consumers = {"code", "preprocess", "split", "features@svm", "weights@mine"}
    for path, content in before.items():
        path.write_bytes(content[:-1] + b"#")  # in place, and of the same size
    assert changed(outside) == consumers
    for path, content in before.items():
        path.with_suffix(".fresh").write_bytes(content + b"#")
        path.with_suffix(".fresh").replace(path)
    assert changed(outside) == consumers
    for path in files:
        path.unlink()
    status, output = outside.run("python", "-m", "stages.code", check=False)
    assert status == 1 and "Traceback" not in output
    assert all(f"{key}: no file" in output and str(path) in output for path, key in files.items()), output
    for path, content in before.items():
        path.write_bytes(content)
    assert changed(outside) == set()


def changed(project):
    """The stages that DVC would run again."""
    return set(json.loads(project.run("dvc", "status", "--json")))


def test_other_weights_under_the_same_path_are_trained_from(outside):
    base = outside.root / "weights/base/mine.safetensors"
    before = base.read_bytes()
    weights(outside.root.parent / "mine/best.pt", 1)
    assert outside.repro() == {"code", "weights@mine", "train@mine-none-0", "explain", "aggregate"}
    assert base.read_bytes() != before


def test_a_renamed_study_reruns_its_report_alone(outside):
    params = outside.params
    params["study"]["name"] = "renamed"
    outside.params = params
    assert outside.repro() == {"code", "aggregate"}
