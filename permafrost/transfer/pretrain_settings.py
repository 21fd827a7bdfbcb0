"""Settings of pretraining on the procedural source task: the ``pretrain`` section of a recipe."""

from typing import Annotated

from pydantic import Field

from permafrost.settings import Count, NonNegative, Positive, Seed, Settings


class Pretrain(Settings):
    """How long and on what a backbone is pretrained (``weights: procedural``); AdamW with one cycle of the rate."""

    seed: Seed = 0
    clips: Annotated[int, Field(ge=2, le=1_000_000)] = 3000
    clips_per_artist: Count = 2
    epochs: Count = 12
    batch_size: Count = 32
    lr: Positive = 1e-3
    weight_decay: NonNegative = 0.05
    clip_norm: Positive = 1.0
