"""Stage split: who trains, validates and tests, and what is wrong with that."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from permafrost import catalogue
from permafrost.audio.rows import RowFile
from permafrost.data.audit import audit, warnings
from permafrost.data.cautions import cautions, facts
from permafrost.data.pieces import pieces_apart
from permafrost.data.splits import Split, make_splits
from permafrost.data.tables import read_clips, read_rejected, read_remarks, write_splits
from stages.stage import parameters, run, section


def waveforms(path: Path) -> Callable[[int], np.ndarray]:
    """Reads one clip at a time: the array may be larger than memory."""
    file = RowFile(path)

    def read(clip: int) -> np.ndarray:
        samples = np.empty(file.row_shape, file.dtype)
        file.read(clip, samples)
        return samples

    return read


def main() -> None:
    """Write data/splits.csv and data/audit.json."""
    settings = section("split", Split)
    folder = Path("data")
    clips = read_clips(folder / "clips.csv")
    rejected = read_rejected(folder / "rejected.csv")
    root = Path(parameters("dataset.path"))
    rows = make_splits(clips, settings, roots=[root, Path()], rejected=rejected)
    read = waveforms(folder / "waveforms.npy")
    reader = catalogue.load("readers", parameters("preprocess.reader"), "preprocess.reader")
    findings = audit(clips, rows, read, reader.fingerprint) | {"pieces": pieces_apart(root, clips, rows)}
    length = parameters("preprocess.sample_rate"), parameters("preprocess.clip_seconds")
    findings["facts"] = facts(clips, rows, read, *length, read_remarks(folder / "remarks.csv"))
    write_splits(folder / "splits.csv", rows)
    (folder / "audit.json").write_text(json.dumps(findings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for line in [*warnings(findings), *cautions(findings["facts"])]:
        print(f"warning: {line}", file=sys.stderr)


if __name__ == "__main__":
    run(main)
