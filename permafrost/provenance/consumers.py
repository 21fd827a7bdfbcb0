"""What code each stage and each recipe depends on: the modules that it imports, and the packages that these import."""

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from permafrost import metrics, objectives
from permafrost.audio.settings import Preprocess
from permafrost.catalogue import module_name
from permafrost.provenance.imports import Sources
from permafrost.strategies import kinds_of

STAGES = ("fetch", "preprocess", "split", "render", "features", "explain", "aggregate")
# Packages that shape no number: a new version of these runs nothing again.
INERT = {"tqdm", "pydantic", "pydantic-core", "ruamel.yaml", "ruamel.yaml.clib", "requests"}


def consumers_of(parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    """Consumer (``split``, ``train-resnet20``) to the modules that it starts from: its stage, and the entries of the
    catalogue that ``parameters`` (params.yaml) name for it."""
    study = parameters["study"]
    consumers = {stage: [f"stages.{stage}"] for stage in STAGES}
    consumers["aggregate"] += [module_name("metrics", name) for name in study.get("metrics", metrics.DEFAULT)]
    for stage in ("preprocess", "split", "aggregate"):
        consumers[stage].append(module_name("readers", Preprocess(**parameters["preprocess"]).reader))
    for stage, section in (("weights", "models"), ("train", "models"), ("baseline", "baselines")):
        for name, recipe in parameters[section].items():
            entries = []
            if "backbone" in recipe:
                entries.append(module_name("backbones", recipe["backbone"]))
                if stage != "weights":
                    entries.append(module_name("objectives", recipe.get("objective", objectives.DEFAULT)))
            consumers[f"{stage}-{name}"] = [f"stages.{stage}", *entries]
            # study.explain names baselines (svm) and models with a strategy (resnet20-half).
            explained = any(given == name or given.startswith(f"{name}-") for given in study.get("explain", []))
            if stage != "weights" and explained:
                consumers["explain"] += entries
    for name, entry in parameters["freezing"].items():
        consumers[f"strategy-{name}"] = [module_name("strategies", kind) for kind in kinds_of(entry)]
    return consumers


def code_of(consumers: Mapping[str, list[str]], root: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Consumer to ``modules`` (name to hash) and ``packages`` (name to the version that requirements*.txt pins).

    Raises:
        PermafrostError: a module that is missing, broken, or imports by name.
    """
    sources = Sources(root, ("permafrost", "stages"))
    pins = {name: pin for path in sorted(root.glob("requirements*.txt")) for name, pin in pinned(path).items()}
    distributions = metadata.packages_distributions()
    found = {}
    for consumer, entries in consumers.items():
        modules = sources.closure(entries)
        names = {dist.lower() for top in sources.third_party(modules) for dist in distributions.get(top, [])}
        found[consumer] = {
            "modules": modules,
            "packages": {name: pins[name] for name in sorted((names & pins.keys()) - INERT)},
        }
    return found


def pinned(requirements: Path) -> dict[str, str]:
    """Distribution name (lower case) to version, for each ``name==version`` line."""
    lines = (line.split("#")[0].strip() for line in requirements.read_text(encoding="utf-8").splitlines())
    return {name.lower(): version for name, _, version in (line.partition("==") for line in lines) if version}
