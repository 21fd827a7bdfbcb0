"""A study of your own from a folder of recordings: python -m tools.study_from FOLDER [--name mine].

Guesses what the folder tells of classes, groups and folds, says it, writes conf/dataset/NAME.yaml (the recordings) and
conf/study/NAME.yaml (models, strategies, seeds), and makes that study the default of this checkout. Nothing is trained.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

import numpy as np
import yaml

from permafrost.data.clips import find_clips
from permafrost.data.guessing import Guess, guess
from permafrost.data.lengths import Lengths, measure
from permafrost.data.recordings import audio_files
from permafrost.data.splits import Split, make_splits
from permafrost.data.tables import Clip
from permafrost.errors import PermafrostError
from permafrost.parameters.repeating import CONF
from stages.stage import run
from tools.study_default import set_default

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_FOLDS = 10
SPLITS = 6  # one a seed: how far scores move from split to split is part of the answer
WRITTEN = ("data", "metrics", "plots", "weights", ".dvc", ".git")  # the pipeline's own folders

DATASET = """\
# @package _global_
# {title}
# Written by `python -m tools.study_from`; yours to change. {sentence}
dataset:
  name: {name}
  path: {path}  # absolute, so that queued runs find it too
  source:
    kind: path
  labels:
{labels}

preprocess:
  sample_rate: {rate}
  clip_seconds: {clip_seconds}  # longer recordings are cropped, shorter ones padded
  crop: start
  min_seconds: {min_seconds}
  silence_dbfs: -80.0
  max_rejected: 0.05

split:
  kind: {split}
  valid: 0.2
  test: 0.2
  repeats: {repeats}  # seed s reads split s mod {repeats}
  seed: 0
  lists: null
"""
STUDY = """\
# @package _global_
# What to train on {folder}. Written by `python -m tools.study_from`; yours to change.
defaults:
  - /model@models.lite0: efficientnet_lite0
  - /model@models.lite0_random: efficientnet_lite0
  - /freezing@freezing: all
  - /rates@_global_: demo
  - /baseline@baselines.svm: svm
  - _self_
  - override /dataset: {name}

models:
  lite0_random: {{weights: random, weights_sha256: null}}

study:
  name: {name}
  models: [lite0, lite0_random]
  freezes: [none, stem, quarter, half, three_quarters, head, layer_decay, lora]
  continued: [lp_ft]  # begins with the runs of head
  seeds: {seeds}
  baselines: [svm]
  explain: [svm, lite0-none]
