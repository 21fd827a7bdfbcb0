"""Saliency pictures: axes with units, and colour that can be seen and is explained."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from permafrost.audio.inputs import LogMel, Waveform
from permafrost.audio.mel_axes import MelAxes, mel_axes
from permafrost.report.saliency_figure import draw_saliency

CLIPS = {"sample_rate": 22050, "clip_seconds": 5.0}


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    made = []
    saved = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda figure, *args, **more: (made.append(figure), saved(figure, *args, **more))
    )

    def draw(picture, strength):
        maps = np.zeros((4, 32, 48), np.float32)
        maps[:, 8:16, 8:24], maps[:, 0, 0] = strength, 1
        pictures = np.full((4, 32, 48), picture, np.float32)
        pictures[:, 0, 0], pictures[:, 0, 1] = 0, 1
        axes = MelAxes(5.0, 0.0, 11025.0)
        shown = draw_saliency(tmp_path, "vit-none", "Grad-CAM", pictures, maps, ["a", "b", "c", "d"], axes)
        return made[-1], tmp_path / shown.path

    return draw


def test_time_frequency_and_colour_are_named_with_their_units(drawn):
    figure, path = drawn(0.5, 0.5)
    assert figure.get_supxlabel() == "time (s)" and "kHz" in figure.get_supylabel()
    panel, *_, bar = figure.axes
    assert panel.get_xlim() == (0, 5) and [text.get_text() for text in panel.get_yticklabels()][-1] == "10"
    assert "saliency" in bar.get_ylabel()
    first = path.read_bytes()
    assert drawn(0.5, 0.5)[1].read_bytes() == first


@pytest.mark.parametrize("picture", [0.0, 0.5, 1.0], ids=["quiet", "middle", "loud"])
def test_a_place_a_fifth_as_strong_as_the_strongest_is_seen_as_coloured(drawn, picture):
    figure, path = drawn(picture, 0.2)
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    x, y = figure.axes[0].transData.transform((5 * 16 / 48, 12 / 32)) * 150 / figure.dpi
    red, _, blue = pixels[len(pixels) - round(y), round(x)]
    assert red - blue > 50


def test_axes_are_those_of_what_the_network_reads():
    assert mel_axes(LogMel(fmin=20, fmax=8000), CLIPS, (128, 216)) == MelAxes(5.0, 20.0, 8000.0)
    assert mel_axes(LogMel(), CLIPS, (128, 216)) == MelAxes(5.0, 0.0, 11025.0)
    assert mel_axes(Waveform(sample_rate=22050), {**CLIPS, "sample_rate": 44100}, (66150,)) == MelAxes(
        3.0, 0.0, 11025.0, htk=True
    )
    places, names = MelAxes(5.0, 0.0, 8000.0).ticks(apart=0.05)
    assert names[:2] == ["0.5", "1"] and sorted(places) == places and places[-1] < 1
    assert dict(zip(names, places, strict=True))["1"] == pytest.approx(15 / (15 + 27 * np.log(8) / np.log(6.4)))
