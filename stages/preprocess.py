"""Stage preprocess: the data set's recordings to data/waveforms.npy, data/clips.csv, rejected.csv and remarks.csv."""

import sys
from dataclasses import asdict
from pathlib import Path

from permafrost import catalogue
from permafrost.audio.preprocessing import Kept, Recording, Rejection, preprocess, stop_if_too_many_rejected
from permafrost.audio.settings import Preprocess
from permafrost.data.clips import read_folder
from permafrost.data.dataset import Labelled
from permafrost.data.losses import lost_classes
from permafrost.data.tables import ClipRow, RejectedRow, write_clips, write_rejected, write_remarks
from stages.stage import parameters, part, run, section

WAVEFORMS, CLIPS = Path("data/waveforms.npy"), Path("data/clips.csv")
REJECTED, REMARKS = Path("data/rejected.csv"), Path("data/remarks.csv")


def main() -> None:
    """Decode every recording once; list what is kept and what is not."""
    root = Path(parameters("dataset.path"))
    settings = section("preprocess", Preprocess)
    reader = catalogue.load("readers", settings.reader, "preprocess.reader")
    clips, left_out = read_folder(root, part("dataset", Labelled).labels, reader.ENDINGS)
    recordings = [Recording(clip.path, clip.start, clip.end) for clip in clips]
    outcomes = preprocess(root, recordings, settings, WAVEFORMS)
    pairs = list(zip(clips, outcomes, strict=True))
    kept = [(clip, found) for clip, found in pairs if isinstance(found, Kept)]
    lost = [RejectedRow(clip.name, clip.label, found.reason) for clip, found in pairs if isinstance(found, Rejection)]
    write_rejected(REJECTED, sorted((row.path, row.reason) for row in [*left_out, *lost]))
    for line in lost_classes((clip.label for clip, _ in kept), (row.label for row in [*left_out, *lost])):
        print(f"warning: {line}; {REJECTED} says why", file=sys.stderr)
    stop_if_too_many_rejected([clip.name for clip in clips], outcomes, settings, REJECTED)
    write_remarks(REMARKS, ((clip.path, remark) for clip, found in kept for remark in found.remarks))
    write_clips(
        CLIPS, [ClipRow(**asdict(clip), seconds=found.seconds, sample_rate=found.sample_rate) for clip, found in kept]
    )


if __name__ == "__main__":
    run(main)
