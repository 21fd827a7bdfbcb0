"""One run of a network baseline: a backbone from scratch, nothing frozen."""

from torch import Tensor

from permafrost.baselines.recipe import NetworkBaseline
from permafrost.strategies.reading import read_strategy
from permafrost.transfer.cell import Cell
from permafrost.transfer.examples import Examples
from permafrost.transfer.hearing import input_rate
from permafrost.transfer.recipe import ANY_MACHINE, Machine, Runtime, Training


def network_cell(
    recipe: NetworkBaseline,
    examples: Examples,
    sample_rate: int,
    runtime: Runtime,
    seed: int,
    machine: Machine = ANY_MACHINE,
    key: str = "baselines",
) -> Cell:
    """What trains ``recipe``'s backbone from random weights; ``sample_rate`` is preprocess's, in Hz.

    Raises:
        PermafrostError: see ``input_rate``.
    """
    training = Training(**{name: getattr(recipe, name) for name in Training.model_fields})
    return Cell(
        backbone=recipe.backbone,
        base=random_base(recipe.backbone),
        examples=examples,
        training=training,
        strategy=read_strategy({"freeze": 0}, key),
        seed=seed,
        runtime=runtime,
        machine=machine,
        sample_rate=input_rate(recipe.input, training, recipe.backbone, sample_rate, key),
    )


def random_base(backbone: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What a network from scratch starts from: no tensors, as ``weights: random`` has it."""
    return {}, {"backbone": backbone, "source": "random"}
