"""Write what a recipe starts from: obtained and converted, or nothing but its name for ``random``."""

import argparse
from pathlib import Path

from permafrost.models.obtaining import base_of
from permafrost.models.weight_source import WeightsSettings
from permafrost.models.weights import save_base
from stages.stage import parameters, part, run


def main() -> None:
    """Write ``weights/base/MODEL.safetensors``."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", required=True)
    model = arguments.parse_args().model
    key = f"models.{model}"
    state, metadata = base_of(part(key, WeightsSettings), parameters(f"{key}.backbone"), key)
    save_base(Path("weights/base", f"{model}.safetensors"), state, metadata)


if __name__ == "__main__":
    run(main)
