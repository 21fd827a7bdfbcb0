"""The array that one recipe reads, rendered from the decoded waveforms: log-mel images, or waveforms at its rate."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from permafrost.audio.inputs import LogMel, Waveform
from permafrost.audio.logmel import LogMelTransform
from permafrost.audio.pool import spread
from permafrost.audio.rows import RowFile, written_whole
from permafrost.audio.samples import as_float32, as_int16
from permafrost.errors import PermafrostError


def render(
    waveforms: Path, sample_rate: int, settings: LogMel | Waveform, out: Path, workers: int | None = None
) -> None:
    """Write ``out``: a row for each row of ``waveforms``, float32 images in 0 … 1 or int16 waveforms.

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
    shape, dtype = _row_of(settings, sample_rate, source.row_shape[0])
    with written_whole(out) as part:
        RowFile.create(part, dtype, (source.rows, *shape)).close()
        spread(row_renderer, (waveforms, sample_rate, settings, part), source.rows, "render", workers)


def _row_of(settings: LogMel | Waveform, sample_rate: int, samples: int) -> tuple[tuple[int, ...], type[np.generic]]:
    if isinstance(settings, LogMel):
        return LogMelTransform(settings, sample_rate, samples).shape, np.float32
    return (round(samples * (settings.sample_rate or sample_rate) / sample_rate),), np.int16


def row_renderer(waveforms: Path, sample_rate: int, settings: LogMel | Waveform, out: Path) -> Callable[[int], None]:
    """A process's own function that renders a row of ``waveforms`` into the same row of ``out``."""
    source, target = RowFile(waveforms), RowFile(out, writable=True)
    if isinstance(settings, LogMel):
        transform = LogMelTransform(settings, sample_rate, source.row_shape[0])

        def render_row(number: int) -> None:
            source.read(number, transform.waveform)
            target.write(number, transform())

        return render_row

    waveform = np.empty(source.row_shape, np.int16)
    resampled = np.zeros(target.row_shape, np.int16)
    rate = settings.sample_rate or sample_rate

    def resample_row(number: int) -> None:
        source.read(number, waveform)
        target.write(number, waveform if rate == sample_rate else _resample(waveform, sample_rate, rate, resampled))

    return resample_row


def _resample(waveform: Any, sample_rate: int, rate: int, out: Any) -> Any:
    samples = as_int16(soxr.resample(as_float32(waveform), sample_rate, rate))[: len(out)]
    out[: len(samples)] = samples
    out[len(samples) :] = 0
    return out
