from pathlib import Path

import pytest
import yaml

from permafrost.data.dataset import Dataset
from permafrost.data.splits import Split
from permafrost.errors import PermafrostError
from permafrost.settings import validate

ROOT = Path(__file__).parents[2]
CATALOGUE = sorted((ROOT / "conf/dataset").glob("*.yaml"))


def section(**changes):
    return {
        "name": "mine",
        "path": "../mine",
        "source": {"kind": "path"},
        "labels": {"kind": "pattern", "pattern": "(?P<label>[^/]+)/.+"},
    } | changes


def pattern(text):
    return section(labels={"kind": "pattern", "pattern": text})


def remote(**changes):
    file = {"url": "https://example.org/a.zip", "sha256": "0" * 64, "archive": "zip"} | changes
    return section(path="data/raw", source={"kind": "url", "files": [file]})


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_shipped_data_sets_are_valid_and_give_every_key(path):
    sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert path.read_text(encoding="utf-8").startswith("# @package _global_\n")
    assert list(sections) == ["dataset", "preprocess", "split"]
    assert validate(Dataset, sections["dataset"], "dataset").name == path.stem
    validate(Split, sections["split"], "split")
    # A key left out would keep its value only by chance of the schema's default.
    assert set(sections["split"]) == set(Split.model_fields)


def test_the_issue_s_data_sets_are_shipped():
    shipped = {path.stem for path in CATALOGUE}
    assert shipped >= {"synthetic", "esc10", "fsdd", "gtzan", "gtzan_marsyas", "esc50", "folder"}


def test_a_path_elsewhere_is_read_in_place_whatever_the_source():
    dataset = validate(Dataset, remote(), "dataset")
    assert dataset.origin.kind == "url"
    assert dataset.model_copy(update={"path": "./data/raw/"}).origin.kind == "url"
    assert dataset.model_copy(update={"path": "../mine"}).origin.kind == "path"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (pattern("(?P<label>[^/]+"), ["dataset.labels.pattern", "not a regular expression"]),
        (pattern("[^/]+/.+"), ["dataset.labels.pattern", "(?P<label>"]),
        (pattern("(?P<label>.)(?P<artist>.)"), ["dataset.labels.pattern", "'artist'", "label, group, fold"]),
        (section(labels={"kind": "guess"}), ["dataset.labels", "'guess'", "'pattern', 'table'"]),
        (section(source={"kind": "ftp"}), ["dataset.source", "'synthetic', 'path', 'url'"]),
        (section(path="data/raw"), ["dataset", "data/raw", "-S dataset.path=FOLDER"]),
        (section(colour="blue"), ["dataset.colour", "unknown key", "labels"]),
        (remote(sha256="abc"), ["sha256", "'abc'"]),
        (remote(url="ftp://example.org/a.zip"), ["https://", "ftp://example.org/a.zip"]),
        (remote(url="http://example.org/a.zip", sha256=None), ["sha256", "not encrypted"]),
        (remote(url="https://example.org/"), ["file name", "name"]),
        (remote(archive="rar"), ["archive", "'zip', 'tar' or 'none'"]),
        (
            section(labels={"kind": "table", "file": "a.csv", "columns": {"path": "p"}}),
            ["dataset.labels.columns.label", "missing"],
        ),
    ],
)
def test_faults_name_the_key_and_what_is_expected(values, words):
    with pytest.raises(PermafrostError) as error:
        validate(Dataset, values, "dataset")
    for word in words:
        assert word in str(error.value)