"""


def main() -> None:
    """Look at the folder, write the two files, say what was found and done."""
    parser = argparse.ArgumentParser(prog="python -m tools.study_from", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the recordings; they are only read")
    parser.add_argument("--name", default="mine", help="of the study and the data set; default: mine")
    parser.add_argument("--replace", action="store_true", help="write files of that name anew")
    options = parser.parse_args()
    for line in study_from(options.folder, options.name, options.replace):
        print(line)


def study_from(folder: Path, name: str = "mine", replace: bool = False) -> list[str]:
    """Write the study and its data set, make it the default; what was found and done, line by line.

    Raises:
        PermafrostError: the name is not fit or taken, the folder is not fit or tells no classes, or these cannot be
            split. Nothing is written then.
    """
    root = folder.expanduser().resolve()
    dataset, study = CONF / "dataset" / f"{name}.yaml", CONF / "study" / f"{name}.yaml"
    _check_name(name, (dataset, study), replace)
    if Path.cwd().is_relative_to(root):
        raise PermafrostError(
            f"{root} holds this project; expected the recordings: make study-from FOLDER=../recordings"
        )
    for own in WRITTEN:
        if root.is_relative_to(Path(own).resolve()):
            raise PermafrostError(f"{folder} lies in {own}/, which the pipeline writes and empties; move it elsewhere")
    paths = audio_files(root)
    found = guess(root, paths)
    clips = find_clips(root, found.labels)
    lengths = measure(root, [clip.path for clip in clips])
    folds = min(len({clip.fold for clip in clips}), MOST_FOLDS)
    repeats = {"folds": folds, "subsets": 1}.get(found.split, SPLITS)
    make_splits(clips, Split(kind=found.split, repeats=repeats))  # for its errors: a class of two clips cannot be split
    dataset.write_text(_dataset_text(name, root, found, lengths, repeats), encoding="utf-8")
    seeds = list(range(repeats * -(-SPLITS // repeats)))  # few folds are gone round twice
    study.write_text(STUDY.format(name=name, folder=root.name, seeds=seeds), encoding="utf-8")
    try:
        default = set_default(name)
    except Exception:
        dataset.unlink()
        study.unlink()
        raise
    return [
        *_description(root, paths, clips, found, lengths, repeats),
        "  trains   EfficientNet-Lite0 from ImageNet and its random control by nine strategies, and an SVM; "
        f"{len(seeds)} seeds",
        f"wrote {dataset} (the recordings), {study} (what to train on them)",
        default,
        "next: make repro    then, for one change that stays on these recordings: "
        "dvc exp run -S models.lite0.epochs=12",
    ]


def _check_name(name: str, files: tuple[Path, ...], replace: bool) -> None:
    if not NAME.fullmatch(name):
        raise PermafrostError(f"--name: got {name!r}, expected small letters, digits and _, as in my_recordings")
    for file in files:
        if not file.exists():
            continue
        if "tools.study_from" not in file.read_text(encoding="utf-8"):
            raise PermafrostError(f"--name: {file} came with the project; take another name")
        if not replace:
            raise PermafrostError(f"{file} is there already: --name OTHER writes another, --replace writes it anew")


def _dataset_text(name: str, root: Path, found: Guess, lengths: Lengths, repeats: int) -> str:
    labels = yaml.safe_dump(found.labels.model_dump(exclude_none=True), sort_keys=False, allow_unicode=True, width=1000)
    return DATASET.format(
        title=f"{root.name}: {lengths.words}.",
        sentence="; ".join(found.words).replace("\n", " ") + ".",
        name=yaml_text(root.name),
        path=yaml_text(str(root)),
        labels="".join(f"    {line}\n" for line in labels.splitlines()).rstrip(),
        rate=lengths.sample_rate,
        clip_seconds=lengths.clip_seconds,
        min_seconds=round(min(0.5, lengths.clip_seconds / 4), 2),
        split=found.split,
        repeats=repeats,
    )


def yaml_text(text: str) -> str:
    """``text`` as it stands in a YAML file, quoted where it must be."""
    return yaml.safe_dump(text, allow_unicode=True, width=10_000).removesuffix("\n").removesuffix("\n...")


def _description(
    root: Path, paths: list[str], clips: list[Clip], found: Guess, lengths: Lengths, repeats: int
) -> list[str]:
    counts = Counter(clip.label for clip in clips)
    few, many = min(counts.values()), max(counts.values())
    unread = f"; {len(paths) - len(clips)} more have no label" if len(paths) > len(clips) else ""
    groups = len({clip.group for clip in clips if clip.group})
    longer = np.mean(lengths.seconds > lengths.clip_seconds * 1.001)
    shorter = np.mean(lengths.seconds < lengths.clip_seconds * 0.999)
    rule = getattr(found.labels, "pattern", None)
    split = {
        "folds": f"by the folds: {repeats} of them test in turn",
        "subsets": "as the folder is divided: one split, so that its own luck is not seen",
        "grouped": f"60/20/20 %, no group on two sides, drawn {repeats} times: a split a seed",
        "stratified": f"60/20/20 %, drawn {repeats} times: a split a seed",
    }[found.split]
    lines = [
        f"{root}",
        f"  found    {len(clips)} recordings in {len(counts)} classes of "
        + (f"{few} each" if few == many else f"{few} to {many}")
        + (f", {groups} groups" if groups else "")
        + f", {lengths.words}{unread}",
        *(f"  guessed  {words}" for words in found.words),
        *([f"  pattern  {rule}"] if rule else []),
        f"  split    {split}",
        f"  clips    {lengths.clip_seconds:g} s at {lengths.sample_rate} Hz: {longer:.0%} of the recordings are longer "
        f"and cropped, {shorter:.0%} shorter and padded",
    ]
    if not groups and found.split not in ("folds", "subsets"):
        lines.append(
            "  careful  no groups were found. Recordings that share a source, speaker or performer must be kept on one "
            "side: give each a folder below its class, or name it in dataset.labels"
        )
    if len(lengths.rates) > 1:
        lines.append("  careful  recordings have several sample rates; where a class has its own, the rate tells it")
    return lines


if __name__ == "__main__":
    run(main)
