"""Whether a network can be made for what each recipe of the study will read."""

from collections.abc import Mapping
from typing import Any

from permafrost import catalogue
from permafrost.audio.inputs import Rendered
from permafrost.audio.rendering import row_of
from permafrost.audio.settings import Preprocess
from permafrost.errors import PermafrostError
from permafrost.models.building import build
from permafrost.settings import part_of, validate


def check_networks(parameters: Mapping[str, Any]) -> None:
    """Build each network of the study once, before anything is rendered or trained.

    Args:
        parameters: all of params.yaml, already checked.

    Raises:
        PermafrostError: all recipes at once whose backbone does not exist in its family, cannot be cut into units,
            cannot read inputs of the shape that the recipe and ``preprocess`` give, or cannot be explained though
            ``study.explain`` asks for it.
    """
    preprocess = validate(Preprocess, parameters["preprocess"], "preprocess")
    reader = catalogue.load("readers", preprocess.reader, "preprocess.reader")
    tried: dict[tuple[str, tuple[int, ...], bool], str | None] = {}
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
        explained = any(given.startswith(f"{name}-") for given in study.get("explain", []))
        network = (recipe["backbone"], shape, explained)
        if network not in tried:
            tried[network] = _fault(*network)
        if tried[network]:
            faults.append(f"models.{name}: {tried[network]}")
    if faults:
        raise PermafrostError("params.yaml:\n  " + "\n  ".join(faults))


def _fault(backbone: str, shape: tuple[int, ...], explained: bool) -> str | None:
    try:
        network = build(backbone, shape, classes=2, seed=0)
        if explained:
            network.check_pictures(waveforms=len(shape) == 1)
    except PermafrostError as error:
        return str(error)
    return None
