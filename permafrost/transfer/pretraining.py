"""Pretrain a small backbone on the procedural source task: one linear head a factor on a shared body."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from permafrost.audio.augmentation import DRAWS, spec_augment
from permafrost.audio.inputs import Rendered
from permafrost.audio.making import PictureMaker
from permafrost.audio.synthetic.settings import SourceTask
from permafrost.audio.synthetic.source import CLASSES, NOT_HEARD, source_task
from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.models.network import Network
from permafrost.progress import progress
from permafrost.settings import validate
from permafrost.threads import limited_threads
from permafrost.transfer.examples import Preparation
from permafrost.transfer.pretrain_settings import Pretrain as Pretrain  # part of this module's interface
from permafrost.transfer.seeding import generator

WARM_UP = 0.1  # share of the steps in which the learning rate rises
HEAD = "head."
# What the loss of each factor counts; 1 where it is not named. Tonal factors are heard first and then fill a small
# body: with all at 1, drums, chords and tempo are named less often, and the head on styles loses points.
WEIGHTS = {"key": 0.1, "mode": 0.1, "progression": 0.1}


def pretrain(
    recipe: Mapping[str, Any],
    sample_rate: int = 22050,
    seconds: float = 5.0,
    workers: int | None = None,
    threads: int = 2,
    key: str = "recipe",
) -> dict[str, Tensor]:
    """The body of the recipe's backbone after the source task.

    Runs on the CPU in float32 whatever the machine has: the networks are small, and the weights then do not depend on
    the accelerator.

    Args:
        recipe: ``backbone``, ``input``, ``normalise`` and ``pretrain`` of a recipe; the rest is not read.
        sample_rate: Hz, that of the clips the recipe is meant for.
        seconds: length of a clip, as they are cut.
        workers: processes that play the clips, by default one a core.
        threads: of the training; the weights depend on them in their last bits.
        key: where the recipe stands in params.yaml, for errors.

    Returns:
        The state of stem, blocks and pool, without the head.

    Raises:
        PermafrostError: bad settings, an input that is no log-mel image, or a loss that is not finite.
    """
    settings = validate(Pretrain, recipe.get("pretrain") or {}, f"{key}.pretrain")
    inputs, labels = source_images(recipe, settings, sample_rate, seconds, workers, key)
    network = build(recipe["backbone"], inputs.shape[1:], sum(CLASSES.values()), settings.seed)
    prepare = Preparation(network, recipe.get("normalise", "none"), torch.device("cpu"))
    targets = torch.stack([torch.from_numpy(labels[factor]) for factor in CLASSES], dim=1)
    with limited_threads(threads):
        _fit(network, prepare, torch.from_numpy(inputs), targets, settings)
    return {name: tensor for name, tensor in network.state_dict().items() if not name.startswith(HEAD)}


def source_images(
    recipe: Mapping[str, Any],
    settings: Pretrain,
    sample_rate: int,
    seconds: float,
    workers: int | None,
    key: str,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The source task's clips as the recipe reads them, float32 [clips, height, width], and the labels of each factor.

    Waveforms live only until they are rendered, in the process that played them.
    """
    wanted = validate(Rendered, {"input": recipe["input"]}, key).input
    if wanted.kind != "logmel":
        raise PermafrostError(
            f"{key}.weights: 'procedural' pretrains on log-mel images, but {key}.input.kind is {wanted.kind!r}; "
            "use input.kind logmel, or other weights"
        )
    task = SourceTask(
        seed=settings.seed,
        clips=settings.clips,
        clips_per_artist=settings.clips_per_artist,
        seconds=seconds,
        sample_rate=sample_rate,
    )
    made = source_task(task, workers, PictureMaker, (wanted, sample_rate, round(seconds * sample_rate)))
    return made.inputs, made.labels


def _fit(network: Network, prepare: Preparation, inputs: Tensor, targets: Tensor, settings: Pretrain) -> None:
    """Minimise the mean over factors of the cross entropy, each in units of the loss of a blind guess.

    Without those units factors with many classes would outweigh the others. Clips are shifted in time, in a circle:
    no factor changes, and every epoch hears other strips.
    """
    sizes = list(CLASSES.values())
    counts = [WEIGHTS.get(factor, 1.0) for factor in CLASSES]
    weights = [count / math.log(size) / sum(counts) for count, size in zip(counts, sizes, strict=True)]
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=settings.lr, fused=True)
    batches = math.ceil(len(inputs) / settings.batch_size)
    steps = settings.epochs * batches
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step / steps))
    network.train()
    for epoch in progress(range(settings.epochs), settings.epochs, "pretrain", "epoch"):
        order = torch.randperm(len(inputs), generator=generator(settings.seed, "pretrain", epoch))
        shifts = generator(settings.seed, "pretrain shift", epoch)
        total = 0.0
        for rows in order.split(settings.batch_size):
            draws = torch.rand(len(rows), DRAWS, generator=shifts)
            pictures = spec_augment(inputs[rows], draws, 0, 0, inputs.shape[2] // 2)
            outputs = network(prepare(pictures)).split(sizes, dim=1)
            losses = [
                weight * F.cross_entropy(output, targets[rows, factor], ignore_index=NOT_HEARD)
                for factor, (output, weight) in enumerate(zip(outputs, weights, strict=True))
                if (targets[rows, factor] != NOT_HEARD).any()
            ]
            loss = torch.stack(losses).sum()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
            optimiser.step()
            schedule.step()
            total += loss.item()
        if not math.isfinite(total):
            raise PermafrostError(
                f"pretraining diverged in epoch {epoch + 1} (loss {total / batches}); lower pretrain.lr, now "
                f"{settings.lr}"
            )


def _rate(done: float) -> float:
    """Share of the full learning rate when a share ``done`` of the steps is behind: up in a line, down in a cosine."""
    if done < WARM_UP:
        return (done + 0.01) / (WARM_UP + 0.01)
    return 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))
