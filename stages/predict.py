"""Class probabilities for new recordings, from a trained cell or baseline.

python -m stages.predict --model resnet20 --freeze half --seed 0 FILE_OR_FOLDER... [--out answers.csv|answers.json]
python -m stages.predict --baseline svm --seed 0 FILE_OR_FOLDER... [--pictures FOLDER]
"""

import argparse
import sys
from pathlib import Path

from permafrost.audio.inputs import Rendered
from permafrost.audio.settings import Preprocess
from permafrost.baselines.recipe import NetworkBaseline, read_baseline
from permafrost.errors import PermafrostError
from permafrost.prediction.answers import Answer, answer_all, as_csv, as_json, find_files
from permafrost.prediction.chunks import Chunks
from permafrost.prediction.predictors import Predictor, classical_predictor, network_predictor
from permafrost.transfer.recipe import Training
from stages.stage import parameters, part, run, section


def main() -> None:
    """Print or write the answers; exit 1 where a recording could not be heard, after all others were answered."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--model", help="a recipe under models; needs --freeze")
    which.add_argument("--baseline", help="a baseline under baselines")
    parser.add_argument("--freeze", help="the cell's freezing strategy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a .csv or .json file; otherwise CSV is printed")
    parser.add_argument("--pictures", type=Path, help="a folder for a PNG of each recording, chunk by chunk")
    parser.add_argument("files", nargs="+", metavar="FILE_OR_FOLDER")
    arguments = parser.parse_args()
    if arguments.model and not arguments.freeze:
        parser.error("--model needs --freeze")
    if arguments.out and arguments.out.suffix not in (".csv", ".json"):
        parser.error(f"--out: {arguments.out} ends in neither .csv nor .json")
    preprocess = section("preprocess", Preprocess)
    predictor = _predictor(arguments, preprocess)
    files = find_files(arguments.files)
    draw = _drawer(arguments.pictures) if arguments.pictures else None
    answers, faults = answer_all(files, predictor, preprocess, draw)
    if arguments.out and arguments.out.suffix == ".json":
        text = as_json(answers, faults)
    else:
        text = as_csv(answers, predictor.classes)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    if faults:
        listed = "\n".join(f"{file}: {reason}" for file, reason in faults.items())
        counted = f"{len(faults)} of {len(files)} recordings could not be heard:\n" if len(files) > 1 else ""
        raise PermafrostError(counted + listed)


def _predictor(arguments: argparse.Namespace, preprocess: Preprocess) -> Predictor:
    if arguments.baseline:
        place = Path(arguments.baseline, "baseline", str(arguments.seed))
        key = f"baselines.{arguments.baseline}"
        recipe = read_baseline(parameters(key), key)
        if not isinstance(recipe, NetworkBaseline):
            return classical_predictor(Path("runs", place, "model.safetensors"), preprocess)
        base = Path("runs", place, "base.safetensors")
        settings, normalise = recipe.input, recipe.normalise
    else:
        place = Path(arguments.model, arguments.freeze, str(arguments.seed))
        key = f"models.{arguments.model}"
        base = Path("weights/base", f"{arguments.model}.safetensors")
        settings, normalise = part(key, Rendered).input, part(key, Training).normalise
    delta = Path("runs", place, "delta.safetensors")
    predictions = Path("runs", place, "predictions.csv")
    return network_predictor(delta, base, predictions, settings, normalise, preprocess)


def _drawer(folder: Path):  # noqa: ANN202
    # Here, not above: only those who ask for pictures pay for loading matplotlib.
    from permafrost.report.prediction_figure import draw_prediction

    def draw(answer: Answer, chunks: Chunks) -> None:
        name = "_".join(part for part in Path(answer.file).parts if part not in ("/", "..", "."))
        draw_prediction(
            folder / f"{name}.png",
            Path(answer.file).name,
            chunks.whole,
            chunks.sample_rate,
            chunks.starts,
            chunks.chunk_seconds,
            answer.classes,
            answer.chunks,
        )

    return draw


if __name__ == "__main__":
    run(main)
