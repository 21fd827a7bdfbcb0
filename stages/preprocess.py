"""Stage preprocess: the data set's recordings to data/waveforms.npy, data/clips.csv, rejected.csv and remarks.csv."""

from dataclasses import asdict
from pathlib import Path

from permafrost.audio.preprocessing import Kept, Recording, Rejection, preprocess, stop_if_too_many_rejected
from permafrost.audio.settings import Preprocess
from permafrost.data.clips import find_clips
from permafrost.data.dataset import Labelled
from permafrost.data.tables import ClipRow, write_clips, write_rejected, write_remarks
from stages.stage import parameters, part, run, section

WAVEFORMS, CLIPS = Path("data/waveforms.npy"), Path("data/clips.csv")
REJECTED, REMARKS = Path("data/rejected.csv"), Path("data/remarks.csv")


def main() -> None:
    """Decode every recording once; list what is kept and what is not."""
    root = Path(parameters("dataset.path"))
    settings = section("preprocess", Preprocess)
    clips = find_clips(root, part("dataset", Labelled).labels)
    paths = [clip.path for clip in clips]
    outcomes = preprocess(root, [Recording(path) for path in paths], settings, WAVEFORMS)
    pairs = list(zip(clips, outcomes, strict=True))
    write_rejected(REJECTED, ((clip.path, found.reason) for clip, found in pairs if isinstance(found, Rejection)))
    stop_if_too_many_rejected(paths, outcomes, settings, REJECTED)
    kept = [(clip, found) for clip, found in pairs if isinstance(found, Kept)]
    write_remarks(REMARKS, ((clip.path, remark) for clip, found in kept for remark in found.remarks))
    write_clips(
        CLIPS, [ClipRow(**asdict(clip), seconds=found.seconds, sample_rate=found.sample_rate) for clip, found in kept]
    )


if __name__ == "__main__":
    run(main)
