"""The whole of params.yaml, put together from the schemas of the packages that use its sections."""

from collections.abc import Mapping
from itertools import product
from typing import Any

from permafrost import catalogue, objectives
from permafrost.audio.inputs import RecipeInput
from permafrost.audio.settings import Preprocess
from permafrost.baselines.recipe import read_baseline
from permafrost.data.dataset import Dataset
from permafrost.data.splits import Split
from permafrost.errors import PermafrostError
from permafrost.evaluation.study import BEGIN_WITH, Study, needed
from permafrost.models.weight_source import WeightsSettings
from permafrost.settings import Settings, check_name, choose, shown, validate
from permafrost.strategies.reading import read_strategy
from permafrost.transfer.hearing import input_rate
from permafrost.transfer.recipe import Machine, Runtime, StrategyTraining, Training

SECTIONS = {
    "dataset": Dataset,
    "preprocess": Preprocess,
    "split": Split,
    "train": Runtime,
    "machine": Machine,
    "study": Study,
}
COLLECTIONS = ("models", "freezing", "baselines")


class Recipe(WeightsSettings, StrategyTraining):
    """A recipe with all of its parts: backbone, weights, input, training."""

    backbone: str
    input: RecipeInput


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Check every section of params.yaml, then the names by which sections refer to each other.

    Raises:
        PermafrostError: all faults at once, one a line, each with its key, the value and what is allowed.
    """
    faults: list[str] = []

    def collect(check: Any, *arguments: Any) -> None:
        try:
            check(*arguments)
        except PermafrostError as error:
            faults.append(str(error))

    everything = dict(parameters)
    for key in everything:
        collect(choose, key, [*SECTIONS, *COLLECTIONS], "params.yaml")
    for key, schema in SECTIONS.items():
        collect(_check_section, everything, key, schema)
    for key in COLLECTIONS:
        entries = everything.get(key)
        if not isinstance(entries, Mapping) or not (entries or key == "baselines"):
            expected = "named entries, or {} for none" if key == "baselines" else "at least one named entry"
            faults.append(f"{key}: got {shown(entries)}, expected {expected}")
            everything[key] = {}
            continue
        for name, values in entries.items():
            collect(check_name, name, key)
            collect(_check_entry, key, name, values)
            if key != "freezing" and isinstance(values, Mapping) and "backbone" in values:
                collect(catalogue.check, "backbones", values["backbone"], f"{key}.{name}.backbone")
                objective = values.get("objective", objectives.DEFAULT)
                collect(catalogue.check, "objectives", objective, f"{key}.{name}.objective")
    for name in everything["baselines"]:
        if name in everything["models"]:
            faults.append(f"baselines.{name}: a model has this name too; rename one: they share folders")
    if not faults:
        lists = {"models": "models", "baselines": "baselines"} | dict.fromkeys(BEGIN_WITH, "freezing")
        for listed, key in lists.items():
            for name in everything["study"].get(listed, []):
                collect(choose, name, everything[key], f"study.{listed}")
        if not faults:
            collect(_check_lists, everything["study"], everything["freezing"])
        explainable = [*everything["baselines"], *map("-".join, product(everything["models"], everything["freezing"]))]
        for name in everything["study"].get("explain", []):
            collect(choose, name, explainable, "study.explain")
        collect(catalogue.check, "readers", Preprocess(**everything["preprocess"]).reader, "preprocess.reader")
        for name in everything["study"].get("metrics", []):
            collect(catalogue.check, "metrics", name, "study.metrics")
        rate = everything["preprocess"]["sample_rate"]
        networks = {f"models.{name}": validate(Recipe, values, name) for name, values in everything["models"].items()}
        networks |= {
            f"baselines.{name}": read_baseline(values, name) for name, values in everything["baselines"].items()
        }
        for key, recipe in networks.items():
            for name in recipe.by_strategy if isinstance(recipe, StrategyTraining) else ():
                collect(choose, name, everything["freezing"], f"{key}.by_strategy")
            if isinstance(recipe, Training):
                collect(input_rate, recipe.input, recipe, recipe.backbone, rate, key)
    if faults:
        raise PermafrostError("params.yaml:\n  " + "\n  ".join("\n".join(faults).splitlines()))


def _check_entry(key: str, name: str, values: Any) -> None:
    if key == "models":
        validate(Recipe, values, f"{key}.{name}")
    else:
        {"baselines": read_baseline, "freezing": read_strategy}[key](values, f"{key}.{name}")


def _check_lists(study: Mapping[str, Any], freezing: Mapping[str, Any]) -> None:
    """Refuse a strategy in the list of a stage that does not give it the runs that it begins with."""
    for listed, begins in BEGIN_WITH.items():
        for name in study.get(listed, []):
            if (wanted := needed(freezing[name])) != begins:
                right = next((other for other, runs in BEGIN_WITH.items() if runs == wanted), None)
                raise PermafrostError(
                    f"study.{listed}: {name!r} begins with the runs of {' and '.join(wanted) or 'none'}, those of this "
                    f"list with {' and '.join(begins) or 'none'}; expected it in study.{right}"
                )
            for other in begins:
                if other not in study["freezes"]:
                    raise PermafrostError(
                        f"study.{listed}: {name!r} begins with the runs of {other!r}, which study.freezes lacks; add it"
                    )


def _check_section(everything: Mapping[str, Any], key: str, schema: type[Settings]) -> None:
    if key not in everything:
        raise PermafrostError(f"{key}: missing; expected a section with {', '.join(schema.model_fields)}")
    validate(schema, everything[key], key)
