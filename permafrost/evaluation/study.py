"""Which runs a study has: its models, its freezing strategies in order of depth, its seeds; its baselines."""

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, Field

from permafrost.metrics import DEFAULT
from permafrost.settings import Name, Seed, Settings

# The strategy that all others are compared with, where the study has it.
REFERENCE = "none"
# What stands where a run of a model has its strategy: baselines have no freezing dimension.
NO_STRATEGY = "baseline"
# Lists of strategies in section ``study``, and the strategies whose runs those in it begin with: what dvc.yaml's stages
# train, continue and interpolate depend on.
BEGIN_WITH = {"freezes": (), "continued": ("head",), "interpolated": ("head", "none")}
BASELINES = "baselines"  # where details.json has them: a model whose strategies are the baselines
# Top-level keys of details.json beside the models.
RESERVED = (BASELINES, "comparisons", "data")


class Run(NamedTuple):
    """One training: a model, a freezing strategy (``NO_STRATEGY`` for a baseline) and a seed."""

    model: str
    freeze: str
    seed: int

    def __str__(self) -> str:
        return "-".join(map(str, (self.model, *([] if self.is_baseline else [self.freeze]), self.seed)))

    @property
    def is_baseline(self) -> bool:
        """Whether it has no freezing dimension."""
        return self.freeze == NO_STRATEGY

    @property
    def section(self) -> str:
        """Where its recipe stands in params.yaml: ``models`` or ``baselines``."""
        return BASELINES if self.is_baseline else "models"

    @property
    def folder(self) -> Path:
        """Its folder under ``runs/``."""
        return Path(self.model, self.freeze, str(self.seed))

    @property
    def command(self) -> str:
        """What trains it, whichever of dvc.yaml's stages that is."""
        return f"dvc repro --glob '*@{self}'"


def needed(strategy: Any) -> tuple[str, ...]:
    """The strategies whose runs one begins with, by name, of its entry in section ``freezing``."""
    return tuple(strategy.get("after") or ()) if isinstance(strategy, dict) else ()


def listed(runs: Iterable[tuple[str, str, Any]]) -> str:
    """One line a model and strategy, with its seeds."""
    lines: dict[str, list[str]] = {}
    for model, freeze, seed in runs:
        lines.setdefault(f"  {model}/{freeze}", []).append(str(seed))
    return "\n".join(f"{name}: seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}" for name, seeds in lines.items())


def _not_reserved(value: str) -> str:
    if value in RESERVED:
        raise ValueError(f"{value!r} is a key of metrics/details.json beside the models; choose another name")
    return value


def _unique(values: Sequence) -> Sequence:
    twice = [value for number, value in enumerate(values) if value in values[:number]]
    if twice:
        raise ValueError(f"{twice[0]!r} is listed twice")
    return values


ModelName = Annotated[Name, AfterValidator(_not_reserved)]


class Runs(Settings):
    """What a study runs: every model with every strategy and every seed, every baseline with every seed.

    Strategies stand in three lists, by what they begin with (``BEGIN_WITH``): ``freezes`` in order of depth, the
    shallowest first, then those that are no depth; ``continued`` goes on from the runs of ``head``; ``interpolated``
    lies between those of ``head`` and ``none``. Tables and figures keep that order. ``explain`` names the baselines
    (``svm``) and models with a strategy (``resnet20-half``) that stage explain looks into.
    """

    models: Annotated[list[ModelName], Field(min_length=1), AfterValidator(_unique)]
    freezes: Annotated[list[Name], Field(min_length=1), AfterValidator(_unique)]
    seeds: Annotated[list[Seed], Field(min_length=1), AfterValidator(_unique)]
    continued: Annotated[list[Name], Field(default_factory=list), AfterValidator(_unique)]
    interpolated: Annotated[list[Name], Field(default_factory=list), AfterValidator(_unique)]
    baselines: Annotated[list[ModelName], Field(default_factory=list), AfterValidator(_unique)]
    explain: Annotated[list[str], Field(default_factory=list), AfterValidator(_unique)]

    @property
    def strategies(self) -> list[str]:
        """Every strategy, in the order of the lists."""
        return [*self.freezes, *self.continued, *self.interpolated]

    def runs(self) -> list[Run]:
        """Every run, in the order of the lists; those of the baselines last."""
        return [
            Run(*names)
            for names in (
                *product(self.models, self.strategies, self.seeds),
                *product(self.baselines, [NO_STRATEGY], self.seeds),
            )
        ]


class Study(Runs):
    """The ``study`` section.

    ``metrics``: the modules of permafrost/metrics that the tables of strategies show, by the stored predictions; all
    that runs record is in details.json in any case.
    """

    name: Name
    metrics: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_unique)] = DEFAULT


def cell_of(model: str, strategy: str) -> tuple[str, str]:
    """Model and strategy as runs and tables have them, of what details.json has under ``model.strategy``."""
    return (strategy, NO_STRATEGY) if model == BASELINES else (model, strategy)


def control_of(model: str, models: list[str]) -> str | None:
    """The random-weights control of ``model``: the recipe named ``<model>_random``, where the study has it."""
    name = f"{model}_random"
    return name if name in models else None


def is_control(model: str, models: list[str]) -> bool:
    """Whether ``model`` is the random-weights control of another recipe of the study."""
    return model.endswith("_random") and model.removesuffix("_random") in models
