"""Every benchmark runs on next to nothing, prints its table and writes it as JSON; what it measures is not tested."""

import json

import pytest

from benchmarks import busy_cores, cell_overhead, heads, scaling, study, train_step
from benchmarks.table import markdown

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def rows(tmp_path, capsys):
    """Runs a benchmark; the rows that it wrote, which its table must show."""

    def run(module, *arguments):
        file = tmp_path / "table.json"
        module.main([*arguments, "--json", str(file)])
        found, printed = json.loads(file.read_text()), capsys.readouterr().out
        assert found["title"] in printed and found["machine"] in printed
        assert all(line in printed for line in markdown(found["rows"]))
        return found["rows"]

    return run


def test_heads(rows):
    small = ("--heads", "3", "--epochs", "2", "--embeddings", "40", "--size", "12", "--hidden", "6,6", "--plain", "1")
    found = {row["what"]: row for row in rows(heads, *small)}
    assert found["train_heads, all, cpu, bf16"]["wall minutes"] > 0
    assert float(found["difference from plain fp32, loss over 3 epochs"]["value"]) < 1e-3


def test_train_step(rows):
    found = rows(train_step, "--backbones", "resnet50,resnet20", "--clips", "2", "--small-clips", "2", "--rounds", "1",
                 "--batch", "2", "--side", "32")  # fmt: skip
    assert {row["way"] for row in found if row["model"] == "resnet50"} == {way for way, _, _ in train_step.WAYS}
    assert any(row["way"] == "none, channels_last" for row in found if row["model"] == "resnet20")


def test_study(rows):
    found = rows(study, "--clips", "80", "--shape", "16,16", "--epochs", "1", "--strategies", "none,head")
    assert [row["strategy"] for row in found] == ["none", "head", "all"]
    assert all(float(row["largest difference"]) < 1e-5 for row in found[:2]), "both ways must train the same network"


def test_cell_overhead(rows):
    found = rows(cell_overhead, "--runs", "1", "--cells", "2", "--no-study")
    total, interpreter, imports, own = (row["wall, s"] for row in found[:4])
    assert total > interpreter > 0 and imports > 0 and own > -total
    assert all(row["wall, s"] > 0 for row in found[4:6])
    assert found[6]["what"] == "dvc repro, 2 stub cells"


def test_busy_cores(rows):
    found = rows(busy_cores, "--busy", "0,1", "--runs", "1", "--epochs", "1")
    assert [row["busy processes"] for row in found] == [0, 1] and all(row["ratio"] > 0 for row in found)


def test_scaling(rows):
    found = rows(scaling, "--clips", "60", "--decoded", "60")
    assert [row["stage"] for row in found] == ["preprocess", "split", "render", "train"]
    assert all(row["peak, MB"] > 0 for row in found)


def test_a_table_has_a_column_for_every_key_of_any_row():
    lines = markdown([{"a": "x", "b": 1.23456}, {"a": "long", "c": 20000.0}])
    assert lines == [
        "| a    |    b |     c |",
        "|------|-----:|------:|",
        "| x    | 1.23 |       |",
        "| long |      | 20000 |",
    ]
