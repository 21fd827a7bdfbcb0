"""Stage split: who trains, validates and tests, and what is wrong with that."""

import json
import sys
from pathlib import Path

import numpy as np

from permafrost.data.audit import audit, warnings
from permafrost.data.splits import Split, make_splits
from permafrost.data.tables import read_clips, read_rejected, write_splits
from stages.stage import parameters, run, section


def main() -> None:
    """Write data/splits.csv and data/audit.json."""
    settings = section("split", Split)
    folder = Path("data")
    clips = read_clips(folder / "clips.csv")
    rejected = read_rejected(folder / "rejected.csv")
    rows = make_splits(clips, settings, roots=[Path(parameters("dataset.path")), Path()], rejected=rejected)
    waveforms = np.load(folder / "waveforms.npy", mmap_mode="r", allow_pickle=False)
    findings = audit(clips, rows, waveforms)
    write_splits(folder / "splits.csv", rows)
    (folder / "audit.json").write_text(json.dumps(findings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for line in warnings(findings):
        print(f"warning: {line}", file=sys.stderr)


if __name__ == "__main__":
    run(main)
