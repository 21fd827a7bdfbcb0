"""Do the study's strategies fit its networks? Asked before anything is trained, of networks with drawn weights."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from permafrost.audio.rendering import row_of
from permafrost.errors import PermafrostError
from permafrost.evaluation.records import recipe_for
from permafrost.models.building import build
from permafrost.parameters.schema import Recipe
from permafrost.settings import part_of, validate
from permafrost.strategies.reading import Strategy, read_strategy
from permafrost.transfer.recipe import StrategyTraining

CLASSES = 2  # whatever a data set has: the head alone depends on it
EVERYWHERE = (0, 1, "stem", "all")  # every backbone has a stem


def check_strategies(parameters: Mapping[str, Any]) -> None:
    """Refuse a strategy that does not fit a model of the study, and an input that its backbone does not take.

    Args:
        parameters: params.yaml, as ``schema.check_parameters`` has passed it.

    Raises:
        PermafrostError: all that do not fit, each with the strategy's key and the model.
    """
    study, faults = parameters["study"], []
    named = [name for key in ("freezes", "continued", "interpolated") for name in study.get(key, [])]
    strategies = {name: read_strategy(parameters["freezing"][name], f"freezing.{name}") for name in named}
    asking = {name: strategy for name, strategy in strategies.items() if not _fits_all(strategy)}
    for model in study["models"] if asking else ():
        key = f"models.{model}"
        try:
            faults += _faults(parameters, validate(Recipe, parameters["models"][model], key), model, asking)
        except PermafrostError as error:
            faults.append(f"{key}: {error}")
    if faults:
        raise PermafrostError("\n".join(dict.fromkeys(faults)))


def _faults(parameters: Mapping[str, Any], made: Recipe, model: str, asking: Mapping[str, Strategy]) -> Iterator[str]:
    heard = parameters["preprocess"]
    samples = round(heard["sample_rate"] * heard["clip_seconds"])
    shape, _ = row_of(made.input, heard["sample_rate"], samples)
    network = build(made.backbone, shape, CLASSES, 0)
    for name, strategy in asking.items():
        training = part_of(recipe_for(parameters["models"][model], name), StrategyTraining, f"models.{model}")
        try:
            strategy.phases(copy.deepcopy(network), training.epochs)  # a copy: LoRA changes what it is given
        except PermafrostError as error:
            yield f"{error} (models.{model})"


def _fits_all(strategy: Strategy) -> bool:
    """Whether it fits every backbone: a depth that is a fraction, nothing, the stem or all."""
    freeze = getattr(strategy.settings, "freeze", None)
    return freeze is not None and (freeze in EVERYWHERE or (isinstance(freeze, float) and 0 <= freeze <= 1))
