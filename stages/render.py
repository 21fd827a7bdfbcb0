"""Stage render@X: data/waveforms.npy to data/inputs/X.npy, exactly the array that recipe X reads."""

import argparse
from pathlib import Path

from permafrost.audio.inputs import Rendered
from permafrost.audio.rendering import render
from stages.stage import parameters, part, run

WAVEFORMS, INPUTS = Path("data/waveforms.npy"), Path("data/inputs")


def main() -> None:
    """Render the inputs of one recipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="the recipe's name under models in params.yaml")
    model = parser.parse_args().model
    recipe = part(f"models.{model}", Rendered)
    render(WAVEFORMS, parameters("preprocess.sample_rate"), recipe.input, INPUTS / f"{model}.npy")


if __name__ == "__main__":
    run(main)
