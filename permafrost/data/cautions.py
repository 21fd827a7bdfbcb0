"""What the sound of a data set is like, class by class, and what of it makes scores hard to read: before anything is
trained."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Any

import numpy as np

from permafrost.data.tables import ClipRow, SplitRow

FULL_SCALE = 32767
CLIPPED = 0.001  # share of a clip's samples at full scale from which it counts as clipped
FEW_TEST_CLIPS = 5
# Shares from which a warning is due.
CLIPPED_CLIPS, MUCH_OF_A_CLIP, LOST, ZEROS = 0.05, 0.05, 0.1, 0.25
UNEVEN = 1.5  # share of the largest class, relative to even classes, from which accuracy flatters
SHORTEST_CLASS = 0.5  # relative to the longest
NAMED = 3


def facts(
    clips: Sequence[ClipRow],
    rows: Sequence[SplitRow],
    read: Callable[[int], np.ndarray],
    sample_rate: int,
    clip_seconds: float,
    remarks: Iterable[tuple[str, str]] = (),
) -> dict[str, Any]:
    """The entry ``facts`` of audit.json.

    ``seconds`` of each class's recordings; how many clips are ``padded`` with zeros and ``cropped``, and the share that
    zeros have in what models read and that what is cut off has in all sound; recordings by sample rate, and how many
    have a lower one than preprocess.sample_rate; how many clips are clipped, and the worst; the largest class's share;
    classes with fewer than five clips in the test set of some repeat; and what decoding remarked, with its recordings.

    Args:
        clips: clips.csv.
        rows: splits.csv.
        read: gives the waveform, int16 [samples], of the clip with a number in ``clips``.
        sample_rate: preprocess.sample_rate.
        clip_seconds: preprocess.clip_seconds.
        remarks: (path, remark), as decoding made them.
    """
    by_class: dict[str, list[ClipRow]] = defaultdict(list)
    for clip in clips:
        by_class[clip.label].append(clip)
    lengths = np.array([clip.seconds for clip in clips])
    short, long = lengths < clip_seconds - 1 / sample_rate, lengths > clip_seconds + 1 / sample_rate
    clipped = np.array([_clipped(read(number), clip, sample_rate) for number, clip in enumerate(clips)])
    largest = max(sorted(by_class), key=lambda label: len(by_class[label]))
    rates = Counter(clip.sample_rate for clip in clips)
    said: dict[str, list[str]] = defaultdict(list)
    for path, remark in remarks:
        said[remark].append(path)
    return {
        "clip_seconds": clip_seconds,
        "sample_rate": sample_rate,
        "seconds": {label: _range([clip.seconds for clip in those]) for label, those in sorted(by_class.items())},
        "padded": {
            "clips": int(short.sum()),
            "zeros": _share((clip_seconds - lengths[short]).sum(), clip_seconds * len(clips)),
        },
        "cropped": {"clips": int(long.sum()), "lost": _share((lengths[long] - clip_seconds).sum(), lengths.sum())},
        "sample_rates": {str(rate): rates[rate] for rate in sorted(rates)},
        "upsampled": {
            label: count
            for label, those in sorted(by_class.items())
            if (count := sum(clip.sample_rate < sample_rate for clip in those))
        },
        "clipped": {
            "clips": int((clipped > CLIPPED).sum()),
            "worst": clips[int(clipped.argmax())].clip_id,
            "share": round(float(clipped.max()), 4),
        },
        "majority": {"label": largest, "share": _share(len(by_class[largest]), len(clips))},
        "few_test_clips": _few_test_clips(clips, rows),
        "remarks": {remark: sorted(set(paths)) for remark, paths in sorted(said.items())},
    }


def cautions(found: dict[str, Any]) -> list[str]:
    """One line for each thing among ``facts`` that users should know before they train."""
    clips = sum(found["sample_rates"].values())
    seconds, lines = found["clip_seconds"], []
    padded, cropped, clipped, majority = (found[name] for name in ("padded", "cropped", "clipped", "majority"))
    if cropped["lost"] >= LOST:
        lines.append(
            f"{cropped['lost']:.0%} of the sound is cut off: {cropped['clips']} of {clips} recordings are longer than "
            f"preprocess.clip_seconds {seconds:g}"
        )
    if padded["zeros"] >= ZEROS:
        lines.append(
            f"{padded['zeros']:.0%} of what models read are zeros: {padded['clips']} of {clips} recordings are shorter "
            f"than preprocess.clip_seconds {seconds:g}"
        )
    middle = {label: length["median"] for label, length in found["seconds"].items()}
    shortest, longest = min(middle, key=middle.__getitem__), max(middle, key=middle.__getitem__)
    if middle[shortest] < SHORTEST_CLASS * min(middle[longest], seconds):
        lines.append(
            f"length tells classes apart: the median is {middle[shortest]:.3g} s in {shortest!r} and "
            f"{middle[longest]:.3g} s in {longest!r}, and what is short is filled with zeros"
        )
    if upsampled := found["upsampled"]:
        count = sum(upsampled.values())
        classes = f"; by class: {_counts(upsampled)}" if count < clips else ""
        lines.append(
            f"{count} of {clips} recordings have a sample rate below preprocess.sample_rate {found['sample_rate']} and "
            f"nothing above half of their own{classes}"
        )
    if clipped["clips"] >= CLIPPED_CLIPS * clips or clipped["share"] >= MUCH_OF_A_CLIP:
        lines.append(
            f"{clipped['clips']} of {clips} clips are clipped, {clipped['worst']!r} in {clipped['share']:.1%} of its "
            "samples"
        )
    if majority["share"] >= UNEVEN / len(middle) and len(middle) > 1:
        lines.append(
            f"classes are uneven: always answering {majority['label']!r} is right for {majority['share']:.0%} of the "
            "clips; read macro F1 and recall by class, not accuracy"
        )
    if few := found["few_test_clips"]:
        lines.append(f"fewer than {FEW_TEST_CLIPS} test clips, too few for a claim by class: {_counts(few)}")
    for remark, paths in found["remarks"].items():
        more = ", ..." if len(paths) > NAMED else ""
        recordings = "recordings" if len(paths) > 1 else "recording"
        lines.append(f"{len(paths)} {recordings}: {remark}; {', '.join(paths[:NAMED])}{more}")
    return lines


def _range(seconds: list[float]) -> dict[str, float]:
    return {name: round(of(seconds), 3) for name, of in (("min", min), ("median", median), ("max", max))}


def _share(part: float, whole: float) -> float:
    return round(float(part / whole), 4)


def _clipped(waveform: np.ndarray, clip: ClipRow, sample_rate: int) -> float:
    """Share of samples at full scale in what is sound, not padding."""
    sound = waveform[: max(1, round(clip.seconds * sample_rate))]
    return float(np.mean((sound >= FULL_SCALE) | (sound <= -FULL_SCALE)))


def _few_test_clips(clips: Sequence[ClipRow], rows: Sequence[SplitRow]) -> dict[str, int]:
    label_of = {clip.clip_id: clip.label for clip in clips}
    tested: dict[int, Counter[str]] = {row.repeat: Counter() for row in rows}
    for row in rows:
        if row.subset == "test":
            tested[row.repeat][label_of[row.clip_id]] += 1
    least = {label: min(counts[label] for counts in tested.values()) for label in sorted(set(label_of.values()))}
    return {label: count for label, count in least.items() if count < FEW_TEST_CLIPS}


def _counts(by_class: dict[str, int]) -> str:
    shown = [f"{label!r} {count}" for label, count in list(by_class.items())[: 2 * NAMED]]
    return ", ".join(shown) + (", ..." if len(by_class) > len(shown) else "")
