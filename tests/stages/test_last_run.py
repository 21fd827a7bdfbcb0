"""What `dvc exp run` takes away is said: a data set of one's own, values of earlier runs, edits by hand."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from dvc.exceptions import InvalidArgumentError

from permafrost.errors import PermafrostError
from permafrost.parameters.last_run import COPY, notices
from permafrost.parameters.queued import refuse_lost_paths
from tools.hydra_plugins.before_composing import before_composing

ROOT = Path(__file__).parents[2]
OWN = {
    "dataset": {"name": "birds", "path": "../birds"},
    "study": {"name": "demo", "freezes": ["none"]},
    "models": {"vit": {"lr": 0.01, "epochs": 8}},
}
SYNTHETIC = {**deepcopy(OWN), "dataset": {"name": "synthetic", "path": "data/raw"}}


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """``ran(parameters)``: a project whose last run had them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)

    def write(parameters):
        stages = {"code": {"cmd": "x", "params": {"params.yaml": parameters}}}
        Path("dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}), encoding="utf-8")

    return write


def test_leaving_one_s_own_recordings_is_said_with_the_command_that_stays(ran):
    ran(OWN)
    warning, changed = notices(SYNTHETIC)
    assert warning.startswith("warning: the data set is synthetic (data/raw) now; the last results here were made from")
    assert "made from ../birds. " in warning and "make study-from FOLDER=../birds" in warning
    assert changed.endswith("dataset.name birds → synthetic, dataset.path ../birds → data/raw")


def test_a_study_that_there_is_already_is_named(ran):
    ran({**OWN, "study": {"name": "mine", "freezes": ["none"]}})
    Path("conf/study").mkdir(parents=True)
    Path("conf/study/mine.yaml").touch()
    assert "-S study=mine, or python -m tools.study_default mine for good" in notices(SYNTHETIC)[0]


@pytest.mark.parametrize(("before", "now"), [(SYNTHETIC, OWN), (OWN, OWN), (None, OWN)])
def test_nothing_is_left_where_nothing_was_one_s_own(ran, before, now):
    if before:
        ran(before)
    assert not [line for line in notices(now) if line.startswith("warning")]


def test_a_rate_that_no_strategy_reads_is_told_of(ran):
    own = {"none": {"lr": 0.1}, "head": {"lr": 0.2, "epochs": None}}
    study = {"name": "demo", "freezes": ["none", "head"]}
    before = {**SYNTHETIC, "study": study, "models": {"vit": {"lr": 0.01, "epochs": 8, "by_strategy": own}}}
    ran(before)
    now = deepcopy(before)
    now["models"]["vit"] |= {"lr": 0.02, "epochs": 9}  # epochs are read
    _, warning = notices(now)
    assert warning.startswith("warning: models.vit.lr is read by no strategy of the study: each has its own.")
    assert "models.vit.by_strategy.none.lr=0.02;" in warning and "'~models.vit.by_strategy'" in warning
    del now["models"]["vit"]["by_strategy"]["none"]
    assert len(notices(now)) == 1


def test_an_edit_by_hand_that_never_ran_is_missed_once(ran):
    ran(OWN)
    edited = deepcopy(OWN)
    edited["models"]["vit"]["epochs"] = 3
    Path("params.yaml").write_text(yaml.safe_dump(edited), encoding="utf-8")
    before_composing(Path(), ["dvc", "exp", "run", "-S", "models.vit.lr=0.02"])
    composed = deepcopy(OWN)
    composed["models"]["vit"]["lr"] = 0.02
    assert notices(composed) == ["changed in params.yaml: models.vit.lr 0.01 → 0.02, models.vit.epochs 3 → 8"]
    assert not COPY.exists() and notices(OWN) == []


def test_a_queued_run_is_refused_a_relative_path_at_once_and_given_the_absolute_one(tmp_path):
    (tmp_path / "my birds").mkdir()
    project = tmp_path / "project"
    project.mkdir()
    command = ["dvc", "exp", "run", "--queue", "-S", "dataset.path='../my birds'", "-S", "models.vit.lr=0.1,0.2"]
    with pytest.raises(InvalidArgumentError, match=f"-S dataset.path={tmp_path}/my birds"):
        before_composing(project, command)
    before_composing(project, [*command[:5], f"dataset.path={tmp_path}/my birds", "-S", "note=../nowhere"])
    before_composing(project, [part for part in command if part != "--queue"])


def test_a_queued_run_that_lost_a_file_names_every_one_before_anything_runs(tmp_path, monkeypatch):
    project, copy = tmp_path / "project", tmp_path / "project/.dvc/tmp/exps/tmp1"
    copy.mkdir(parents=True)
    (tmp_path / "birds").mkdir()
    (project / "best.th").touch()
    (project / "weights").mkdir()
    (project / "weights/own.th").touch()
    monkeypatch.chdir(copy)
    parameters = {**OWN, "models": {"vit": {"weights": "weights/own.th", "lr": 0.1, "note": "a/b"}}}
    parameters["models"]["ast"] = {"backbone": "transformers:weights/own.th"}
    monkeypatch.delenv("DVC_ROOT", raising=False)
    refuse_lost_paths(parameters)
    monkeypatch.setenv("DVC_ROOT", str(project))
    with pytest.raises(PermafrostError) as error:
        refuse_lost_paths(parameters)
    lines = str(error.value).splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == [
        *("dataset.path", "models.vit.weights", "models.ast.backbone")
    ]
    assert lines[2].endswith(f"give it as transformers:{project}/weights/own.th")
    assert lines[0].endswith(f"give it as {tmp_path}/birds") and lines[1].endswith(f"{project}/weights/own.th")
    monkeypatch.chdir(project)
    refuse_lost_paths(parameters)


def test_hydra_finds_the_plugin_where_dvc_tells_it_to_look():
    """tests/pipeline/test_experiments.py sees it at work."""
    assert "plugins_path = tools" in (ROOT / ".dvc/config").read_text()
    assert (ROOT / "tools/hydra_plugins/before_composing.py").is_file()
    assert not (ROOT / "tools/hydra_plugins/__init__.py").exists(), "other plugins' packages share the name"
