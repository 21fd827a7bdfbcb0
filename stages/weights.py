"""Write what a recipe starts from: obtained and converted, pretrained here, or nothing but its name for ``random``."""

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
    settings = part(key, WeightsSettings)
    backbone = parameters(f"{key}.backbone")
    if settings.kind == "procedural":
        # Here, not above: the trainer and the sound generator are loaded by the recipes that need them.
        from permafrost.transfer.pretraining import pretrain

        rate, seconds = parameters("preprocess.sample_rate"), parameters("preprocess.clip_seconds")
        recipe = {name: parameters(f"{key}.{name}") for name in ("backbone", "input", "normalise", "pretrain")}
        state = pretrain(recipe, rate, seconds, threads=parameters("train.threads"), key=key)
        metadata = {"backbone": backbone, "source": "procedural"}
    else:
        state, metadata = base_of(settings, backbone, key)
    save_base(Path("weights/base", f"{model}.safetensors"), state, metadata)


if __name__ == "__main__":
    run(main)
