"""One recording and what a model hears in it: the mel picture over time, the probability of each class below it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from permafrost.audio.inputs import LogMel
from permafrost.audio.logmel import LogMelTransform
from permafrost.report.names import shortened
from permafrost.report.style import DATA_NAME, FAINT, IN_TITLE, TITLE, headline, house_style, new_figure, save

LONGEST_SHOWN = 1200  # columns of the picture: more cannot be seen


def draw_prediction(
    path: Path,
    title: str,
    waveform: NDArray[np.int16],
    sample_rate: int,
    starts: Sequence[float],
    chunk_seconds: float,
    classes: Sequence[str],
    chunks: NDArray[np.float64],
) -> None:
    """Write a PNG.

    Args:
        path: the file.
        title: the recording's name.
        waveform: the whole recording [samples].
        sample_rate: Hz.
        starts: of the chunks, seconds.
        chunk_seconds: length of a chunk.
        classes: class names.
        chunks: [chunks, classes]: probabilities.
    """
    seconds = len(waveform) / sample_rate
    mean = chunks.mean(axis=0)
    with house_style():
        figure = new_figure(3.2 + 0.19 * len(classes))
        best = int(mean.argmax())
        chunk_word = "1 chunk" if len(chunks) == 1 else f"{len(chunks)} chunks"
        headline(
            figure,
            shortened(title, TITLE),
            f"{shortened(classes[best], DATA_NAME)}, probability {mean[best]:.2f} as the mean of {chunk_word}",
            top=0.62,
        )
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.0, 0.19 * len(classes)])
        picture = _mel(waveform, sample_rate)
        above.imshow(picture, aspect="auto", origin="lower", extent=(0, seconds, 0, len(picture)), cmap="magma")
        above.set_ylabel("mel band")
        above.grid(False)
        # Each chunk ends where the next begins, or where it ends itself; the last may overlap the one before it.
        ends = [*starts[1:], max(starts[-1] + chunk_seconds, seconds)]
        edges = np.array([*starts, ends[-1]])
        mesh = below.pcolormesh(
            edges,
            np.arange(len(classes) + 1),
            chunks.T,
            cmap="Blues",
            vmin=0,
            vmax=1,
            edgecolors="white",
            linewidth=0.4,
        )
        below.set_yticks(
            np.arange(len(classes)) + 0.5,
            [f"{shortened(name, IN_TITLE)}  {value:.2f}" for name, value in zip(classes, mean, strict=True)],
        )
        below.invert_yaxis()
        below.grid(False)
        below.set_xlabel("seconds")
        below.set_xlim(0, max(seconds, chunk_seconds))
        bar = figure.colorbar(mesh, ax=below, pad=0.01, aspect=12)
        bar.set_label("probability", color=FAINT)
        bar.outline.set_visible(False)
        save(figure, path)


def _mel(waveform: NDArray[np.int16], sample_rate: int) -> NDArray[np.float32]:
    """A mel picture in dB, its frames thinned out to what can be seen."""
    hop = max(512, len(waveform) // LONGEST_SHOWN)
    transform = LogMelTransform(LogMel(scale="db", n_mels=64, hop_length=hop), sample_rate, len(waveform))
    transform.waveform[:] = waveform
    return transform()
