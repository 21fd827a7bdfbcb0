import pytest
import torch

from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.transfer.optimisation import Schedule
from permafrost.transfer.recipe import Training
from tests.transfer.cells import same, small_cell


def test_it_learns_what_is_there_to_learn(examples):
    outcome = small_cell(examples, training={"epochs": 12})
    assert outcome.metrics["test"]["accuracy"] >= 0.9
    losses = [row["train_loss"] for row in outcome.fitted.history]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("backbone", ["strip_vit", "resnet20"])
def test_the_same_cell_twice_is_the_same_to_the_bit(examples, backbone):
    training = {"augment": {"time_mask": 5, "freq_mask": 3, "time_shift": 4}}
    assert same(
        small_cell(examples, backbone, 0.25, training=training), small_cell(examples, backbone, 0.25, training=training)
    )


def test_another_seed_is_another_run(examples):
    assert not same(small_cell(examples, seed=0), small_cell(examples, seed=1))


def test_strategies_share_head_and_batches_at_one_seed(examples, monkeypatch):
    from permafrost.transfer import trainer

    seen: list[list[list[int]]] = []
    plain = trainer.in_batches

    def spy(rows, size):
        batches = list(plain(rows, size))
        if len(rows) == 37:
            seen[-1].append([b.tolist() for b in batches])
        return batches

    monkeypatch.setattr(trainer, "in_batches", spy)
    for freeze in (0, 0.5):
        seen.append([])
        small_cell(examples, freeze=freeze)
    assert seen[0] == seen[1] and len(seen[0]) == 3 and seen[0][0] != seen[0][1]
    heads = [build("strip_vit", (16, 24), 3, seed=4).head.weight for _ in range(2)]
    assert torch.equal(*heads)


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("schedule", ["constant", "cosine", "plateau"])
def test_every_optimiser_with_every_schedule(examples, optimiser, schedule):
    settings = {"optimiser": optimiser, "schedule": schedule, "warmup_epochs": 1, "clip_norm": 1.0, "epochs": 2}
    history = small_cell(examples, freeze="all", training=settings | {"label_smoothing": 0.1}).fitted.history
    assert history[0]["lr"] == pytest.approx(3e-3 / 2) and history[1]["lr"] == pytest.approx(3e-3)


def test_cosine_is_torch_s_and_reaches_its_end():
    weight = torch.nn.Parameter(torch.zeros(1))
    settings = Training(lr=0.5, epochs=6)
    ours = Schedule(settings, settings.lr)
    optimiser = torch.optim.SGD([weight], lr=0.5)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=6)
    for epoch in range(6):
        assert ours.rate(epoch) == pytest.approx(optimiser.param_groups[0]["lr"], rel=1e-9)
        optimiser.step()
        theirs.step()


def test_plateau_reduces_after_patience_and_keeps_the_lower_rate():
    settings = Training(lr=1.0, epochs=9, schedule="plateau", plateau_patience=1, plateau_factor=0.1)
    schedule = Schedule(settings, settings.lr)
    rates = []
    for epoch in range(6):
        rates.append(schedule.rate(epoch))
        schedule.end_epoch(epoch, valid_loss=1.0)
    assert rates == pytest.approx([1.0, 1.0, 1.0, 0.1, 0.1, 0.01])


def test_patience_stops_and_the_best_epoch_is_put_back(examples):
    outcome = small_cell(
        examples, freeze="all", training={"epochs": 50, "patience": 3, "lr": 0.3, "schedule": "constant"}
    )
    history, best = outcome.fitted.history, outcome.fitted.best_epoch
    assert len(history) == best + 3 < 50
    top = max(row["valid_accuracy"] for row in history)
    assert history[best - 1]["valid_accuracy"] == top == outcome.metrics["valid"]["accuracy"]


def test_select_last_keeps_the_last_epoch(examples):
    outcome = small_cell(examples, freeze="all", training={"select": "last", "epochs": 4})
    assert outcome.fitted.best_epoch == 4
    assert outcome.metrics["valid"]["loss"] == pytest.approx(outcome.fitted.history[-1]["valid_loss"])


def test_divergence_is_an_error_that_says_what_to_do(examples):
    with pytest.raises(PermafrostError, match=r"diverged; lower lr \(now (1e\+09|1000000000\.0)"):
        small_cell(examples, training={"lr": 1e9, "optimiser": "sgd"})


def test_bf16_is_recorded_and_stays_close(examples):
    plain = small_cell(examples, training={"epochs": 1})
    half = small_cell(examples, training={"epochs": 1}, runtime={"precision": "bf16"})
    assert (plain.metrics["precision"], half.metrics["precision"]) == ("fp32", "bf16")
    assert half.fitted.history[0]["train_loss"] == pytest.approx(plain.fitted.history[0]["train_loss"], rel=0.05)
    assert half.fitted.history != plain.fitted.history


def test_a_device_that_is_not_there_is_named(examples):
    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(PermafrostError, match=f"machine.device: '{missing}'"):
        small_cell(examples, machine={"device": missing})


def test_imagenet_statistics_need_three_channels(examples):
    with pytest.raises(PermafrostError, match="three input channels"):
        small_cell(examples, training={"normalise": "imagenet"})
