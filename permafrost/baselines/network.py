"""One run of a network baseline: a backbone from scratch, nothing frozen."""

from collections.abc import Callable

from torch import Tensor

from permafrost.baselines.recipe import NetworkBaseline
from permafrost.transfer.cell import Outcome, train_cell
from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.examples import Examples
from permafrost.transfer.freezing import Freezing
from permafrost.transfer.hearing import input_rate
from permafrost.transfer.recipe import ANY_MACHINE, Machine, Runtime, Training


def network_cell(
    recipe: NetworkBaseline,
    examples: Examples,
    sample_rate: int,
    runtime: Runtime,
    seed: int,
    machine: Machine = ANY_MACHINE,
    checkpoint: Checkpoint | None = None,
    report: Callable[[dict[str, float]], None] | None = None,
    key: str = "baselines",
) -> Outcome:
    """Train ``recipe``'s backbone from random weights; ``sample_rate`` is preprocess's, in Hz.

    Raises:
        PermafrostError: see ``input_rate`` and ``train_cell``.
    """
    training = Training(**{name: getattr(recipe, name) for name in Training.model_fields})
    return train_cell(
        backbone=recipe.backbone,
        base=random_base(recipe.backbone),
        examples=examples,
        training=training,
        freezing=Freezing(freeze=0),
        runtime=runtime,
        seed=seed,
        machine=machine,
        checkpoint=checkpoint,
        report=report,
        key=key,
        sample_rate=input_rate(recipe.input, training, recipe.backbone, sample_rate, key),
    )


def random_base(backbone: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What a network from scratch starts from: no tensors, as ``weights: random`` has it."""
    return {}, {"backbone": backbone, "source": "random"}
