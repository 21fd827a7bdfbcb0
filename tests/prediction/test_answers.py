import csv
import io
import json

import numpy as np
import pytest
import soundfile
import torch

from permafrost.audio.decoding import Rejected
from permafrost.audio.descriptors import NAMES, describe
from permafrost.audio.inputs import LogMel, Waveform
from permafrost.audio.making import PictureMaker
from permafrost.audio.settings import Preprocess
from permafrost.baselines.classical import fit
from permafrost.baselines.recipe import Logistic
from permafrost.baselines.stored import StoredModel, save_model
from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.models.deltas import save_delta
from permafrost.models.weights import save_base
from permafrost.objectives import balanced_cross_entropy
from permafrost.prediction.answers import answer_all, as_csv, as_json, find_files
from permafrost.prediction.chunks import read_chunks
from permafrost.prediction.predictors import Predictor, classical_predictor, network_predictor
from permafrost.transfer.recipe import Training

pytestmark = pytest.mark.usefixtures("one_thread")

RATE = 8000
SETTINGS = Preprocess(sample_rate=RATE, clip_seconds=1.0)


def tone(seconds, rate=RATE, pitch=440.0):
    return (0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.fixture
def recordings(tmp_path):
    """An mp3, a stereo wav of 48 kHz, a short clip, a long one, and a text that is called a wav."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    soundfile.write(folder / "a.mp3", tone(2.4, 44100), 44100)
    soundfile.write(folder / "b.wav", np.stack([tone(1.0, 48000), 0 * tone(1.0, 48000)], axis=1), 48000)
    soundfile.write(folder / "c.wav", tone(0.3), RATE)
    soundfile.write(folder / "d.flac", tone(3.5), RATE)
    (folder / "e.wav").write_text("not a sound\n" * 100)
    return folder


def loudness(chunks):
    """A predictor's function: the second class is as probable as the first tenth of a second is loud."""
    loud = np.clip(np.abs(chunks[:, : RATE // 10] / 32768).max(axis=1), 0, 1)
    return np.stack([1 - loud, loud], axis=1)


def test_chunks_follow_each_other_and_the_last_ends_with_the_recording(recordings):
    long = read_chunks(recordings / "d.flac", SETTINGS, RATE)
    assert long.starts == (0.0, 1.0, 2.0, 2.5) and long.waveforms.shape == (4, RATE)
    assert np.array_equal(long.waveforms[3], long.whole[-RATE:])
    short = read_chunks(recordings / "c.wav", SETTINGS, RATE)
    assert short.starts == (0.0,) and short.seconds == 0.3 and not short.waveforms[0, 2400:].any()
    stereo = read_chunks(recordings / "b.wav", SETTINGS, RATE)
    assert stereo.starts == (0.0,), "what resampling adds or takes at the end is no chunk of its own"
    assert np.abs(stereo.waveforms[0, 1000:2000]).max() / 32768 == pytest.approx(0.5, abs=0.01), "one is silent"
    with pytest.raises(Rejected, match="unreadable"):
        read_chunks(recordings / "e.wav", SETTINGS, RATE)


def test_a_bad_recording_is_named_and_stops_no_other(recordings):
    files = find_files([str(recordings)])
    assert [file[-5:] for file in files] == ["a.mp3", "b.wav", "c.wav", ".flac", "e.wav"]
    seen = []
    predictor = Predictor(("quiet", "loud"), RATE, loudness)
    answers, faults = answer_all(files, predictor, SETTINGS, lambda answer, chunks: seen.append(answer.file))
    assert [len(answer.chunks) for answer in answers] == [3, 1, 1, 4] and seen == files[:4]
    assert list(faults) == [files[4]] and "unreadable" in faults[files[4]]
    assert answers[3].probabilities[1] == pytest.approx(0.5, abs=0.01)

    rows = list(csv.DictReader(io.StringIO(as_csv(answers, predictor.classes))))
    assert [row["chunks"] for row in rows] == ["3", "1", "1", "4"]
    assert float(rows[0]["quiet"]) + float(rows[0]["loud"]) == pytest.approx(1, abs=1e-5)
    entries = json.loads(as_json(answers, faults))
    assert len(entries) == 5 and entries[3]["chunks"][3]["start"] == 2.5 and "unreadable" in entries[4]["error"]


def test_files_that_are_not_there(tmp_path, recordings):
    with pytest.raises(PermafrostError, match="no audio file"):
        (tmp_path / "empty").mkdir()
        find_files([str(tmp_path / "empty")])
    _, faults = answer_all([str(tmp_path / "none.wav")], Predictor(("a", "b"), RATE, loudness), SETTINGS)
    assert "No such file" in faults[str(tmp_path / "none.wav")]


def cell(tmp_path, backbone, shape, classes=("x", "y")):
    """A trained cell on disk: base, delta, predictions.csv."""
    base, delta, predictions = tmp_path / "base.safetensors", tmp_path / "delta.safetensors", tmp_path / "p.csv"
    save_base(base, {}, {"backbone": backbone, "source": "random"})
    network = build(backbone, shape, len(classes), seed=3)
    with torch.no_grad():
        network.head.bias += 1.0
    save_delta(delta, network, base)
    predictions.write_text("clip_id,subset,label,predicted," + ",".join(classes) + "\n")
    return network.eval(), delta, base, predictions


@pytest.mark.parametrize(
    ("shape", "more"), [((32, 32), {"size": (32, 32)}), ((2, 32, 16), {"chunk": 16, "sample_rate": 8000, "mean": 0.5})]
)
def test_a_cells_network_hears_the_pictures_it_was_trained_on(tmp_path, shape, more):
    settings = LogMel(n_mels=32, n_fft=512, hop_length=256, **more)
    network, *files = cell(tmp_path, "strip_vit", shape)
    predictor = network_predictor(*files, settings, Training(), SETTINGS)
    chunks = np.stack([(32767 * tone(1.0, pitch=pitch)).astype(np.int16) for pitch in (300, 900, 2000)])
    pictures = np.stack([PictureMaker(settings, RATE, RATE)(chunk) for chunk in chunks])
    assert pictures.shape[1:] == shape
    with torch.no_grad():
        expected = network(torch.from_numpy(pictures)[..., None, :, :]).double().softmax(1).numpy()
    assert np.allclose(predictor.probabilities(chunks), expected, atol=1e-7) and predictor.classes == ("x", "y")
    with pytest.raises(PermafrostError, match=r"trained on pictures of \(.*\), but params.yaml gives \(64, 32\)"):
        network_predictor(*files, LogMel(n_mels=40, size=(64, 32)), Training(), SETTINGS)


def test_what_an_output_says_is_the_objective_s_to_tell(tmp_path, monkeypatch):
    settings = LogMel(n_mels=32, n_fft=512, hop_length=256, size=(32, 32))
    _, *files = cell(tmp_path, "strip_vit", (32, 32))
    monkeypatch.setattr(balanced_cross_entropy, "probabilities", lambda outputs: torch.full_like(outputs, 0.5))
    predictor = network_predictor(*files, settings, Training(objective="balanced_cross_entropy"), SETTINGS)
    assert (predictor.probabilities((32767 * tone(1.0)).astype(np.int16)[None]) == 0.5).all()


def test_a_network_on_crops_hears_chunks_of_their_length(tmp_path):
    _, *files = cell(tmp_path, "cnn", (11025,))
    predictor = network_predictor(*files, Waveform(kind="waveform", sample_rate=22050), Training(), SETTINGS)
    assert predictor.samples == RATE // 2
    probabilities = predictor.probabilities((32767 * tone(0.5)).astype(np.int16)[None])
    assert probabilities.shape == (1, 2) and probabilities.sum() == pytest.approx(1)


def test_a_cell_that_is_not_there_or_does_not_fit(tmp_path):
    _, delta, base, predictions = cell(tmp_path, "cnn", (11025,))
    waveform = Waveform(kind="waveform", sample_rate=22050)
    with pytest.raises(PermafrostError, match="train this cell"):
        network_predictor(delta, base, tmp_path / "none.csv", waveform, Training(), SETTINGS)
    predictions.write_text("clip_id,subset,label,predicted,x,y,z\n")
    with pytest.raises(PermafrostError, match="3 classes, the network 2"):
        network_predictor(delta, base, predictions, waveform, Training(), SETTINGS)


def model(path, names, width):
    draw = np.random.default_rng(0)
    values, labels = draw.normal(size=(20, width)), np.arange(20) % 2
    settings = Logistic(kind="logistic", C=(1.0,))
    stored = StoredModel(settings, fit(settings, values, labels, [""] * 20, 0), names, ("x", "y"), values, labels, 0)
    save_model(path, stored)
    return stored


def test_a_classical_baseline_describes_each_chunk(tmp_path):
    names = NAMES[5:9]
    stored = model(tmp_path / "model.safetensors", names, 4)
    predictor = classical_predictor(tmp_path / "model.safetensors", SETTINGS)
    chunk = (32767 * tone(1.0)).astype(np.int16)
    values = describe(chunk.astype(np.float32) / 32768, RATE)[5:9]
    assert np.allclose(predictor.probabilities(chunk[None]), stored.fit.probabilities(values[None]))
    model(tmp_path / "other.safetensors", ("length", "tempo"), 2)
    with pytest.raises(PermafrostError, match="'length' of a published table"):
        classical_predictor(tmp_path / "other.safetensors", SETTINGS)
