"""Pictures of what is heard: axes with units, colour that can be seen and is explained, every class of a prediction."""

import re

import numpy as np
import pytest
from PIL import Image

from permafrost.audio.inputs import LogMel, Waveform
from permafrost.audio.mel_axes import MelAxes, mel_axes
from permafrost.report.html import figure
from permafrost.report.html.mel_figures import coloured, draw_prediction, draw_saliency

CLIPS = {"sample_rate": 22050, "clip_seconds": 5.0}


@pytest.fixture
def pages(monkeypatch):
    found, drawn = [], figure.vl_convert.svg_to_png
    monkeypatch.setattr(figure.vl_convert, "svg_to_png", lambda svg, scale: found.append(svg) or drawn(svg, scale))
    return found


def texts(svg):
    return re.findall(r">([^<>]+)</text>", svg)


def test_time_frequency_and_colour_are_named_with_their_units(tmp_path, pages):
    pictures, axes = np.random.default_rng(0).random((4, 32, 48)).astype(np.float32), MelAxes(5.0, 0.0, 11025.0)
    files = []
    for _ in range(2):
        shown = draw_saliency(tmp_path, "vit-none", "Grad-CAM", pictures, pictures**4, ["a", "b", "c", "d"], axes)
        files.append((tmp_path / shown.path).read_bytes())
    assert files[0] == files[1]
    told = texts(pages[0])
    assert told.count("seconds") == told.count("kHz, mel scale") == told.count("10") == 4
    assert {"a", "b", "c", "d", "0.25"} <= set(told) and any("strongest place" in text for text in told)
    assert pages[0].count("data:image/png") == 4


@pytest.mark.parametrize("picture", [0.0, 0.5, 1.0], ids=["quiet", "middle", "loud"])
def test_a_place_a_fifth_as_strong_as_the_strongest_is_seen_as_coloured(picture):
    pixels = coloured(np.array([0.0, picture, picture, 1.0]), np.array([0.0, 0.2, 0.0, 1.0])).astype(int)
    assert pixels[1, 0] - pixels[1, 2] > 50 and pixels[2, 0] == pixels[2, 2]


def test_a_prediction_shows_the_recording_and_every_class_with_its_mean(tmp_path, pages):
    wave = (1000 * np.sin(np.arange(3 * 8000))).astype(np.int16)
    chunks = np.array([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2]])
    draw_prediction(tmp_path / "a.png", "$5.wav", wave, 8000, [0.0, 2.0], 2.0, ["jazz", "$", "<b>"], chunks)
    told = texts(pages[0])
    assert {"$5.wav", "jazz, probability 0.60 as the mean of 2 chunks", "mel band", "seconds"} <= set(told)
    assert [text.split()[-1] for text in told if text.startswith(("jazz ", "$ ", "&lt;b&gt; "))] == [
        "0.60",
        "0.25",
        "0.15",
    ]
    with Image.open(tmp_path / "a.png") as image:
        assert image.width == figure.WIDTH * figure.SCALE


def test_axes_are_those_of_what_the_network_reads():
    assert mel_axes(LogMel(fmin=20, fmax=8000), CLIPS, (128, 216)) == MelAxes(5.0, 20.0, 8000.0)
    assert mel_axes(LogMel(), CLIPS, (128, 216)) == MelAxes(5.0, 0.0, 11025.0)
    assert mel_axes(Waveform(sample_rate=22050), {**CLIPS, "sample_rate": 44100}, (66150,)) == MelAxes(
        3.0, 0.0, 11025.0, htk=True
    )
    places, names = MelAxes(5.0, 0.0, 8000.0).ticks(apart=0.05)
    assert names[:2] == ["0.5", "1"] and sorted(places) == places and places[-1] < 1
    assert dict(zip(names, places, strict=True))["1"] == pytest.approx(15 / (15 + 27 * np.log(8) / np.log(6.4)))
