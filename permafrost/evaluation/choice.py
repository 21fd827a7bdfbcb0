"""Which strategy to take: chosen on validation scores alone, so that the test score stays a test."""

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.estimates import mean_of
from permafrost.evaluation.study import is_control


def chosen_freeze(cells: Cells, model: str) -> str:
    """The strategy of ``model`` with the highest mean validation accuracy: the mean that tables print.

    A tie goes to the lower validation loss, then to the strategy that trains fewer parameters.
    """
    trained = cells.runs[cells.runs["model"] == model].groupby("freeze")["trainable_parameters"].max()

    def rank(freeze: str) -> tuple[float, float, int]:
        # Rounded: two means of the same hits in another order are a tie.
        accuracy, loss = (round(mean_of(cells, (model, freeze), f"valid_{score}"), 9) for score in ("accuracy", "loss"))
        return accuracy, -loss, -trained[freeze]

    return max(cells.freezes, key=rank)


def chosen_model(cells: Cells) -> str:
    """The model whose chosen strategy has the highest mean validation accuracy; controls do not run."""
    own = [model for model in cells.models if not is_control(model, cells.models)]
    return max(own, key=lambda model: mean_of(cells, (model, chosen_freeze(cells, model)), "valid_accuracy"))
