"""Mel pictures with axes: one recording and what a model hears in it, clips and what a network looked at."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from permafrost.audio.inputs import LogMel
from permafrost.audio.logmel import LogMelTransform
from permafrost.audio.media import magma, png
from permafrost.audio.mel_axes import MelAxes
from permafrost.report.explained import Picture
from permafrost.report.html.figure import in_rows, save_figure
from permafrost.report.html.parts import Mark
from permafrost.report.html.theme import OWN, finished, values
from permafrost.report.names import shortened

LONGEST_SHOWN = 1200  # columns of a picture: more cannot be seen
DATA_NAME, IN_TITLE, LONGEST_NAME = 34, 22, 14  # letters of names below a title, in one, and above a picture
COLUMNS, HEIGHT, ROW = 3, 120, 20
COLOURS = 96
NAMES = 150  # pixels left of both parts of a prediction, so that they stand below each other
STRENGTHS = (0.0, 0.1, 0.25, 0.5, 1.0)  # of the legend
Floats = NDArray[np.float64]


def draw_prediction(
    path: Path,
    title: str,
    waveform: NDArray[np.int16],
    sample_rate: int,
    starts: Sequence[float],
    chunk_seconds: float,
    classes: Sequence[str],
    chunks: Floats,
) -> None:
    """The mel picture of a recording over time, the probability of each class below it.

    Args:
        path: of the PNG.
        title: the recording's name.
        waveform: the whole recording [samples].
        sample_rate: Hz.
        starts: of the chunks, seconds.
        chunk_seconds: length of a chunk.
        classes: class names.
        chunks: [chunks, classes]: probabilities.
    """
    seconds, mean = len(waveform) / sample_rate, chunks.mean(axis=0)
    width = max(seconds, chunk_seconds)
    hop = max(512, len(waveform) // LONGEST_SHOWN)
    transform = LogMelTransform(LogMel(scale="db", n_mels=64, hop_length=hop), sample_rate, len(waveform))
    transform.waveform[:] = waveform
    above = _picture(
        magma(transform()),
        width,
        alt.Axis(title="mel band", labels=False, grid=False, minExtent=NAMES),
        2 * HEIGHT,
        seconds / width,
    )
    # Each chunk ends where the next begins, or where it ends itself; the last may overlap the one before it.
    ends = [*starts[1:], max(starts[-1] + chunk_seconds, seconds)]
    names = [f"{shortened(name, IN_TITLE)}  {value:.2f}" for name, value in zip(classes, mean, strict=True)]
    rows = [
        {"class": name, "start": start, "end": end, "probability": float(value)}
        for start, end, said in zip(starts, ends, chunks, strict=True)
        for name, value in zip(names, said, strict=True)
    ]
    below = alt.Chart(values(rows)).mark_rect(color=OWN, stroke="var(--line)", strokeWidth=0.5)
    below = below.encode(
        x=alt.X("start:Q", title="seconds", scale=alt.Scale(domain=[0, width], nice=False)),
        x2="end:Q",
        y=alt.Y("class:N", sort=names, title="class", axis=alt.Axis(minExtent=NAMES, labelLimit=NAMES - 10)),
        opacity=alt.Opacity("probability:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None),
    )
    best, counted = int(mean.argmax()), "1 chunk" if len(chunks) == 1 else f"{len(chunks)} chunks"
    said = f"{shortened(classes[best], DATA_NAME)}, probability {mean[best]:.2f} as the mean of {counted}"
    legend = [Mark("square", OWN, "probability 1; paler is less")]
    save_figure(path, title, said, [[("", above)], [("", finished(below, ROW * len(classes)))]], legend, colours=None)


def caption(label: str, answer: str, probability: float) -> str:
    """``jazz: found, 0.93`` or ``jazz: taken for blues, 0.41``."""
    said = "found" if answer == label else f"taken for {shortened(answer, LONGEST_NAME)}"
    return f"{shortened(label, LONGEST_NAME)}: {said}, {probability:.2f}"


def draw_saliency(
    out: Path,
    name: str,
    method: str,
    pictures: NDArray[np.float32],
    maps: NDArray[np.float32],
    captions: Sequence[str],
    axes: MelAxes,
) -> Picture:
    """Write ``out/name/saliency.png`` with a mel picture a clip, the decisive places in colour; what it shows.

    Args:
        out: plots/explain.
        name: of the model.
        method: how the maps were made, for the subtitle.
        pictures: [clips, height, width], low frequencies first.
        maps: [clips, height, width] in 0 … 1.
        captions: one a clip.
        axes: of all pictures.
    """
    places, hertz = axes.ticks()
    written = {f"{place:.3f}": text for place, text in zip(places, hertz, strict=True)}
    axis = alt.Axis(
        title="kHz, mel scale", grid=False, values=places, labelExpr=f"{written}[format(datum.value, '.3f')]"
    )
    facets = [
        (said, _picture(coloured(picture, strength), axes.seconds, axis, HEIGHT))
        for picture, strength, said in zip(pictures, maps, captions, strict=True)
    ]
    shades = coloured(np.full(len(STRENGTHS), 0.5), np.array(STRENGTHS))
    legend = [
        Mark("square", "#{:02x}{:02x}{:02x}".format(*shade), f"{strength:g}")
        for shade, strength in zip(shades, STRENGTHS, strict=True)
    ]
    said = f"grey: the mel picture; colour: what decided, by {method}, as a share of each clip's strongest place"
    rows, title = in_rows(facets, COLUMNS), f"What {shortened(name, IN_TITLE)} looks at"
    save_figure(out / name / "saliency.png", title, said, rows, legend, colours=COLOURS)
    words = f"Mel pictures of one clip a class, where {name} looks coloured ({method}): {'; '.join(captions)}"
    return Picture(name, f"{name}/saliency.png", words)


def coloured(picture: np.ndarray, strength: np.ndarray) -> NDArray[np.uint8]:
    """A mel picture in grey and its saliency over it, both in 0 … 1: [..., red, green, blue].

    Grey ends at a middle one and colour at a bright one, so that colour shows on loud and on quiet parts; what does not
    matter leaves the picture as it is. Maps have few strong places: the root gives half of the colours to what is
    weaker than a quarter of the strongest.
    """
    low, high = float(picture.min()), float(picture.max())
    grey = 0.06 + 0.66 * (picture if high <= low else (picture - low) / (high - low))
    root = np.sqrt(np.clip(strength, 0, 1))
    opacity, green = (np.interp(root, [0, 0.5, 1], ends) for ends in ([0, 0.75, 1], [0.42, 0.42, 0.75]))
    over = np.stack([np.ones_like(root), green, np.zeros_like(root)], axis=-1)
    mixed = (1 - opacity[..., None]) * grey[..., None] + opacity[..., None] * over
    return np.round(255 * mixed).astype(np.uint8)


def _picture(pixels: np.ndarray, seconds: float, axis: alt.Axis, height: int, share: float = 1.0) -> dict[str, Any]:
    """``pixels`` [height, width, 3], low frequencies first, over ``seconds``, of which it fills ``share``."""
    corners = alt.Chart(values([{"x": 0, "y": 0}, {"x": seconds, "y": 1}])).mark_point(opacity=0)
    scale = {"scale": alt.Scale(nice=False, zero=False)}
    place = {"x": alt.value(0), "y": alt.value(0), "url": alt.value(png(pixels[::-1]))}
    wide, high = alt.expr(f"width * {share}"), alt.expr("height")
    drawn = alt.Chart(values([{}])).mark_image(align="left", baseline="top", aspect=False, width=wide, height=high)
    x, y = alt.X("x:Q", title="seconds", **scale), alt.Y("y:Q", axis=axis, **scale)
    return finished(alt.layer(drawn.encode(**place), corners.encode(x=x, y=y)), height)
