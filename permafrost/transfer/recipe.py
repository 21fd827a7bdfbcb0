"""What the trainer reads of a recipe, and how it runs on a machine."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from permafrost import objectives
from permafrost.audio.waveform_settings import AugmentWaveform
from permafrost.settings import Count, CountFromZero, NonNegative, Positive, Settings


class Augment(Settings):
    """SpecAugment (Park et al. 2019) and time shift on log-mel pictures, drawn anew for each clip and epoch.

    ``time_mask`` and ``freq_mask`` are the largest widths of the masked bands, ``time_shift`` the largest circular
    shift, in picture columns and rows. ``views: K`` draws K augmented versions of each clip once instead, so that
    frozen units can still be cached; epoch e then reads view e mod K.
    """

    time_mask: CountFromZero = 0
    freq_mask: CountFromZero = 0
    time_shift: CountFromZero = 0
    views: CountFromZero = 0

    @property
    def active(self) -> bool:
        """Whether anything is changed at all."""
        return bool(self.time_mask or self.freq_mask or self.time_shift)


def _each_once(rates: tuple[float, ...]) -> tuple[float, ...]:
    if len(set(rates)) < len(rates):
        raise ValueError("expected each rate once")
    return tuple(sorted(rates))


# Rates that a run tries: it keeps the one that is best on validation.
Rates = Annotated[tuple[Positive, ...], Field(min_length=1), AfterValidator(_each_once)]


class Training(Settings):
    """The trainer's part of a recipe: objective, optimiser, schedule, augmentation, selection.

    ``objective``: a module of permafrost/objectives. ``train_loss`` in histories is its own, ``valid_loss``, by which
    ``select: loss`` chooses, the log loss whatever it is. ``lr: [.001, .01]`` is a grid: each run trains at every rate
    and keeps the one that is best on validation. ``random_statistics`` says which BatchNorm statistics frozen units of
    a network with random weights have: ``estimated`` once on the training clips, or ``as_drawn``, with which nothing in
    them is normalised.
    """

    objective: str = objectives.DEFAULT
    normalise: Literal["imagenet", "none"] = "none"
    optimiser: Literal["sgd", "adam", "adamw"] = "adamw"
    lr: Positive | Rates = 1e-3
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: NonNegative = 0.0
    batch_size: Count = 32
    epochs: Count = 20
    schedule: Literal["constant", "cosine", "plateau"] = "cosine"
    warmup_epochs: CountFromZero = 0
    plateau_factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    plateau_patience: CountFromZero = 5
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    clip_norm: Positive | None = None
    patience: Count | None = None
    select: Literal["accuracy", "loss", "last"] = "accuracy"
    augment: Augment = Augment()
    augment_waveform: AugmentWaveform = AugmentWaveform()
    random_statistics: Literal["estimated", "as_drawn"] = "estimated"

    @property
    def rates(self) -> tuple[float, ...]:
        """The rates that a run tries, the smallest first."""
        return self.lr if isinstance(self.lr, tuple) else (self.lr,)


class Rate(Settings):
    """One entry of ``by_strategy``: what a strategy has of its own; null is the recipe's."""

    lr: Positive | Rates | None = None
    epochs: Count | None = None


class StrategyTraining(Training):
    """The trainer's part of a recipe that strategies are compared by.

    ``by_strategy`` gives strategies a rate (or a grid) and a number of epochs of their own: the best ones lie far
    apart, so that a common rate compares rates. ``rates_from`` says where they came from; it is recorded with each run.
    """

    by_strategy: dict[str, Rate] = Field(default_factory=dict)
    rates_from: str | None = None


class Runtime(Settings):
    """Section ``train``: how runs are computed, whatever the recipe. All of it shows in the last bits of results."""

    precision: Literal["auto", "fp32", "bf16"] = "auto"
    threads: Annotated[int, Field(ge=1, le=1024)] = 2
    cache_prefix: bool = True
    compile: Literal["none", "default", "graphs"] = "none"


class Machine(Settings):
    """Section ``machine``: where runs are computed. No run depends on it; its record says which device it was."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    cache_gigabytes: NonNegative = 4.0
    checkpoint_seconds: NonNegative = 5.0


ANY_MACHINE = Machine()
