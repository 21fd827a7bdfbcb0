"""Reviews and revisions with Git and DVC for real, on made-up results."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from permafrost.errors import PermafrostError
from permafrost.evaluation.cells import read_study
from permafrost.evaluation.outcomes import outcome_table
from permafrost.evaluation.study_results import study_results
from permafrost.evaluation.summary import accuracies, details, summary
from permafrost.provenance.revisions import Source, inputs_revision, revision, workspace
from permafrost.report.tables import write_csv
from stages import review
from stages.aggregate import write_json

MODELS, FREEZES, SEEDS = ["vit", "vit_random"], ["none", "half"], [0, 1, 2]
DATA = {"train_clips": 180, "test_clips": 60, "chance": 0.25, "rejected": 0, "groups_across_subsets": 0,
        "duplicates_across_subsets": 0}  # fmt: skip
DVC_YAML = """
stages:
  code: {cmd: "true", params: [models, freezing, study]}
  aggregate: {cmd: "true", outs: [metrics/test: {cache: false}], metrics: [metrics/summary.json: {cache: false}]}
metrics: [metrics/test]
"""


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def results(fake_study, aim=None):
    """What the pipeline would write of a small study."""
    models = MODELS if aim is None else MODELS[:1]
    fake_study(models, FREEZES, SEEDS, Path("runs"), clips=60, aim=aim)
    cells = read_study(Path("runs"), MODELS, FREEZES, SEEDS)
    found = study_results("demo", cells, DATA, {}, {})
    Path("metrics/test").mkdir(exist_ok=True, parents=True)
    write_json(Path("metrics/summary.json"), summary(found))
    write_json(Path("metrics/details.json"), details(found))
    for freeze, numbers in accuracies(found).items():
        write_json(Path("metrics/test", f"{freeze}.json"), numbers)
    write_csv(Path("metrics/outcomes.csv"), outcome_table(cells))
    write_csv(Path("plots/runs.csv"), cells.runs)


def lock(params, **outputs):
    outs = [{"path": path, "md5": value} for path, value in outputs.items()]
    code = {"cmd": "true", "params": {"params.yaml": params}}
    Path("dvc.lock").write_text(
        yaml.safe_dump({"schema": "2.0", "stages": {"code": code, "split": {"cmd": "x", "outs": outs}}}),
        encoding="utf-8",
    )


@pytest.fixture
def project(fake_study, tmp_path, monkeypatch):
    """A repository whose commit on main holds a finished study."""
    return finished(fake_study, tmp_path, monkeypatch)


def finished(fake_study, repository, monkeypatch, folder="."):
    """Make the repository, with the project in a ``folder`` of it, and stand there; its parameters."""
    (repository / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(repository / folder)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{Path('/usr/bin')}:{Path('/bin')}")
    params = {
        "models": {name: {"backbone": "strip_vit", "lr": 0.001} for name in MODELS},
        "freezing": {name: {"freeze": name} for name in FREEZES},
        "study": {"seeds": SEEDS},
    }
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    Path("dvc.yaml").write_text(DVC_YAML, encoding="utf-8")
    Path(".gitignore").write_text("/runs/\n", encoding="utf-8")
    results(fake_study)
    lock(params, **{"data/splits.csv": "111"})
    Path("data/code").mkdir(parents=True)
    Path("data/code/train-vit.json").write_text(
        '{"modules": {"permafrost.transfer.trainer": "1"}, "packages": {}}', encoding="utf-8"
    )
    run("git", "init", "-q", "-b", "main", str(repository))
    run("git", "config", "user.email", "test@example.org")
    run("git", "config", "user.name", "Test")
    run("dvc", "init", "-q", *(["--subdir"] if folder != "." else []))
    run("git", "add", "-A")
    run("git", "commit", "-qm", "study")
    return params


def main(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["review", *arguments])
    review.main()
    return Path("review/review.md").read_text(encoding="utf-8"), Path("review/review.html").read_text(encoding="utf-8")


def change(params, fake_study):
    """Another learning rate for one recipe, and what came of it."""
    params["models"]["vit"]["lr"] = 0.01
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    lock(params, **{"data/splits.csv": "111"})
    results(fake_study, aim=lambda model, freeze: {"none": 0.8, "half": 0.97}[freeze])


def test_a_learning_rate_that_was_changed_names_its_recipe_alone(project, fake_study, monkeypatch, capsys):
    change(project, fake_study)
    text, page = main(monkeypatch, "--base", "main")
    assert "- recipe `vit`: `lr` 0.001 → 0.01\n" in text
    assert text.count("- recipe ") == 1 and "vit_random`: `lr`" not in text
    assert "| `vit` | `half`" in text and "**different**" in text
    assert "`vit_random`: every strategy scored the same in every run." in text
    assert "Careful" not in text
    assert "recipe <code>vit</code>: <code>lr</code> 0.001 → 0.01" in page
    assert "Recipes that were changed: `vit`." in capsys.readouterr().out


def test_an_experiment_is_found_by_its_name(project, fake_study, monkeypatch):
    change(project, fake_study)
    run("git", "add", "-A")
    commit = run("git", "commit-tree", run("git", "write-tree").strip(), "-p", "HEAD", "-m", "experiment").strip()
    base = run("git", "rev-parse", "HEAD").strip()
    run("git", "update-ref", f"refs/exps/{base[:2]}/{base[2:]}/warm-dusk", commit)
    run("git", "reset", "-q", "--hard", "main")
    assert revision("warm-dusk") == Source("warm-dusk", commit)
    text, _ = main(monkeypatch, "--base", "main", "--head", "warm-dusk")
    assert text.startswith("# Review: `main` → `warm-dusk`")
    assert "- recipe `vit`: `lr` 0.001 → 0.01\n" in text


def test_results_of_other_parameters_are_refused_with_both_values(project, monkeypatch):
    lock({**project, "study": {"seeds": [7]}, "machine": {"device": "cuda"}}, **{"data/splits.csv": "111"})
    with pytest.raises(PermafrostError) as error:
        main(monkeypatch, "--base", "main")
    assert "the results of workspace were made with other parameters" in str(error.value)
    assert "study.seeds: [7] when it was trained, [0, 1, 2] in params.yaml now" in str(error.value)
    assert "machine" not in str(error.value) and "dvc repro" in str(error.value)


def test_other_data_and_code_are_named(project, monkeypatch):
    lock(project, **{"data/splits.csv": "222"})
    Path("data/code/train-vit.json").write_text(
        '{"modules": {"permafrost.transfer.trainer": "2"}, "packages": {}}', encoding="utf-8"
    )
    text, _ = main(monkeypatch, "--base", "main")
    assert "- `data/splits.csv` has other contents" in text
    assert "- code of `train-vit`: `permafrost.transfer.trainer`" in text
    assert "Every run of 4 strategies is identical. No recipe was changed." in text


def test_the_project_may_be_a_folder_of_a_larger_repository(fake_study, tmp_path, monkeypatch):
    params = finished(fake_study, tmp_path / "mono", monkeypatch, "ml/perma frost")
    commit = run("git", "rev-parse", "--short", "HEAD").strip()
    assert inputs_revision() == commit
    change(params, fake_study)
    (tmp_path / "mono/params.yaml").write_text("of another project: 1\n")
    assert inputs_revision() == f"{commit}, with uncommitted changes in params.yaml"
    text, _ = main(monkeypatch, "--base", "main")
    assert "- recipe `vit`: `lr` 0.001 → 0.01\n" in text
    assert revision("main").files("data/code") == ["data/code/train-vit.json"]


def test_an_unknown_revision_is_named(project):
    with pytest.raises(PermafrostError, match=r"'nowhere' is neither a revision .* \(there are: none\)"):
        revision("nowhere")


def test_a_revision_without_results_is_named(project, monkeypatch):
    run("git", "rm", "-q", "--cached", "metrics/summary.json", "metrics/details.json")
    run("git", "commit", "-qm", "no results")
    with pytest.raises(PermafrostError, match=r"HEAD has no metrics/details\.json.*dvc repro"):
        main(monkeypatch, "--base", "HEAD")


def test_a_table_without_its_columns_is_named(project, monkeypatch):
    Path("plots/runs.csv").write_text("model,freeze\n", encoding="utf-8")
    with pytest.raises(PermafrostError, match=r"plots/runs\.csv of workspace has no column repeat"):
        main(monkeypatch, "--base", "main")


def test_files_are_read_at_a_revision_and_as_they_lie(project):
    Path("params.yaml").write_text("other: 1\n", encoding="utf-8")
    assert workspace().read("params.yaml") == "other: 1\n"
    assert yaml.safe_load(revision("main").read("params.yaml")) == project
    assert revision("main").read("no/such.file") is None and workspace().read("no/such.file") is None
    assert revision("main").files("data/code") == workspace().files("data/code") == ["data/code/train-vit.json"]


def test_committing_results_does_not_change_the_revision_that_they_come_from(project, fake_study):
    commit = run("git", "rev-parse", "--short", "HEAD").strip()
    assert inputs_revision() == commit
    change(project, fake_study)
    assert inputs_revision() == f"{commit}, with uncommitted changes in params.yaml"
    run("git", "commit", "-qam", "results and parameters")
    made = run("git", "rev-parse", "--short", "HEAD").strip()
    Path("metrics/report.md").write_text("later", encoding="utf-8")
    run("git", "add", "-A")
    run("git", "commit", "-qm", "report")
    assert inputs_revision() == made


def test_outside_of_git_there_is_no_revision(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert inputs_revision() == "not under Git"
