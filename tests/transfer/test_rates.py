"""A grid of rates in a run: which one is kept, what is recorded, and how a killed search goes on."""

import pytest

from permafrost.errors import PermafrostError
from permafrost.settings import validate
from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.rates import Tried
from permafrost.transfer.recipe import Training
from tests.transfer.cells import same, small_cell

GRID = [1e-4, 3e-3, 1e-2]


@pytest.mark.parametrize("freeze", [0, 0.5, "all"])
def test_the_rate_that_is_best_on_validation_is_kept_as_if_it_had_been_trained_alone(examples, freeze):
    found = small_cell(examples, freeze=freeze, training={"lr": tuple(GRID)})
    alone = [small_cell(examples, freeze=freeze, training={"lr": lr}) for lr in GRID]
    scores = [one.metrics["valid"]["accuracy"] for one in alone]
    best = scores.index(max(scores))
    assert found.metrics["lr"] == GRID[best] and same(found, alone[best])
    assert [one["lr"] for one in found.metrics["rates"]] == GRID
    assert [one["valid_accuracy"] for one in found.metrics["rates"]] == scores
    assert found.metrics["test"] == alone[best].metrics["test"]


def test_equal_validation_goes_to_the_smaller_rate():
    small, large = Tried(0.1, 0.5, 1.0, 3), Tried(0.2, 0.5, 0.5, 3)
    assert not large.better_than(small, "accuracy") and large.better_than(small, "loss")
    assert small.better_than(None, "accuracy") and not Tried(0.3).better_than(small, "accuracy")
    assert small.better_than(Tried(0.05), "accuracy"), "a rate that diverged is beaten by any that did not"


def test_a_rate_that_diverges_is_recorded_and_only_all_of_them_are_an_error(examples):
    training = {"optimiser": "sgd", "lr": (1e-3, 1e9)}
    found = small_cell(examples, training=training).metrics
    assert found["lr"] == 1e-3 and found["rates"][1] == {
        "lr": 1e9, "valid_accuracy": None, "valid_loss": None, "best_epoch": None,
    }  # fmt: skip
    with pytest.raises(PermafrostError, match="diverged"):
        small_cell(examples, training={"optimiser": "sgd", "lr": (1e8, 1e9)})


@pytest.mark.parametrize("killed", [2, 4, 8])
def test_a_killed_search_continues_where_it_was(examples, tmp_path, killed):
    class Killed(BaseException):
        pass

    seen = []

    def report(row):
        seen.append(row["epoch"])
        if len(seen) == killed:
            raise Killed

    training = {"lr": tuple(GRID)}
    whole = small_cell(examples, "resnet20", "stem", training=training)
    with pytest.raises(Killed):
        small_cell(
            examples, "resnet20", "stem", training=training, checkpoint=Checkpoint(tmp_path / "c", 0), report=report
        )
    resumed = small_cell(
        examples, "resnet20", "stem", training=training, checkpoint=Checkpoint(tmp_path / "c", 0), report=report
    )
    # The last epoch of a rate is not written, so that a kill there trains that rate's last stretch again.
    assert same(whole, resumed) and resumed.metrics["rates"] == whole.metrics["rates"]
    assert len(seen) <= 3 * len(GRID) + 1


def test_frozen_units_pass_once_for_a_whole_grid(examples, monkeypatch):
    from permafrost.transfer import cell

    made = []
    choose = cell.choose_source
    monkeypatch.setattr(cell, "choose_source", lambda *given: made.append(1) or choose(*given))
    small_cell(examples, freeze=0.5, training={"lr": tuple(GRID)})
    assert len(made) == 1


@pytest.mark.parametrize(
    ("lr", "said"), [([], "at least 1"), ([0.1, 0.1], "each rate once"), ([0.1, -1.0], "greater than 0"), ("0.1", "lr")]
)
def test_a_grid_that_is_none_is_refused(lr, said):
    with pytest.raises(PermafrostError, match=said) as error:
        validate(Training, {"lr": lr}, "models.x")
    assert "models.x.lr" in str(error.value)
