import hashlib

import numpy as np
import pytest

from permafrost.audio.descriptor_settings import Descriptors, DescriptorTable
from permafrost.audio.descriptors import NAMES, extract
from permafrost.audio.inputs import Waveform
from permafrost.baselines.inputs import prepare_input
from permafrost.baselines.network import network_cell
from permafrost.baselines.recipe import NetworkBaseline
from permafrost.data.descriptor_table import load_descriptors
from permafrost.errors import PermafrostError
from permafrost.transfer.cell import train_cell
from permafrost.transfer.examples import make_examples
from permafrost.transfer.recipe import Augment, Machine, Runtime

RATE = 8000
IDS = ["a/one", "a/two", "b/one"]


@pytest.fixture
def waveforms(tmp_path):
    draw = np.random.default_rng(0)
    np.save(tmp_path / "waveforms.npy", (3000 * draw.standard_normal((3, RATE // 2))).astype(np.int16))
    return tmp_path / "waveforms.npy"


def test_descriptors_are_computed_once_for_all_baselines_that_read_them(waveforms, tmp_path, monkeypatch):
    kept, out = tmp_path / "kept", tmp_path / "svm.npy"
    prepare_input(Descriptors(), waveforms, RATE, IDS, out, "k", kept)
    names, values = load_descriptors(out)
    assert names == NAMES and np.array_equal(values, extract(waveforms, RATE, IDS))
    monkeypatch.setattr("permafrost.baselines.inputs.extract", None)
    prepare_input(Descriptors(exclude=("tempo", "rms_mean")), waveforms, RATE, IDS, out, "k", kept)
    names, fewer = load_descriptors(out)
    assert "tempo" not in names and len(names) == 55
    assert np.array_equal(fewer[:, 0], values[:, 0])


def test_descriptors_that_do_not_exist_cannot_be_excluded(waveforms, tmp_path):
    with pytest.raises(PermafrostError, match=r"k\.exclude: 'tempi' does not exist.*did you mean 'tempo'"):
        prepare_input(Descriptors(exclude=("tempi",)), waveforms, RATE, IDS, tmp_path / "o.npy", "k")
    with pytest.raises(PermafrostError, match="leaves no descriptor"):
        prepare_input(Descriptors(exclude=NAMES), waveforms, RATE, IDS, tmp_path / "o.npy", "k")


def test_a_published_table_is_joined_to_the_clips(waveforms, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("\ufefffilename;length;x\nb/one.wav;9;3\na/two.wav;9;2\na/one.wav;9;1\n", encoding="utf-8")
    right = hashlib.sha256(table.read_bytes()).hexdigest()
    prepare_input(
        DescriptorTable(kind="table", file=str(table), sha256=right), waveforms, RATE, IDS, tmp_path / "o", "k"
    )
    names, values = load_descriptors(tmp_path / "o")
    assert names == ("x",) and values[:, 0].tolist() == [1, 2, 3]
    with pytest.raises(PermafrostError, match=r"k\.sha256: .* has " + right):
        prepare_input(
            DescriptorTable(kind="table", file=str(table), sha256="0" * 64), waveforms, RATE, IDS, tmp_path / "o", "k"
        )


def test_networks_get_what_they_hear(waveforms, tmp_path):
    prepare_input(Waveform(kind="waveform", sample_rate=22050), waveforms, RATE, IDS, tmp_path / "cnn.npy", "k")
    assert np.load(tmp_path / "cnn.npy").shape == (3, 11025)


def test_a_network_baseline_is_a_cell_with_nothing_frozen():
    draw = np.random.default_rng(0)
    labels = ["low", "high"] * 8
    time = np.arange(5000) / 22050
    clips = [np.sin(2 * np.pi * (200 if label == "low" else 5000) * time) for label in labels]
    inputs = (9000 * (np.stack(clips) + 0.1 * draw.standard_normal((16, 5000)))).astype(np.int16)
    examples = make_examples(inputs, labels, ["train"] * 10 + ["valid"] * 2 + ["test"] * 4)
    recipe = NetworkBaseline(
        kind="network",
        backbone="cnn",
        input={"kind": "waveform", "sample_rate": 22050},
        epochs=8,
        batch_size=5,
        lr=0.01,
    )
    runtime = Runtime(precision="fp32", threads=1)
    outcome = train_cell(network_cell(recipe, examples, RATE, runtime, seed=0, machine=Machine(device="cpu")))
    assert outcome.metrics["frozen_units"] == 0 and outcome.metrics["total_parameters"] == 39_604
    assert outcome.metrics["test"]["accuracy"] == 1.0
    masked = recipe.model_copy(update={"augment": Augment(time_mask=5)})
    with pytest.raises(PermafrostError, match=r"baselines\.x\.augment: .*use augment_waveform"):
        network_cell(masked, examples, RATE, runtime, seed=0, key="baselines.x")
    other = recipe.model_copy(update={"input": Waveform(kind="waveform")})
    with pytest.raises(
        PermafrostError, match=r"baselines\.x\.input\.sample_rate: 8000, but cnn reads 22050; set it to 22050"
    ):
        network_cell(other, examples, RATE, runtime, seed=0, key="baselines.x")
