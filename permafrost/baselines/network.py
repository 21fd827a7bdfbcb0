"""One cell of a network baseline: a backbone from scratch, nothing frozen."""

from collections.abc import Callable

from torch import Tensor

from permafrost.audio.inputs import Waveform
from permafrost.baselines.recipe import NetworkBaseline
from permafrost.errors import PermafrostError
from permafrost.models.registry import backbone_module
from permafrost.transfer.cell import Outcome, train_cell
from permafrost.transfer.checkpoint import Checkpoint
from permafrost.transfer.examples import Examples
from permafrost.transfer.freezing import Freezing
from permafrost.transfer.recipe import Runtime, Training


def network_cell(
    recipe: NetworkBaseline,
    examples: Examples,
    sample_rate: int,
    runtime: Runtime,
    seed: int,
    checkpoint: Checkpoint | None = None,
    report: Callable[[dict[str, float]], None] | None = None,
    key: str = "baselines",
) -> Outcome:
    """Train ``recipe``'s backbone from random weights; ``sample_rate`` is preprocess's, in Hz.

    Raises:
        PermafrostError: the backbone's mel front end is made for another sample rate, waveforms are to be augmented as
            pictures are, or see ``train_cell``.
    """
    expected = getattr(backbone_module(recipe.backbone), "SAMPLE_RATE", None)
    rate = sample_rate
    if isinstance(recipe.input, Waveform):
        rate = recipe.input.sample_rate or sample_rate
        if expected is not None and rate != expected:
            raise PermafrostError(
                f"{key}.input.sample_rate: {rate} Hz, but {recipe.backbone} hears {expected} Hz; set it to {expected}"
            )
        if recipe.augment.active:
            raise PermafrostError(
                f"{key}.augment: masks and shifts are for pictures, and this network hears waveforms; set them to 0, "
                "use augment_waveform"
            )
    training = Training(**{name: getattr(recipe, name) for name in Training.model_fields})
    return train_cell(
        backbone=recipe.backbone,
        base=random_base(recipe.backbone),
        examples=examples,
        training=training,
        freezing=Freezing(freeze=0),
        runtime=runtime,
        seed=seed,
        checkpoint=checkpoint,
        report=report,
        key=key,
        sample_rate=rate,
    )


def random_base(backbone: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What a network from scratch starts from: no tensors, as ``weights: random`` has it."""
    return {}, {"backbone": backbone, "source": "random"}
