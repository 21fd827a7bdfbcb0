"""What holds for every strategy of the catalogue, on three kinds of backbones."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from permafrost import catalogue
from permafrost.errors import PermafrostError
from permafrost.evaluation.study import needed
from permafrost.models.building import build
from permafrost.models.deltas import load_delta, save_delta
from permafrost.models.weights import load_base, save_base
from permafrost.strategies.phase import Phase
from permafrost.strategies.reading import Strategy, StrategySettings, read_strategy
from permafrost.transfer.batches import CachedSource
from permafrost.transfer.cell import train_cell
from permafrost.transfer.checkpoint import Checkpoint
from tests.strategies.plain_loop import plain_loop
from tests.transfer.cells import a_cell, same

BACKBONES = ["strip_vit", "resnet20", "timm:test_efficientnet"]
ENTRIES = {
    "half": {"freeze": 0.5},
    "surgical": {"kind": "units", "after_units": 1, "until": 3},
    "top_frozen": {"kind": "units", "until": 0.5},
    "named": {"kind": "units", "learn": ["block1", "stem"], "l2_sp": 0.01},
    "layer_decay": {"kind": "layer_decay", "decay": 0.7},
    "discriminative": {"kind": "discriminative", "scales": [0.0, 0.1, 0.5]},
    "gradual": {"kind": "gradual", "units": 5},
    "bias": {"kind": "parameters", "learn": "bias"},
    "norm": {"kind": "parameters", "learn": "norm", "statistics": "moving"},
    "lora": {"kind": "lora", "rank": 2},
    "auto_rgn": {"kind": "auto_rgn"},
    "lp_ft": {"kind": "lp_ft", "after": ["head"], "share": 0.2},
    "lp_lora": {"kind": "lp_ft", "after": ["head"], "then": {"kind": "lora", "rank": 2, "after_units": 2}},
    "wise_ft": {"kind": "wise_ft", "after": ["head", "none"]},
}
TRAINED = [name for name, entry in ENTRIES.items() if entry.get("kind") != "wise_ft"]
OTHERS = {"head": {"freeze": "all"}, "none": {"freeze": 0}}


class Killed(BaseException):
    pass


@pytest.fixture
def full(examples):
    """32 training clips: every batch of 8 is full, and so the cache exact to the bit."""
    rows = {name: members[: {"train": 32}.get(name, 8)] for name, members in examples.rows.items()}
    return type(examples)(examples.inputs, examples.labels, examples.classes, rows)


@pytest.fixture(scope="session")
def pretrained():
    """A base with weights of its own and running statistics of pictures like those of the test."""

    def base(backbone):
        network = build(backbone, (16, 24), 3, seed=99).train()
        draw = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for _ in range(20):
                network(torch.rand(16, network.input_channels, 16, 24, generator=draw))
        state = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith("head.")}
        return state, {"backbone": backbone, "source": "test"}

    return base


def cell_of(full, backbone, base, name, **runtime):
    entry = ENTRIES[name]
    epochs = 8 if name == "gradual" else 3
    training = {"epochs": epochs, "select": "last", "weight_decay": 0.01, "warmup_epochs": 1}
    cell = a_cell(full, backbone, freezing={"kind": "depth"} | entry, training=training, runtime=runtime, base=base)
    earlier = []
    for other in needed(entry):
        before = replace(cell, strategy=read_strategy(OTHERS[other], other))
        earlier.append(train_cell(before).network.state_dict())
    return replace(cell, earlier=tuple(earlier))


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("name", TRAINED)
def test_cached_or_not_it_is_the_plain_loop_to_the_bit(full, pretrained, backbone, name):
    cell = cell_of(full, backbone, pretrained(backbone), name)
    cached, plain = train_cell(cell), plain_loop(cell).state_dict()
    uncached = train_cell(replace(cell, runtime=cell.runtime.model_copy(update={"cache_prefix": False})))
    assert not uncached.metrics["prefix_cached"] and same(cached, uncached)
    for key, tensor in cached.network.state_dict().items():
        assert torch.equal(tensor, plain[key]), key


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("name", TRAINED)
def test_what_is_frozen_keeps_its_bits_and_what_learns_moves(full, pretrained, backbone, name):
    cell = cell_of(full, backbone, pretrained(backbone), name)
    start = build(backbone, (16, 24), 3, cell.seed)
    start.load_state_dict(cell.earlier[0] if cell.earlier else cell.base[0], strict=False)
    phases = cell.strategy.phases(start, cell.training.epochs)
    before = {key: tensor.clone() for key, tensor in start.state_dict().items()}
    after = train_cell(cell).network.state_dict()
    learning = {key for phase in phases for key in phase.scales}
    moving = {part for phase in phases if phase.moving for part in phase.active}
    moved = {key for key, tensor in after.items() if not torch.equal(tensor, before[key])}
    assert "head.weight" in moved and moved & learning - {"head.weight", "head.bias"}
    for key in moved - learning:
        assert "running" in key or "num_batches" in key, key
        assert start.part_of(key) in moving, key


@pytest.mark.parametrize("name", [*TRAINED, "wise_ft"])
def test_killed_and_resumed_it_is_the_same_and_trains_no_epoch_twice(full, pretrained, tmp_path, name):
    cell = cell_of(full, "resnet20", pretrained("resnet20"), name)
    whole, seen = train_cell(cell), []

    def dies(row):
        seen.append(row["epoch"])
        if len(seen) == 2:
            raise Killed

    checkpoint = Checkpoint(tmp_path / "c", 0)
    try:
        resumed = train_cell(cell, checkpoint, dies)
    except Killed:
        resumed = train_cell(cell, Checkpoint(tmp_path / "c", 0), lambda row: seen.append(row["epoch"]))
        assert seen == list(range(1, len(whole.fitted.history) + 1))
    assert same(whole, resumed)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("name", list(ENTRIES))
def test_what_is_stored_predicts_as_what_was_trained(full, pretrained, tmp_path, backbone, name):
    base = tmp_path / "base.safetensors"
    save_base(base, *pretrained(backbone))
    cell = cell_of(full, backbone, load_base(base), name)
    outcome = train_cell(cell)
    save_delta(tmp_path / "delta.safetensors", outcome.network, base)
    network = load_delta(tmp_path / "delta.safetensors", base).eval()
    pictures = torch.from_numpy(full.inputs)[:8, None].expand(-1, network.input_channels, -1, -1)
    with torch.no_grad():
        assert (network(pictures) - outcome.network.eval()(pictures)).abs().max() <= 1e-6
    if "lora" in name:
        assert not any("parametrizations" in key for key in network.state_dict())


def test_adapters_are_stored_small_and_the_weights_that_they_change_are_not(full, pretrained, tmp_path):
    base = tmp_path / "base.safetensors"
    save_base(base, *pretrained("resnet20"))
    sizes = {}
    for name in ("lora", "top_frozen"):
        outcome = train_cell(cell_of(full, "resnet20", load_base(base), name))
        save_delta(tmp_path / name, outcome.network, base)
        sizes[name] = (tmp_path / name).stat().st_size, outcome.metrics["trainable_parameters"]
    assert sizes["lora"][0] < 4 * sizes["lora"][1] + 10_000
    assert sizes["lora"][1] < 0.2 * 272_000


def test_every_entry_of_the_catalogue_is_tried_here():
    assert {entry.get("kind", "depth") for entry in ENTRIES.values()} == set(catalogue.names("strategies"))


@pytest.mark.parametrize(
    ("name", "scales"),
    [
        ("layer_decay", {"stem": 0.7**10, "block9": 0.7, "pool": 1.0, "head": 1.0}),
        ("discriminative", {"block4": 0.1, "block9": 0.5, "head": 1.0}),
        ("surgical", {"block1": 1.0, "block2": 1.0, "head": 1.0}),
        ("top_frozen", {"stem": 1.0, "block5": 1.0, "head": 1.0}),
        ("lp_ft", {"stem": 0.2, "block9": 0.2, "head": 0.2}),
    ],
)
def test_scales_are_what_the_strategy_s_source_says(name, scales):
    network = build("resnet20", (16, 24), 3, seed=0)
    phase = read_strategy(ENTRIES[name], "freezing.tried").phases(network, 3)[0]
    found = {network.part_of(key): scale for key, scale in phase.scales.items()}
    assert {part: pytest.approx(scale) for part, scale in scales.items() if part != "pool"}.items() <= found.items()
    if name in ("surgical", "top_frozen"):
        assert set(found) - set(scales) <= {"stem", *(f"block{n}" for n in range(1, 6))}
        assert "block9" not in found and "pool" not in phase.active


def test_gradual_unfreezes_from_the_head_down_and_ends_with_everything():
    network = build("resnet20", (16, 24), 3, seed=0)
    phases = read_strategy({"kind": "gradual", "every": 2, "units": 4}, "freezing.tried").phases(network, 12)
    assert [phase.epochs for phase in phases] == [2, 2, 2, 6]
    parts = [{network.part_of(key) for key in phase.scales} for phase in phases]
    assert parts[0] == {"head"} and parts[1] == {"head", *(f"block{n}" for n in (6, 7, 8, 9))}
    assert parts[3] == {"head", *network.unit_names}
    assert phases[3].scales["stem.conv1.weight"] == pytest.approx(2.6**-9)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "units", "learn": ["block77"]}, "no unit 'block77'"),
        ({"kind": "units", "after_units": 3, "until": 2}, "no unit would learn"),
        ({"kind": "gradual", "every": 3}, "11 phases need more than 30 epochs"),
        ({"kind": "discriminative", "scales": [1.0] * 11}, "11 of them, but this backbone has 10 units"),
        ({"kind": "lora", "layers": "linear"}, "no linear layer"),
        ({"kind": "lora", "rank": 500}, "a lower rank"),
        ({"freeze": "block77"}, "no unit 'block77'"),
    ],
)
def test_a_strategy_that_does_not_fit_the_backbone_names_its_key(entry, said):
    network = build("resnet20", (16, 24), 3, seed=0)
    with pytest.raises(PermafrostError, match=said) as error:
        read_strategy(entry, "freezing.mine").phases(network, 3)
    assert "freezing.mine" in str(error.value)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "lorra"}, "did you mean 'lora'"),
        ({"kind": "units"}, "either learn"),
        ({"kind": "layer_decay", "decay": 1.5}, "less than or equal to 1"),
        ({"kind": "lp_ft"}, "after: missing"),
        ({"kind": "wise_ft", "after": ["none", "head"]}, "after"),
        ("half", "expected a mapping"),
    ],
)
def test_an_entry_that_says_nothing_of_sense_is_refused_with_its_key(entry, said):
    with pytest.raises(PermafrostError, match=said) as error:
        read_strategy(entry, "freezing.mine")
    assert "freezing.mine" in str(error.value)


def test_each_phase_caches_what_is_frozen_in_it(full, pretrained, monkeypatch):
    from permafrost.transfer import cell

    seen, choose = [], cell.choose_source

    def spy(source, *given):
        found = choose(source, *given)
        seen.append((source.prefix.count, isinstance(found, CachedSource)))
        return found

    monkeypatch.setattr(cell, "choose_source", spy)
    train_cell(cell_of(full, "resnet20", pretrained("resnet20"), "gradual"))
    assert seen[:3] == [(10, True), (5, True), (0, False)]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ([], "nothing would be trained"),
        ([Phase({}, frozenset()), Phase({}, frozenset(), 1)], "never ends"),
    ],
)
def test_phases_that_train_nothing_or_never_end_are_refused(made, said):
    module = SimpleNamespace(phases=lambda network, settings, key: made)
    with pytest.raises(PermafrostError, match=rf"freezing\.mine: .*{said}"):
        Strategy(StrategySettings(), module, "freezing.mine").phases(None, 3)
