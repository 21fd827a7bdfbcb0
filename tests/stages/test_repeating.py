"""The command that repeats a study is true when it is pasted."""

import shlex
from pathlib import Path

import pytest
import yaml

from permafrost.parameters import repeating
from stages.compose import compose_into

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    monkeypatch.chdir(tmp_path)

    def told(overrides, **edits):
        values = repeating.compose(compose_into, overrides)
        for key, value in edits.items():
            values[key] |= value
        Path("params.yaml").write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
        return values, repeating.command(compose_into)

    return told


def pasted(command):
    """What conf/ composes when ``command`` is run in a shell."""
    words = shlex.split(command)
    assert words[:3] == ["dvc", "exp", "run"] and set(words[3::2]) == {"-S"}
    return repeating.compose(compose_into, words[4::2])


def test_what_conf_composes_is_repeated_by_repro(project):
    assert project([])[1] == "dvc repro"


@pytest.mark.parametrize(
    "overrides",
    [
        ["study=fsdd"],
        ["dataset=folder", "dataset.path='/home/anna/my birds (2)'", "study.seeds=[0,1,2,3]"],
        [
            "models.lite0.lr=0.003",
            "~models.lite0_random",
            "study.models=[lite0]",
            "train.threads=1",
        ],
    ],
)
def test_the_command_composes_to_the_same_parameters(project, overrides):
    values, command = project(overrides)
    assert pasted(command) == values
    assert command.startswith(f"dvc exp run -S {overrides[0]}") or "models" in command


def test_what_no_override_says_is_not_claimed(project):
    _, command = project([], dataset={"path": "${oc.env:HOME}"})
    assert command.startswith("dvc repro  # with params.yaml as it was")


def test_a_committed_file_is_repeated_by_repro(project, monkeypatch):
    monkeypatch.setattr(repeating, "git", lambda *arguments: "params.yaml" if arguments[0] == "ls-files" else "")
    assert project(["study=fsdd"])[1] == "dvc repro"
