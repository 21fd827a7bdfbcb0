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
import yaml
from filelock import FileLock

from tests.pipeline.watching import watched
from tools.study_default import set_default

ROOT = Path(__file__).parents[2]
TRACKED = (
    "permafrost",
    "stages",
    "tools",
    "conf",
    "dvc.yaml",
    "params.yaml",
    "requirements.txt",
    "requirements-transformers.txt",
    ".dvc/config",
    ".dvc/plots",
    ".dvcignore",
    ".gitignore",
)


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


def small(params):
    """The default study cut down: few short clips, one epoch, two strategies, one seed."""
    params["dataset"]["source"] |= {"artists_per_style": 3, "clips_per_artist": 2, "seconds": 1.0}
    params["preprocess"]["clip_seconds"] = 1.0
    params["models"]["strip_vit"]["pretrain"] |= {"clips": 64, "epochs": 1}
    for recipe in params["models"].values():
        recipe |= {"epochs": 1, "by_strategy": {}}
    params["baselines"]["svm"] |= {"kernel": ["linear"], "C": [1.0]}  # a grid of one point needs no inner folds
    params["train"]["threads"] = 1  # the machine runs other tests beside
    params["study"] |= {"freezes": ["none", "head"], "seeds": [0]}
    return params


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
    with contextlib.chdir(project.root):
        set_default("demo")  # the checkout's user may have chosen another
    project.params = small(project.params)
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
