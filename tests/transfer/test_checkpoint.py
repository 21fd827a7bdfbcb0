import pytest
import torch

from permafrost.transfer.checkpoint import Checkpoint
from tests.transfer.cells import same, small_cell


class Killed(BaseException):
    pass


def dies_after(epoch):
    def report(row):
        if row["epoch"] == epoch:
            raise Killed

    return report


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
@pytest.mark.parametrize("backbone", ["strip_vit", "resnet20"])
def test_a_killed_cell_continues_to_the_same_result(examples, tmp_path, backbone, schedule):
    training = {"epochs": 5, "schedule": schedule, "plateau_patience": 0, "optimiser": "adamw"}
    whole = small_cell(examples, backbone, "stem", training=training)
    with pytest.raises(Killed):
        small_cell(
            examples,
            backbone,
            "stem",
            training=training,
            checkpoint=Checkpoint(tmp_path / "c", 0),
            report=dies_after(3),
        )
    rows = []
    resumed = small_cell(
        examples, backbone, "stem", training=training, checkpoint=Checkpoint(tmp_path / "c", 0), report=rows.append
    )
    assert [row["epoch"] for row in rows] == [4, 5], "the first three epochs must not run again"
    assert same(whole, resumed)


def test_nothing_is_written_before_it_is_due(tmp_path, examples):
    checkpoint = Checkpoint(tmp_path / "c", seconds=3600)
    small_cell(examples, freeze="stem", checkpoint=checkpoint)
    assert not checkpoint.path.exists()


def test_a_broken_checkpoint_is_put_aside_with_a_warning(tmp_path, examples, capsys):
    checkpoint = Checkpoint(tmp_path / "c", 0)
    checkpoint.folder.mkdir()
    checkpoint.path.write_bytes(b"half a file")
    outcome = small_cell(examples, freeze="stem", checkpoint=checkpoint)
    assert "starts anew" in capsys.readouterr().err and len(outcome.fitted.history) == 3


def test_a_checkpoint_never_runs_code(tmp_path, capsys):
    class Exploit:
        def __reduce__(self):
            return (print, ("run!",))

    checkpoint = Checkpoint(tmp_path / "c", 0)
    checkpoint.folder.mkdir()
    torch.save(Exploit(), checkpoint.path)
    assert checkpoint.load(torch.device("cpu")) is None
    assert "run!" not in capsys.readouterr().out


def test_remove_leaves_nothing(tmp_path):
    checkpoint = Checkpoint(tmp_path / "c", 0)
    checkpoint.save({"a": torch.zeros(2)})
    assert torch.equal(checkpoint.load(torch.device("cpu"))["a"], torch.zeros(2))
    checkpoint.remove()
    assert not checkpoint.folder.exists()
