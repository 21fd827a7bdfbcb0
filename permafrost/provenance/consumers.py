"""What code each stage and each recipe depends on: the modules that it imports, and the packages that these import."""

from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from permafrost.catalogue import module_name
from permafrost.provenance.imports import Sources

STAGES = ("fetch", "preprocess", "split", "render", "features", "explain", "aggregate")
# Packages that shape no number: a new version of these runs nothing again.
INERT = {"tqdm", "pydantic", "pydantic-core", "ruamel.yaml", "ruamel.yaml.clib", "requests"}


def consumers_of(
    models: Mapping[str, Any], baselines: Mapping[str, Any], explain: Iterable[str]
) -> dict[str, list[str]]:
    """Consumer (``split``, ``train-resnet20``) to the modules that it starts from: its stage, its backbone.

    ``explain``: the names in study.explain, of baselines (``svm``) and models with a strategy (``resnet20-half``).
    """
    consumers = {stage: [f"stages.{stage}"] for stage in STAGES}
    for stage, recipes in (("weights", models), ("train", models), ("baseline", baselines)):
        for name, recipe in recipes.items():
            backbone = [module_name("backbones", recipe["backbone"])] if "backbone" in recipe else []
            consumers[f"{stage}-{name}"] = [f"stages.{stage}", *backbone]
            if stage != "weights" and any(given == name or given.startswith(f"{name}-") for given in explain):
                consumers["explain"] += backbone
    return consumers


def code_of(consumers: Mapping[str, list[str]], root: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Consumer to ``modules`` (name to hash) and ``packages`` (name to the version that requirements.txt pins).

    Raises:
        PermafrostError: a module that is missing, broken, or imports by name.
    """
    sources = Sources(root, ("permafrost", "stages"))
    pins = pinned(root / "requirements.txt")
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
