"""Whose code an entry of the catalogue is: of what names it, and of nothing else."""

from copy import deepcopy
from pathlib import Path

import pytest

from permafrost import plain_yaml
from permafrost.provenance.consumers import consumers_of
from permafrost.provenance.imports import Sources

ROOT = Path(__file__).parents[2]
SOURCES = Sources(ROOT, ("permafrost", "stages"))


@pytest.fixture
def parameters():
    return plain_yaml.read(ROOT / "params.yaml")


def entries(parameters, kind, consumer):
    """The entries of ``kind`` that are code of ``consumer``."""
    start = f"permafrost.{kind}."
    modules = SOURCES.closure(consumers_of(parameters)[consumer])
    return {name.removeprefix(start) for name in modules if name.startswith(start)}


def test_an_objective_is_code_of_the_runs_that_name_it(parameters):
    first, other = list(parameters["models"])[:2]
    assert entries(parameters, "objectives", f"train-{first}") == {"cross_entropy"}
    parameters["models"][first]["objective"] = "balanced_cross_entropy"
    assert entries(parameters, "objectives", f"train-{first}") == {"balanced_cross_entropy"}
    assert entries(parameters, "objectives", f"train-{other}") == {"cross_entropy"}
    assert not entries(parameters, "objectives", f"weights-{first}")


def test_a_metric_is_code_of_aggregate_where_the_study_names_it(parameters):
    recorded = {"accuracy", "macro_f1", "log_loss", "confusion"}  # every run has these scores
    assert entries(parameters, "metrics", "aggregate") == recorded
    named = deepcopy(parameters)
    named["study"]["metrics"] = ["top3_accuracy"]
    assert entries(named, "metrics", "aggregate") == recorded | {"top3_accuracy"}
    before, after = (consumers_of(each) for each in (parameters, named))
    assert {name for name in before if before[name] != after[name]} == {"aggregate"}


def test_a_reader_is_code_of_what_reads_files_and_shows_clips(parameters):
    for stage in ("preprocess", "split", "aggregate"):
        assert entries(parameters, "readers", stage) == {"audio"}
    assert not entries(parameters, "readers", "render")
