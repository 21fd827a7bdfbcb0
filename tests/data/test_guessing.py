"""What folders, file names and tables tell, on the layouts that people have."""

import csv
from itertools import product

import pytest

from permafrost.data.clips import find_clips
from permafrost.data.guessing import guess
from permafrost.errors import PermafrostError

ANIMALS = ("cat", "dog", "owl")


def numbered(*parts, count=6):
    return ["/".join([*place, f"{number:02d}.wav"]) for place in product(*parts) for number in range(count)]


LAYOUTS = {
    "class folders": (numbered(ANIMALS), "stratified", 3, 0, 0),
    "class folders in a folder": (numbered(["audio"], ANIMALS), "stratified", 3, 0, 0),
    "classes and groups": (numbered(ANIMALS, ["ann", "bob", "eve"], count=3), "grouped", 3, 3, 0),
    "a class with too few groups": ([*numbered(ANIMALS, ["ann", "bob"])], "stratified", 3, 0, 0),
    "folds above classes": (numbered(["audio"], [f"fold{n}" for n in range(1, 6)], ANIMALS, count=3), "folds", 3, 0, 5),
    "digits as classes, not folds": (numbered("0123456789"), "stratified", 10, 0, 0),
    "pieces of songs": (
        [f"{kind}/{kind}{song}_{piece:02d}.wav" for kind in ANIMALS for song in range(4) for piece in range(5)],
        "grouped", 3, 12, 0,
    ),
    "one stem a class is no group": ([f"{kind}/{kind}.{n:05d}.wav" for kind in ANIMALS for n in range(9)],
                                     "stratified", 3, 0, 0),
    "class and number in the name": ([f"{kind}_{n}.wav" for kind in ANIMALS for n in range(9)], "stratified", 3, 0, 0),
    "class and number without a sign": ([f"{kind}{n}.wav" for kind in ANIMALS for n in range(9)],
                                        "stratified", 3, 0, 0),
    "class, speaker and number": (
        [f"recordings/{digit}_{who}_{n}.wav" for digit in "012" for who in ("ann", "bob", "eve") for n in range(3)],
        "grouped", 3, 3, 0,
    ),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    def make(paths):
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        return tmp_path

    return make


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_read_as_what_it_is(folder, layout):
    paths, split, classes, groups, folds = LAYOUTS[layout]
    root = folder(paths)
    found = guess(root, sorted(paths))
    clips = find_clips(root, found.labels)
    assert found.split == split and len(clips) == len(paths) and found.words
    assert len({clip.label for clip in clips}) == classes
    assert len({clip.group for clip in clips} - {""}) == groups
    assert len({clip.fold for clip in clips} - {""}) == folds


def table(root, header, rows, name="meta/list.csv", delimiter=","):
    (root / name).parent.mkdir(exist_ok=True)
    with (root / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_labels_files_whose_names_tell_nothing(folder, delimiter):
    paths = [f"audio/{n}.wav" for n in range(12)]
    root = folder(paths)
    rows = [[f"{n}.wav", ANIMALS[n % 3], f"s{n % 4}", n % 5] for n in range(12)]
    table(root, ["filename", "category", "src_file", "fold"], rows, delimiter=delimiter)
    found = guess(root, paths)
    clips = find_clips(root, found.labels)
    assert found.split == "folds" and [(clip.label, clip.group, clip.fold) for clip in clips[:2]] == [
        ("cat", "s0", "0"), ("dog", "s1", "1")
    ]  # fmt: skip
    assert "meta/list.csv" in found.words[0] and "'category'" in found.words[0]


def test_a_table_that_knows_no_more_than_the_folders_is_left_alone(folder):
    paths = numbered(ANIMALS)
    root = folder(paths)
    table(root, ["file", "class"], [[path, path.split("/")[0]] for path in paths])
    assert guess(root, paths).labels.kind == "pattern"
    table(
        root, ["file", "class", "speaker"], [[path, path.split("/")[0], index % 4] for index, path in enumerate(paths)]
    )
    assert guess(root, paths).split == "grouped"


def test_names_that_tell_nothing_are_refused_with_what_to_write(folder):
    paths = [f"{n}.wav" for n in range(9)]
    with pytest.raises(PermafrostError, match=r"no classes are found.*conf/dataset/NAME\.yaml"):
        guess(folder(paths), paths)
