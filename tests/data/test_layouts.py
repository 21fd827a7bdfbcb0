"""Folds and subsets are no classes: what is said instead works when it is pasted."""

import re
import shlex
from itertools import product
from pathlib import Path

import pytest
import yaml

from permafrost.data.clips import find_clips
from permafrost.data.dataset import Dataset, PatternLabels
from permafrost.data.splits import Split, make_splits
from permafrost.errors import PermafrostError
from permafrost.settings import validate
from stages.compose import compose_into

ROOT = Path(__file__).parents[2]
ANIMALS = ("cat", "dog", "owl")
FOLDS = tuple(f"fold{number}" for number in range(1, 6))


@pytest.fixture
def refused(tmp_path):
    """``refused(names)``: the folder, and what is said where every first folder is read as a class."""

    def read(names, pattern="(?P<label>[^/]+)/.+"):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        with pytest.raises(PermafrostError) as error:
            find_clips(tmp_path, PatternLabels(kind="pattern", pattern=pattern))
        return tmp_path, str(error.value)

    return read


def dataset(path, labels):
    return {"name": "x", "path": str(path), "source": {"kind": "path"}, "labels": labels}


def pasted(said):
    return yaml.safe_load(re.search(r"^dataset:\n.*?(?=\nor, once|\Z)", said, re.DOTALL | re.MULTILINE)[0])


def numbered(*parts, count=4):
    return ["/".join([*place, f"{number:02d}.wav"]) for place in product(*parts) for number in range(count)]


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (numbered(["train", "valid", "test"], ANIMALS), "subsets"),
        (numbered(["Training", "dev-set", "eval"], ANIMALS), "subsets"),
        (numbered(["sets"], ["train", "test"], ANIMALS), "subsets"),
        (numbered(FOLDS, ANIMALS), "folds"),
        (numbered(["audio"], FOLDS, ANIMALS), "folds"),
    ],
)
def test_the_line_that_is_said_reads_the_folder(refused, tmp_path, monkeypatch, names, kind):
    root, said = refused(names)
    written = pasted(said)
    settings = validate(Dataset, dataset(root, written["dataset"]["labels"]), "dataset")
    clips = find_clips(root, settings.labels)
    assert {clip.label for clip in clips} == set(ANIMALS) and len(clips) == len(names)
    rows = make_splits(clips, validate(Split, written["split"], "split"))
    assert {row.subset for row in rows} == {"train", "valid", "test"} and written["split"]["kind"] == kind
    command = shlex.split(said.partition("dvc exp run ")[2])
    monkeypatch.chdir(ROOT)
    compose_into(tmp_path / "params.yaml", ["dataset=folder", *(word for word in command if word != "-S")])
    params = yaml.safe_load((tmp_path / "params.yaml").read_text(encoding="utf-8"))
    assert params["dataset"]["labels"]["pattern"] == settings.labels.pattern and params["split"]["kind"] == kind


def test_folds_with_bare_files_are_named_by_their_table(refused, tmp_path):
    names = [f"audio/{fold}/{number}{fold}-{kind}.wav" for fold in FOLDS for kind in range(3) for number in range(2)]
    rows = [f"{Path(name).name},{name[-5]},{Path(name).parent.name[-1]},{'abc'[int(name[-5])]}" for name in names]
    (tmp_path / "meta").mkdir()
    header = "slice_file_name,classID,fold,class"
    (tmp_path / "meta/list.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    root, said = refused(names, "audio/(?P<label>[^/]+)/.+")
    written = pasted(said)
    assert written["dataset"]["labels"]["columns"]["path"] == "audio/fold{fold}/{slice_file_name}"
    clips = find_clips(root, validate(Dataset, dataset(root, written["dataset"]["labels"]), "dataset").labels)
    assert len(clips) == 30 and {clip.label for clip in clips} == {"a", "b", "c"}
    assert {clip.fold for clip in clips} == set("12345") and written["split"]["kind"] == "folds"


def test_without_anything_that_tells_classes_the_table_is_asked_for(refused):
    assert "make study-from" in refused(numbered(FOLDS))[1]


def test_a_subset_of_another_name_is_refused(refused):
    said = refused(numbered(["train", "extra"], ANIMALS), "(?P<subset>[^/]+)/(?P<label>[^/]+)/.+")[1]
    assert "'extra'" in said and "train, valid or test" in said
