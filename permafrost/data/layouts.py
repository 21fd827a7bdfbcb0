"""Classes that are subsets or folds by their names: refused, with the lines that read the folder as what it is."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from permafrost.data.dataset import Labels
from permafrost.data.divisions import are_folds, are_subsets
from permafrost.data.guessing import guess
from permafrost.data.tables import Clip
from permafrost.errors import PermafrostError


def refuse_divisions_as_classes(root: Path, clips: Sequence[Clip], labels: Labels) -> None:
    """Raise where all classes have names of subsets (train, test) or of folds (fold1 … fold5).

    Raises:
        PermafrostError: names them, and the lines to write.
    """
    classes = sorted({clip.label for clip in clips})
    for what, are in (("subsets", are_subsets), ("folds", are_folds)):
        if are(classes):
            raise PermafrostError(
                f"dataset.labels.{labels.kind}: the classes {', '.join(classes[:5])} are {what} by their names, and a "
                f"study would tell these apart; {lines_for(root, [clip.path for clip in clips])}"
            )


def lines_for(root: Path, paths: Sequence[str]) -> str:
    """What to write for the recordings ``paths`` below ``root``, by what their folders, names and tables tell."""
    try:
        found = guess(root, paths)
    except PermafrostError:
        return (
            "no folder or name tells the classes; `make study-from FOLDER=…` on the folder that holds the table too "
            "finds its columns"
        )
    block = yaml.safe_dump(found.labels.model_dump(exclude_none=True), sort_keys=False, allow_unicode=True, width=1000)
    repeats = "" if found.split != "subsets" else "\n  repeats: 1"
    written = f"dataset:\n  labels:\n{_indented(block)}split:\n  kind: {found.split}{repeats}"
    if found.labels.kind == "table":
        return f"in conf/dataset write\n{written}"
    options = [f'dataset.labels.pattern="{found.labels.pattern}"', f"split.kind={found.split}"]
    options += ["split.repeats=1"] if repeats else []
    once = " ".join(f"-S '{option}'" for option in options)
    return f"in conf/dataset write\n{written}\nor, once, dvc exp run {once}"


def _indented(block: str) -> str:
    return "".join(f"    {line}\n" for line in block.splitlines())
