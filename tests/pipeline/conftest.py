"""A copy of the project with a study small enough to run with DVC in a test."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from filelock import FileLock

from permafrost.models.building import build
from tests.pipeline.watching import watched
from tools.study_default import set_default

ROOT = Path(__file__).parents[2]
TRACKED = (
    "permafrost",
    "stages",
    "tools",
    "conf",
    "dvc.yaml",
    "requirements.txt",
    "requirements-transformers.txt",
    ".dvc/config",
    ".dvc/plots",
    ".dvcignore",
    ".gitignore",
)
# Few short clips, one epoch, two strategies, one seed; small networks, one pretrained and its control.
STUDY = """\
# @package _global_
defaults:
  - /model@models.strip_vit: strip_vit
  - /model@models.strip_vit_random: strip_vit
  - /freezing@freezing: standard
  - /baseline@baselines.svm: svm
  - _self_

models:
  strip_vit: {{weights: {weights}, epochs: 1}}
  strip_vit_random: {{weights: random, epochs: 1}}

baselines:
  svm: {{kernel: [linear], C: [1.0]}}  # a grid of one point needs no inner folds

preprocess: {{clip_seconds: 1.0}}
train: {{threads: 1}}  # the machine runs other tests beside

study:
  name: small
  models: [strip_vit, strip_vit_random]
  freezes: [none, head]
  seeds: [0]
  baselines: [svm]
  explain: [svm, strip_vit-none]
"""


class Project:
    """A working copy in which DVC is run as a user would."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {}
        self.watch = root.parent / "watch"

    def run(self, *command, check=True):
        """Run a command in the project; its output, both streams together."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "DVC_"))}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        environment["HOME"] = str(self.root.parent)  # no user settings of git or dvc
        environment |= self.environment
        done = subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} exited {done.returncode}:\n{done.stdout[-4000:]}")
        return done.stdout if check else (done.returncode, done.stdout)

    def repro(self, *arguments):
        """``dvc repro``; the names of the stages that really ran."""
        return set(re.findall(r"^Running stage '([^']+)'", self.run("dvc", "repro", *arguments), re.MULTILINE))

    @property
    def params(self):
        return yaml.safe_load((self.root / "params.yaml").read_text())

    @params.setter
    def params(self, values):
        values = json.loads(json.dumps(values))  # the same mapping in two places would be written as an alias
        (self.root / "params.yaml").write_text(yaml.safe_dump(values, sort_keys=False))

    def edit(self, file, old, new):
        """Replace text in a source file; it must be there."""
        path = self.root / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1))


def pytest_collection_modifyitems(items):
    """The first test of each worker waits for ``finished``, and all share the machine with others."""
    for item in items:
        if item.get_closest_marker("pipeline"):
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id):
    """A project whose small study has run once and is committed. Not to be changed: take ``project``.

    All workers share the one that the first of them makes.
    """
    base = tmp_path_factory.getbasetemp()
    base = base if worker_id == "master" else base.parent
    project, told = Project(base / "pipeline/finished"), base / "pipeline.json"
    with FileLock(base / "pipeline.lock"):
        if not told.exists():
            shutil.rmtree(project.root, ignore_errors=True)
            told.write_text(json.dumps(sorted(_finish(project))))
    project.ran = set(json.loads(told.read_text()))
    return project


def _finish(project):
    for name in TRACKED:
        source, target = ROOT / name, project.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for old, new in {"artists_per_style: 16": "3", "\n    seconds: 5.0": "1.0"}.items():
        project.edit("conf/dataset/synthetic.yaml", old, f"{old.partition(':')[0]}: {new}")
    weights = project.root.parent / "strip_vit.pt"
    torch.save(build("strip_vit", (128, 44), 10, seed=0).state_dict(), weights)
    (project.root / "conf/study/small.yaml").write_text(STUDY.format(weights=weights), encoding="utf-8")
    with contextlib.chdir(project.root):
        set_default("small")
    project.run("git", "init", "-q", "-b", "main")
    project.run("git", "config", "user.email", "test@example.org")
    project.run("git", "config", "user.name", "Test")
    project.environment = watched(project.watch)  # for tests/pipeline/test_watch.py
    ran = project.repro()
    project.environment = {}
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "finished")
    return ran


@pytest.fixture
def project(finished, tmp_path):
    """A fresh copy of the finished project with its cache."""
    root = tmp_path / "project"
    shutil.copytree(finished.root, root, symlinks=True)
    return Project(root)
