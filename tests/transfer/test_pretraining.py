import numpy as np
import pytest
import torch

from permafrost.audio.synthetic.source import CLASSES
from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.models.weights import apply_base
from permafrost.transfer.pretrain_settings import Pretrain
from permafrost.transfer.pretraining import WEIGHTS, pretrain, source_images

INPUT = {"kind": "logmel", "n_mels": 16, "n_fft": 512, "hop_length": 256, "scale": "db"}
SETTINGS = {"clips": 24, "epochs": 2, "batch_size": 8}
RATE, SECONDS = 8000, 1.0


def recipe(backbone="strip_vit", input=INPUT, **settings):
    return {"backbone": backbone, "weights": "procedural", "input": input, "pretrain": SETTINGS | settings, "lr": 1e-3}


def trained(workers=1, **settings):
    return pretrain(recipe(**settings), RATE, SECONDS, workers, key="models.small")


@pytest.fixture(scope="module")
def state():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as conftest.py does for each test: sums are rounded otherwise with more
    yield trained()
    torch.set_num_threads(threads)


def test_the_state_is_a_body_that_fits_the_backbone(state):
    network = build("strip_vit", (16, 32), 10, seed=4)
    head = network.head.weight.clone()
    apply_base(network, state, {"source": "procedural"})
    assert not [name for name in state if name.startswith("head.")]
    assert all(torch.equal(network.state_dict()[name], tensor) for name, tensor in state.items())
    assert torch.equal(network.head.weight, head)


def test_training_has_moved_every_weight_and_left_nothing_broken(state):
    fresh = build("strip_vit", (16, 32), sum(CLASSES.values()), seed=0).state_dict()
    for name, tensor in state.items():
        assert torch.isfinite(tensor).all() and not torch.equal(tensor, fresh[name]), name


def test_the_same_state_again_whatever_the_number_of_workers(state):
    again = trained(workers=2)
    assert state.keys() == again.keys()
    assert all(torch.equal(state[name], again[name]) for name in state)


def test_another_seed_gives_another_state(state):
    other = trained(seed=1)
    assert not torch.equal(state["stem.embedding.weight"], other["stem.embedding.weight"])


def test_the_global_generator_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trained(epochs=1)
    assert torch.equal(torch.rand(3), expected)


def test_a_network_of_convolutions_pretrains_too():
    found = trained(backbone="resnet20", clips=8, epochs=1)
    apply_base(build("resnet20", (16, 32), 3, seed=0), found, {"source": "procedural"})


def test_longer_training_names_the_factors_of_its_own_clips_better():
    """The body's embedding after many epochs tells more of what it was trained on than after one."""

    def told(epochs):
        settings = {"clips": 48, "epochs": epochs, "lr": 3e-3}
        body = build("strip_vit", (16, 32), 2, seed=0)
        apply_base(body, trained(**settings), {"source": "procedural"})
        images, labels = source_images(recipe(**settings), Pretrain(**SETTINGS | settings), RATE, SECONDS, 1, "m")
        with torch.no_grad():
            embeddings = body.embed(torch.from_numpy(images)[:, None]).numpy()
        features = np.column_stack([embeddings - embeddings.mean(0), np.ones(len(embeddings))])
        silent = (labels["drums"] == 0) * 2.0 - 1.0
        ridge = np.linalg.solve(features.T @ features + np.eye(features.shape[1]), features.T @ silent)
        return np.square(features @ ridge - silent).mean()

    assert told(20) < 0.8 * told(1)


def test_weights_are_of_factors_that_exist():
    assert set(WEIGHTS) <= set(CLASSES)


def test_waveforms_are_refused_by_name():
    with pytest.raises(PermafrostError, match=r"models\.small\.input\.kind is 'waveform'"):
        pretrain(recipe(input={"kind": "waveform"}), RATE, SECONDS, key="models.small")


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"clip": 3}, r"pretrain\.clip: unknown key"), ({"epochs": 0}, r"pretrain\.epochs: got 0")],
)
def test_bad_settings_are_named(settings, named):
    with pytest.raises(PermafrostError, match=r"models\.small\." + named):
        trained(**settings)


def test_a_loss_that_is_not_finite_stops_with_the_rate():
    with pytest.raises(PermafrostError, match=r"diverged in epoch \d.*pretrain\.lr.*(1e\+09|1000000000)"):
        trained(lr=1e9, clips=16, epochs=3)
