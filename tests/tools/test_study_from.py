"""One command makes a folder a study that the next `dvc exp run` stays on, and one takes it back."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from permafrost import plain_yaml
from permafrost.errors import PermafrostError
from permafrost.parameters import schema
from permafrost.parameters.networks import check_networks
from stages.compose import compose_into
from stages.stage import PARAMS
from tools.study_default import set_default
from tools.study_from import study_from

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """The catalogue of a fresh checkout, and beside it ten recordings in each of three classes."""
    shutil.copytree(ROOT / "conf", tmp_path / "project/conf")
    draw = np.random.default_rng(0)
    for label, number in ((label, number) for label in ("Große Lüge", "mid: 2", "$5_$10") for number in range(10)):
        path = tmp_path / "my sounds" / label / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, draw.normal(size=1600 * (number + 1)) * 0.1, 16000)
    monkeypatch.chdir(tmp_path / "project")
    set_default("demo")
    return tmp_path / "my sounds"


def composed(*overrides):
    """What `dvc exp run` composes, checked."""
    compose_into(Path("params.yaml"), list(overrides))
    schema.check_parameters(plain_yaml.read(PARAMS))
    return yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))


def test_the_study_stays_when_one_thing_is_changed_and_goes_when_told_to(checkout):
    said = "\n".join(study_from(Path("../my sounds")))
    written = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    command = next(line for line in said.splitlines() if "dvc exp run" in line)
    params = composed(command.rpartition(" -S ")[2])
    assert params["dataset"]["path"] == str(checkout) == written["dataset"]["path"]
    assert params["dataset"]["name"] == "my sounds" and params["study"]["name"] == "mine"
    assert params["models"]["lite0"] != written["models"]["lite0"]
    assert params["split"]["repeats"] == 6
    check_networks(params)  # its strategies suit its backbone
    assert params["study"]["seeds"] == [0, 1, 2, 3, 4, 5]
    assert params["preprocess"]["clip_seconds"] == 0.8 and params["preprocess"]["sample_rate"] == 16000
    assert "30 recordings in 3 classes of 10 each" in said and "(?P<label>[^/]+)/.+" in said
    assert "the default study is mine now, no longer demo; back: python -m tools.study_default demo" in said
    assert "make repro" in said
    set_default("demo")
    assert composed()["dataset"]["name"] == "synthetic"
    assert composed("study=mine")["dataset"]["path"] == str(checkout)


def test_the_recordings_serve_another_study_and_its_data_set_can_be_replaced(checkout):
    study_from(checkout, "birds")
    params = composed("study=esc10", "dataset=birds")
    assert params["dataset"]["path"] == str(checkout) and params["study"]["models"] == ["resnet20", "resnet20_random"]
    params = composed("dataset=esc10")
    assert params["dataset"] == composed("study=esc10")["dataset"], "nothing of the folder is left in another data set"


def test_five_folds_are_gone_round_twice_because_five_runs_claim_nothing(checkout):
    for number, path in enumerate(sorted(checkout.rglob("*.wav"))):
        (checkout / f"fold{number % 5}" / path.parent.name).mkdir(parents=True, exist_ok=True)
        path.rename(checkout / f"fold{number % 5}" / path.parent.name / path.name)
    for folder in sorted(checkout.iterdir()):
        if not any(folder.rglob("*.wav")):
            folder.rmdir()
    study_from(checkout)
    params = composed()
    assert params["split"]["kind"] == "folds" and params["split"]["repeats"] == 5
    assert params["study"]["seeds"] == list(range(10))


def test_a_table_replaces_the_pattern(checkout):
    for number, path in enumerate(sorted(checkout.rglob("*.wav"))):
        path.rename(checkout / f"{number:02d}.wav")
    rows = [f"{number:02d}.wav,{'ab'[number % 2]},s{number % 7}" for number in range(30)]
    (checkout / "list.csv").write_text("\n".join(["file,label,speaker", *rows]), encoding="utf-8")
    study_from(checkout)
    params = composed()
    assert params["dataset"]["labels"]["kind"] == "table" and params["split"]["kind"] == "grouped"


def test_what_the_user_changed_is_not_written_over(checkout):
    study_from(checkout)
    Path("conf/study/mine.yaml").write_text(
        Path("conf/study/mine.yaml").read_text(encoding="utf-8") + "# my own\n", encoding="utf-8"
    )
    with pytest.raises(PermafrostError, match=r"conf/dataset/mine\.yaml is there already: --name OTHER"):
        study_from(checkout)
    study_from(checkout, replace=True)
    assert "# my own" not in Path("conf/study/mine.yaml").read_text(encoding="utf-8")
    with pytest.raises(PermafrostError, match=r"conf/dataset/esc10\.yaml came with the project"):
        study_from(checkout, "esc10", replace=True)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "Mine", "x" * 41, "1"])
def test_a_name_that_is_no_name_is_refused(checkout, name):
    with pytest.raises(PermafrostError, match="--name: got"):
        study_from(checkout, name)


def test_folders_that_are_none_or_the_pipeline_s_own_are_refused_and_nothing_is_written(checkout):
    Path("data/raw/a").mkdir(parents=True)
    before = sorted(Path("conf").rglob("*"))
    for folder, said in (
        ("../nowhere", "does not exist"),
        ("data/raw", "which the pipeline writes"),
        ("", "holds this project"),
    ):
        with pytest.raises(PermafrostError, match=said):
            study_from(Path(folder))
    assert sorted(Path("conf").rglob("*")) == before


def test_classes_that_cannot_be_split_are_named_and_nothing_is_written(checkout):
    for path in sorted((checkout / "mid: 2").iterdir())[2:]:
        path.unlink()
    with pytest.raises(PermafrostError, match="class 'mid: 2' has 2 clips"):
        study_from(checkout)
    assert not Path("conf/study/mine.yaml").exists() and "- study: demo" in Path("conf/config.yaml").read_text(
        encoding="utf-8"
    )


def test_an_unknown_study_is_no_default(checkout):
    before = Path("conf/config.yaml").read_text(encoding="utf-8")
    with pytest.raises(PermafrostError, match="did you mean 'esc10'"):
        set_default("esc1o")
    assert Path("conf/config.yaml").read_text(encoding="utf-8") == before
