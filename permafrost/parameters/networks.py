"""Whether each recipe of the study has a network for what it will read, and each strategy fits that network."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from permafrost import catalogue
from permafrost.audio.inputs import Rendered
from permafrost.audio.rendering import row_of
from permafrost.audio.settings import Preprocess
from permafrost.errors import PermafrostError
from permafrost.evaluation.records import recipe_for
from permafrost.evaluation.study import Study
from permafrost.models.building import build
from permafrost.models.network import Network
from permafrost.settings import part_of, validate
from permafrost.strategies.reading import read_strategy
from permafrost.transfer.recipe import StrategyTraining


def check_networks(parameters: Mapping[str, Any]) -> None:
    """Build each network of the study once, before anything is rendered or trained, and ask its strategies for phases.

    Args:
        parameters: all of params.yaml, already checked.

    Raises:
        PermafrostError: all recipes at once whose backbone does not exist in its family, cannot be cut into units,
            cannot read inputs of the shape that the recipe and ``preprocess`` give, or cannot be explained though
            ``study.explain`` asks for it; and strategies that do not fit their units.
    """
    preprocess = validate(Preprocess, parameters["preprocess"], "preprocess")
    reader = catalogue.load("readers", preprocess.reader, "preprocess.reader")
    built: dict[tuple[str, tuple[int, ...]], Network] = {}
    faults = []
    study = parameters["study"]
    for name in study["models"]:
        recipe = parameters["models"][name]
        settings = part_of(recipe, Rendered, f"models.{name}").input
        try:
            shape, _ = row_of(settings, preprocess.sample_rate, *reader.shape(preprocess))
        except PermafrostError as error:
            faults.append(f"models.{name}.input: {error}")
            continue
        try:
            made = recipe["backbone"], shape
            network = built[made] = built[made] if made in built else build(*made, classes=2, seed=0)
            if any(given.startswith(f"{name}-") for given in study.get("explain", [])):
                network.check_pictures(waveforms=len(shape) == 1)
        except PermafrostError as error:
            faults.append(f"models.{name}: {error}")
            continue
        faults += _unfit(parameters, name, network)
    if faults:
        raise PermafrostError("params.yaml:\n  " + "\n  ".join(dict.fromkeys(faults)))


def _unfit(parameters: Mapping[str, Any], model: str, network: Network) -> Iterator[str]:
    """What is wrong with strategies of the study on one network."""
    for name in validate(Study, parameters["study"], "study").strategies:
        strategy = read_strategy(parameters["freezing"][name], f"freezing.{name}")
        recipe = recipe_for(parameters["models"][model], name)
        try:
            # A copy, because LoRA changes what it is given.
            strategy.phases(copy.deepcopy(network), part_of(recipe, StrategyTraining, f"models.{model}").epochs)
        except PermafrostError as error:
            yield f"models.{model}: {error}"
