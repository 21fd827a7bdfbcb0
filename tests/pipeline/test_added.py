"""What is added to the catalogue, each as one file and its name in a YAML file, reruns no run that is there: seen on a
real ``dvc repro``."""

import json
from itertools import product

import pytest

from tests.examples import EXAMPLES
from tests.pipeline.conftest import ROOT
from tests.pipeline.test_repro import AFTER, CELLS

pytestmark = pytest.mark.pipeline

MODEL = "mine"  # the recipe that names what is new


def backbone(params):
    recipe = params["models"]["strip_vit_random"] | {"backbone": "tiny"}
    params["models"][MODEL] = json.loads(json.dumps(recipe))
    params["study"]["models"].append(MODEL)


def objective(params):
    params["models"][MODEL]["objective"] = "focal"


def metric(params):
    params["study"]["metrics"].append("weakest_class")


def strategy(params):
    params["freezing"]["another"] = {"kind": "another", "decay": 0.5}
    params["study"]["freezes"].append("another")


# File, its source, and what names it; in order, for the objective is the new recipe's.
ADDED = [
    ("permafrost/backbones/tiny.py", EXAMPLES["permafrost/backbones/tiny.py"], backbone),
    ("permafrost/objectives/focal.py", EXAMPLES["permafrost/objectives/focal.py"], objective),
    ("permafrost/metrics/weakest_class.py", EXAMPLES["permafrost/metrics/weakest_class.py"], metric),
    ("permafrost/strategies/another.py", (ROOT / "permafrost/strategies/layer_decay.py").read_text("utf-8"), strategy),
]


def test_what_is_added_as_one_file_each_reruns_no_run_that_is_there(project):
    before = {path: path.stat().st_mtime_ns for path in (project.root / "runs").rglob("metrics.json")}
    params = project.params
    params["study"]["explain"] = []  # SHAP values take their time
    for file, source, name_it in ADDED:
        (project.root / file).write_text(source, encoding="utf-8")
        name_it(params)
    wanted = set(map("-".join, product(params["study"]["models"], params["study"]["freezes"], ["0"])))
    new = {f"train@{run}" for run in wanted} - CELLS
    # Strategies that begin with others' runs have stages of their own.
    params["freezing"] |= {
        "lp_ft": {"kind": "lp_ft", "after": ["head"]},
        "wise_ft": {"kind": "wise_ft", "after": ["head", "none"]},
    }
    params["study"] |= {"continued": ["lp_ft"], "interpolated": ["wise_ft"]}
    project.params = params
    models = params["study"]["models"]
    new |= {f"continue@{model}-lp_ft-0" for model in models} | {f"interpolate@{model}-wise_ft-0" for model in models}
    assert project.repro() == new | AFTER | {"code", f"render@{MODEL}", f"weights@{MODEL}"}
    assert {path: path.stat().st_mtime_ns for path in before} == before

    found = json.loads((project.root / "metrics/details.json").read_text())
    for model, freeze in product(models, [*params["study"]["freezes"], "lp_ft", "wise_ft"]):
        numbers = found[model][freeze]
        assert 0 <= numbers["weakest_class"]["mean"] <= numbers["test_accuracy"]["mean"]
    assert "weakest class (%)" in (project.root / "metrics/report.md").read_text()
    uses = {
        name: json.loads((project.root / f"data/code/{name}.json").read_text())
        for name in ("aggregate", f"train-{MODEL}")
    }
    assert "permafrost.metrics.weakest_class" in uses["aggregate"]["modules"]
    assert {"permafrost.backbones.tiny", "permafrost.objectives.focal"} <= set(uses[f"train-{MODEL}"]["modules"])
    assert "permafrost.metrics.weakest_class" not in uses[f"train-{MODEL}"]["modules"]

    # What a continued run begins with is among its dependencies: another rate of `head` trains both again.
    params["models"][MODEL]["by_strategy"] = {"head": {"lr": 0.05}}
    project.params = params
    again = {f"train@{MODEL}-head-0", f"continue@{MODEL}-lp_ft-0", f"interpolate@{MODEL}-wise_ft-0"}
    assert project.repro() == again | AFTER | {"code"}
