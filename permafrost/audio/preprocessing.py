"""Every recording read once, by the reader that the settings name, into one array that each recipe's input is rendered
from."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from permafrost import catalogue
from permafrost.audio.pool import spread
from permafrost.audio.rejection import Rejected
from permafrost.audio.rows import RowFile, written_whole
from permafrost.audio.settings import Preprocess
from permafrost.errors import PermafrostError

NAMED = 5  # rejected recordings in an error or a warning

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """What becomes a clip: a file, its path relative to the data set's folder, or the segment of it from ``start`` to
    ``end`` in seconds (None: to its end)."""

    path: str
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True)
class Kept:
    """A recording that has a row: its length in seconds, the sample rate in Hz of its file, and what was done to it
    that the file does not say."""

    seconds: float
    sample_rate: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rejection:
    """A recording that has none, and why."""

    reason: str


def preprocess(
    root: Path, recordings: Sequence[Recording], settings: Preprocess, out: Path, workers: int | None = None
) -> list[Kept | Rejection]:
    """Write ``out``: [kept recordings, ...], a row each in the order of ``recordings``, as the reader has it.

    The recordings are only read. Memory does not grow with their number. Where none is kept nothing is written.

    Args:
        root: the folder that their paths are relative to.
        recordings: files, or segments of files.
        settings: the reader, rate, length, and what is rejected.
        out: the .npy file; whole or not there.
        workers: processes, by default one a core.

    Returns:
        What became of each recording, in order.

    Raises:
        PermafrostError: no recordings, no such reader, or no room on the disk.
    """
    if not recordings:
        raise PermafrostError(f"{root}: no recordings were found; check dataset.path and dataset.labels")
    with written_whole(out) as part:
        reader = _reader(settings)
        array = RowFile.create(part, reader.DTYPE, (len(recordings), *reader.shape(settings)))
        try:
            outcomes = spread(row_decoder, (root, recordings, settings, part), len(recordings), "preprocess", workers)
            array.keep([row for row, outcome in enumerate(outcomes) if isinstance(outcome, Kept)])
        finally:
            array.close()
    return outcomes


def stop_if_too_many_rejected(
    paths: Sequence[str], outcomes: Sequence[Kept | Rejection], settings: Preprocess, listed_in: Path
) -> None:
    """Raise where more than ``max_rejected`` of the recordings, or all, were rejected; warn where any was.

    Raises:
        PermafrostError: names the count, the first few with their reasons, and ``listed_in``, the full list.
    """
    rejected = [
        f"{path} ({outcome.reason})"
        for path, outcome in zip(paths, outcomes, strict=True)
        if isinstance(outcome, Rejection)
    ]
    if not rejected:
        return
    share = len(rejected) / len(outcomes)
    named = "\n  ".join(rejected[:NAMED])
    more = f"\n  and {len(rejected) - NAMED} more" if len(rejected) > NAMED else ""
    found = f"{len(rejected)} of {len(outcomes)} recordings ({share:.1%}) were rejected"
    listed = f"  {named}{more}\nThe full list is in {listed_in}"
    if share <= settings.max_rejected and len(rejected) < len(outcomes):
        log.warning("warning: %s:\n%s", found, listed)
        return
    limit = (
        f"more than preprocess.max_rejected {settings.max_rejected:g}"
        if share > settings.max_rejected
        else "and nothing is left"
    )
    raise PermafrostError(
        f"{found}, {limit}:\n{listed}. Mend or remove these files, or change what section preprocess rejects"
    )


def row_decoder(
    root: Path, recordings: Sequence[Recording], settings: Preprocess, out: Path
) -> Callable[[int], Kept | Rejection]:
    """A process's own function: reads ``recordings[number]`` into that row of ``out``, says what became of it."""
    array, reader = RowFile(out, writable=True), _reader(settings)

    def decode_into_row(number: int) -> Kept | Rejection:
        recording = recordings[number]
        try:
            row, found = reader.read(root / recording.path, settings, recording.start, recording.end)
        except Rejected as rejected:
            return Rejection(str(rejected))
        array.write(number, row)
        return found

    return decode_into_row


def _reader(settings: Preprocess) -> ModuleType:
    return catalogue.load("readers", settings.reader, "preprocess.reader")
