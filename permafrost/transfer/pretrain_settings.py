"""Settings of pretraining on the procedural source task: the ``pretrain`` section of a recipe."""

from typing import Annotated

from pydantic import Field

from permafrost.settings import Settings

Positive = Annotated[float, Field(gt=0)]


class Pretrain(Settings):
    """How long and on what a backbone is pretrained (``weights: procedural``); AdamW with one cycle of the rate."""

    seed: Annotated[int, Field(ge=0)] = 0
    clips: Annotated[int, Field(ge=2)] = 3000
    clips_per_artist: Annotated[int, Field(ge=1)] = 2
    epochs: Annotated[int, Field(ge=1)] = 12
    batch_size: Annotated[int, Field(ge=1)] = 32
    lr: Positive = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    clip_norm: Positive = 1.0
