"""The array that one recipe reads, rendered from the decoded waveforms: pictures, or waveforms at its rate."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from permafrost.audio.inputs import Input, Waveform
from permafrost.audio.making import PictureMaker, resampled, samples_at
from permafrost.audio.pool import spread
from permafrost.audio.rows import RowFile, written_whole
from permafrost.errors import PermafrostError


def render(waveforms: Path, sample_rate: int, settings: Input, out: Path, workers: int | None = None) -> None:
    """Write ``out``: a row for each row of ``waveforms``, float32 pictures (or chunks of one) or int16 waveforms.

    Args:
        waveforms: .npy, int16 [clips, samples].
        sample_rate: of the waveforms, Hz.
        settings: what to render.
        out: the .npy file; whole or not there.
        workers: processes, by default one a core.

    Raises:
        PermafrostError: the waveforms are missing or not of that kind, the settings do not fit them, or the disk is
            full.
    """
    source = RowFile(waveforms)
    if source.dtype != np.int16 or len(source.row_shape) != 1:
        raise PermafrostError(
            f"{waveforms}: got {source.dtype} rows of {source.row_shape}, expected int16 [clips, samples]; "
            "run `dvc repro preprocess`"
        )
    source.close()
    shape, dtype = row_of(settings, sample_rate, source.row_shape[0])
    with written_whole(out) as part:
        RowFile.create(part, dtype, (source.rows, *shape)).close()
        spread(row_renderer, (waveforms, sample_rate, settings, part), source.rows, "render", workers)


def row_of(settings: Input, sample_rate: int, samples: int) -> tuple[tuple[int, ...], type[np.generic]]:
    """Shape and type of what a clip of ``samples`` at ``sample_rate`` Hz becomes."""
    if isinstance(settings, Waveform):
        return (samples_at(settings.sample_rate or sample_rate, sample_rate, samples),), np.int16
    return PictureMaker(settings, sample_rate, samples).shape, np.float32


def row_renderer(waveforms: Path, sample_rate: int, settings: Input, out: Path) -> Callable[[int], None]:
    """A process's own function that renders a row of ``waveforms`` into the same row of ``out``."""
    source, target = RowFile(waveforms), RowFile(out, writable=True)
    waveform = np.empty(source.row_shape, np.int16)
    if isinstance(settings, Waveform):
        rate = settings.sample_rate or sample_rate
        make = partial(resampled, sample_rate=sample_rate, rate=rate, samples=target.row_shape[0])
    else:
        make = PictureMaker(settings, sample_rate, source.row_shape[0])

    def render_row(number: int) -> None:
        source.read(number, waveform)
        target.write(number, make(waveform))

    return render_row
