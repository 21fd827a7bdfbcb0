"""Stage render@X: data/waveforms.npy to data/inputs/X.npy, exactly the array that recipe X reads."""

import argparse
from pathlib import Path

from permafrost.audio.preprocessing import Preprocess
from permafrost.audio.rendering import Recipe, render
from permafrost.settings import validate
from stages.stage import parameters, run

WAVEFORMS, INPUTS = Path("data/waveforms.npy"), Path("data/inputs")


def main() -> None:
    """Render the inputs of one recipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="the recipe's name under models in params.yaml")
    model = parser.parse_args().model
    recipe = validate(Recipe, {"input": parameters(f"models.{model}.input")}, f"models.{model}")
    sample_rate = validate(Preprocess, parameters("preprocess"), "preprocess").sample_rate
    render(WAVEFORMS, sample_rate, recipe.input, INPUTS / f"{model}.npy")


if __name__ == "__main__":
    run(main)
