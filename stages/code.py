"""Check all parameters, then write what code each stage and each recipe depends on."""

import json
import shutil
import sys
from importlib import metadata
from pathlib import Path

from permafrost.evaluation.records import shaping
from permafrost.provenance.imports import Sources
from stages.last_run import notices
from stages.queued import refuse_lost_paths
from stages.schema import check_parameters
from stages.stage import parameters, run

OUT = Path("data/code")
STAGES = ("fetch", "preprocess", "split", "render", "features", "explain", "aggregate")
# Packages that shape no number: a new version of these runs nothing again.
INERT = {"tqdm", "pydantic", "pydantic-core", "ruamel.yaml", "ruamel.yaml.clib", "requests"}


def main() -> None:
    """Write ``data/code/<consumer>.json``: module to hash, package to the version that requirements.txt pins, and for
    runs the parameters that shape them."""
    check_parameters()
    refuse_lost_paths(parameters(""))
    for line in notices(parameters("")):
        print(line, file=sys.stderr)
    sources = Sources(Path.cwd(), ("permafrost", "stages"))
    consumers = {stage: [f"stages.{stage}"] for stage in STAGES}
    recipes = {}
    for name, recipe in parameters("models").items():
        backbone = f"permafrost.models.{recipe['backbone']}"
        consumers |= {f"{stage}-{name}": [f"stages.{stage}", backbone] for stage in ("weights", "train")}
        recipes[f"train-{name}"] = ("models", name)
    for name, recipe in parameters("baselines").items():
        backbone = [f"permafrost.models.{recipe['backbone']}"] if "backbone" in recipe else []
        consumers[f"baseline-{name}"] = ["stages.baseline", *backbone]
        recipes[f"baseline-{name}"] = ("baselines", name)
    pins = pinned(Path("requirements.txt"))
    distributions = metadata.packages_distributions()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    for consumer, entries in consumers.items():
        modules = sources.closure(entries)
        names = {dist.lower() for top in sources.third_party(modules) for dist in distributions.get(top, [])}
        packages = {name: pins[name] for name in sorted((names & pins.keys()) - INERT)}
        made_by = {"modules": modules, "packages": packages}
        if consumer in recipes:
            made_by["parameters"] = shaping(parameters(""), *recipes[consumer])
        text = json.dumps(made_by, indent=1, ensure_ascii=False)
        (OUT / f"{consumer}.json").write_text(text + "\n", encoding="utf-8")


def pinned(requirements: Path) -> dict[str, str]:
    """Distribution name (lower case) to version, for each ``name==version`` line."""
    lines = (line.split("#")[0].strip() for line in requirements.read_text(encoding="utf-8").splitlines())
    return {name.lower(): version for name, _, version in (line.partition("==") for line in lines) if version}


if __name__ == "__main__":
    run(main)
