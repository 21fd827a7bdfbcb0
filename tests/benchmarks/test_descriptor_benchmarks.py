"""The benchmarks of descriptors run on next to nothing; what they measure is not tested."""

import json

import numpy as np
import pytest

from benchmarks import descriptors, descriptors_svm


@pytest.fixture
def table(tmp_path):
    """A made-up table in the form of GTZAN's, with lists of a split beside it."""
    draw = np.random.default_rng(0)
    lines = ["filename;length;a;b;label"]
    names = [f"{label}.{number:05d}.wav" for label in ("blues", "jazz", "pop") for number in range(20)]
    for number, name in enumerate(names):
        label = name.partition(".")[0]
        a, b = draw.normal(size=2) + 3 * (number // 20)
        lines.append(f"{name};{661500 + number // 20};{a};{b};{label}")
    (tmp_path / "table.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    for place, subset in enumerate(("train", "valid", "test")):
        listed = [f"{name.partition('.')[0]}/{name}" for name in names[place::3]]
        (tmp_path / f"{subset}_filtered.txt").write_text("\n".join(listed))
    return tmp_path / "table.csv"


def test_descriptors_svm(table, tmp_path):
    out = tmp_path / "out.json"
    descriptors_svm.main(["--table", str(table), "--repeats", "1", "--draws", "1", "--json", str(out)])
    found = json.loads(out.read_text())
    assert {row["model"] for row in found["rows"]} >= set(descriptors_svm.MODELS)
    alone = [row for row in found["rows"] if row["note"].startswith("length alone")]
    assert len(alone) == 2 and "60 recordings, 2 descriptors without `length`" in found["title"]


def test_descriptors(tmp_path):
    out = tmp_path / "out.json"
    descriptors.main(["--clips", "2", "--seconds", "1", "--json", str(out)])
    found = json.loads(out.read_text())
    assert len(found["rows"]) == 4 and all(row["value"] > 0 for row in found["rows"])
