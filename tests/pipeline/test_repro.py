"""What reruns when: seen on a real ``dvc repro``."""

import json
import shutil

import pytest

from tests.examples import EXAMPLES

pytestmark = pytest.mark.pipeline

CELLS = {f"train@{model}-{freeze}-0" for model in ("strip_vit", "strip_vit_random") for freeze in ("none", "head")}
BASELINE = "baseline@svm-0"
AFTER = {"explain", "aggregate"}  # what reads any cell
PRETRAINED = {cell for cell in CELLS if "random" not in cell}


def test_every_stage_runs_once_and_then_none(finished, project):
    assert finished.ran >= CELLS | AFTER | {"code", "fetch", "preprocess", "split", "render@strip_vit"}
    assert finished.ran >= {"features@svm", BASELINE}
    assert project.repro() == set()
    assert "up to date" in project.run("dvc", "status")


def test_git_holds_the_small_outputs_and_nothing_large(project):
    tracked = project.run("git", "ls-files").split()
    small = {"dvc.lock", "metrics/summary.json", "metrics/report.md", "plots/strategies.png", "data/splits.csv"}
    assert small <= set(tracked)
    assert not [name for name in tracked if name.endswith((".npy", ".safetensors", ".wav")) or name.startswith("runs/")]
    assert project.run("git", "status", "--porcelain") == ""


def test_the_summary_has_every_cell_of_the_study(project):
    summary = json.loads((project.root / "metrics/details.json").read_text())
    for model in ("strip_vit", "strip_vit_random"):
        for freeze in ("none", "head"):
            assert summary[model][freeze]["test_accuracy"].keys() >= {"mean", "sd", "n"}


def test_one_recipe_s_learning_rate_reruns_its_cells_alone(project):
    params = project.params
    params["models"]["strip_vit"]["lr"] *= 2
    project.params = params
    assert project.repro() == PRETRAINED | AFTER | {"code"}
    assert "metrics/test/none.json" in project.run("dvc", "metrics", "diff", "--all")


def test_a_strategy_s_own_rate_reruns_its_cells_alone(project):
    params = project.params
    params["models"]["strip_vit"]["by_strategy"] = {"head": {"lr": 0.02, "epochs": 2}}
    project.params = params
    assert project.repro() == {"train@strip_vit-head-0"} | AFTER | {"code"}
    run = project.root / "runs/strip_vit/head/0"
    assert json.loads((run / "run.json").read_text())["parameters"]["models"]["strip_vit"]["lr"] == 0.02
    assert json.loads((run / "metrics.json").read_text())["epochs"] == 2
    params["models"]["strip_vit"]["lr"] *= 2
    project.params = params
    assert project.repro() == {"train@strip_vit-none-0"} | AFTER | {"code"}


def test_a_new_seed_runs_its_cells_alone_and_a_dropped_one_none(project):
    params = project.params
    params["study"]["seeds"] = [0, 1]
    project.params = params
    new = {cell[:-1] + "1" for cell in {*CELLS, BASELINE}}
    assert project.repro() == new | AFTER | {"code"}
    params["study"]["seeds"] = [1]
    project.params = params
    assert project.repro() == AFTER | {"code"}


def test_layout_comments_and_new_entries_of_the_catalogue_rerun_no_cell(project):
    project.edit("permafrost/transfer/trainer.py", "import math\n", "# A remark.\nimport math\n\n")
    project.edit("permafrost/transfer/trainer.py", '"""The training loop', '"""Another docstring. The loop')
    for file, source in EXAMPLES.items():
        (project.root / file).write_text(source, encoding="utf-8")
    assert project.repro() == {"code"}


def test_a_changed_line_in_the_trainer_reruns_every_cell(project):
    project.edit("permafrost/transfer/trainer.py", "torch.manual_seed(", "torch.random.manual_seed(")
    assert project.repro() >= CELLS | {"code"}
    assert "fetch" not in project.repro("--force", "--single-item", "code")


def test_a_changed_line_in_a_backbone_reruns_its_recipes_alone(project):
    params = project.params
    params["models"]["small"] = params["models"]["strip_vit_random"] | {"backbone": "resnet20", "epochs": 1}
    params["study"]["models"] = ["strip_vit_random", "small"]
    project.params = params
    assert project.repro() >= {"train@small-none-0", "train@small-head-0", "render@small"}
    project.edit(
        "permafrost/backbones/cifar_resnet.py", "class Stem(nn.Module):", "UNUSED = 1\n\n\nclass Stem(nn.Module):"
    )
    ran = project.repro()
    assert {"train@small-none-0", "train@small-head-0", "weights@small"} <= ran
    assert not [stage for stage in ran if "strip_vit" in stage or stage in ("fetch", "preprocess", "split")]


def test_a_baseline_s_setting_reruns_its_cells_alone_and_its_row_is_compared(project):
    params = project.params
    params["baselines"]["svm"]["C"] = [0.001]
    project.params = params
    assert project.repro() == AFTER | {"code", BASELINE}
    assert "metrics/test/baseline.json" in project.run("dvc", "metrics", "diff", "--all")
    assert "`svm` (baseline)" in (project.root / "metrics/report.md").read_text()
    assert "svm/beeswarm.png" in (project.root / "plots/explain/pictures.csv").read_text()


def test_a_missing_cell_is_named_and_a_stale_one_is_left_out(project):
    params = project.params
    params["study"]["freezes"] = ["none"]
    project.params = params
    output = project.run("dvc", "repro")
    assert "head" in output and "warning" in output.lower()
    summary = json.loads((project.root / "metrics/details.json").read_text())
    assert set(summary["strip_vit"]) == {"none"}
    shutil.rmtree(project.root / "runs/strip_vit/none/0")
    status, output = project.run("python", "-m", "stages.aggregate", check=False)
    assert status == 1 and "strip_vit" in output and "none" in output and "Traceback" not in output


def test_a_failing_stage_loses_nothing_that_was_finished(project):
    params = project.params
    params["models"]["strip_vit"]["lr"] = 1e9
    params["models"]["strip_vit"]["optimiser"] = "sgd"
    project.params = params
    status, output = project.run("dvc", "repro", check=False)
    assert status != 0 and "lower lr" in output and "Traceback" not in output
    assert (project.root / "runs/strip_vit_random/none/0/metrics.json").exists()
    project.run("git", "checkout", "-q", "params.yaml")
    assert project.repro() <= {"code"}


def test_a_lock_that_a_kill_emptied_is_restored_and_only_the_last_stage_runs_again(project):
    lock = project.root / "dvc.lock"
    whole = lock.read_text()
    lock.write_text("")
    status, output = project.run("dvc", "repro", check=False)
    assert status != 0 and "validation failed" in output, "else there is nothing to restore"
    assert "empty" in project.run("python", "-m", "tools.check")
    # Its own entry is not in the copy that it took as it started, and DVC's run cache takes no stage with such outputs.
    assert project.repro() == {"aggregate"}
    # What Git holds comes out the same; report.html, which tells the commit it was made at, is in the lock by its hash.
    assert project.run("git", "status", "--porcelain").split() in ([], ["M", "dvc.lock"])
    assert lock.read_text().count("\n") == whole.count("\n")
