"""Parameter sets: ``dvc exp run -S`` composes params.yaml from conf/."""

import pytest

pytestmark = pytest.mark.pipeline


def test_exp_run_takes_lists_and_values(project):
    output = project.run("dvc", "exp", "run", "-S", "study.seeds=[0,3]", "-S", "models.strip_vit.lr=0.001")
    assert "Running stage 'train@strip_vit-none-3'" in output
    assert "changed in params.yaml: " in output and "study.seeds [0] → [0, 3]" in output
    params = project.params
    assert params["study"]["seeds"] == [0, 3] and params["models"]["strip_vit"]["lr"] == 0.001
    assert (project.root / "runs/strip_vit/head/3/predictions.csv").exists()


def test_a_queued_sweep_runs_and_is_compared(project):
    status, output = project.run("dvc", "exp", "run", "--queue", "-S", "dataset.path=../project", check=False)
    assert status != 0 and f"-S dataset.path={project.root}" in output, "a relative path is refused when it is queued"
    project.run("dvc", "exp", "run", "--queue", "-S", "study.models=[strip_vit]",
                "-S", "models.strip_vit.lr=0.003,0.01")  # fmt: skip
    project.run("dvc", "queue", "start")
    project.run(
        "dvc", "queue", "logs", project.run("dvc", "queue", "status").split("\n")[1].split()[0], "-f", check=False
    )
    for _ in range(120):
        status = project.run("dvc", "queue", "status")
        if status.count("Success") == 2 or "Failed" in status:
            break
        project.run("sleep", "1")
    assert status.count("Success") == 2, status
    shown = project.run("dvc", "exp", "show", "--csv")
    assert "0.003" in shown and "0.01" in shown
