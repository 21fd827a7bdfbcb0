"""Which strategy to take: chosen on validation scores alone, so that the test score stays a test."""

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.estimates import by_seed
from permafrost.evaluation.study import is_control


def chosen_freeze(cells: Cells, model: str) -> str:
    """The strategy of ``model`` with the highest mean validation accuracy over the seeds.

    A tie goes to the lower validation loss, then to the deeper strategy, which costs less to train.
    """

    def rank(freeze: str) -> tuple[float, float, int]:
        strategy = (model, freeze)
        accuracy = by_seed(cells, strategy, "valid_accuracy").mean()
        # Rounded: two means of the same hits in another order are a tie.
        loss = by_seed(cells, strategy, "valid_loss").mean()
        return round(accuracy, 9), -round(loss, 9), cells.freezes.index(freeze)

    return max(cells.freezes, key=rank)


def chosen_model(cells: Cells) -> str:
    """The model whose chosen strategy has the highest mean validation accuracy; controls do not run."""
    candidates = [model for model in cells.models if not is_control(model, cells.models)]
    return max(
        candidates, key=lambda model: by_seed(cells, (model, chosen_freeze(cells, model)), "valid_accuracy").mean()
    )
