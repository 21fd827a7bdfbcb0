"""Class probabilities for new recordings, from a trained run.

python -m stages.predict FILE_OR_FOLDER...           the run that the study chose on validation, its first seed
python -m stages.predict                             the trained runs; the one that the study chose is marked
python -m stages.predict --model resnet20 --freeze half --seed 0 FILE_OR_FOLDER... [--out answers.csv|answers.json]
python -m stages.predict --baseline svm FILE_OR_FOLDER... [--pictures FOLDER]
"""

import argparse
import sys
from pathlib import Path

from permafrost.errors import PermafrostError
from permafrost.evaluation.records import read_project
from permafrost.prediction.answers import Answer, answer_all, as_csv, as_json, find_files
from permafrost.prediction.chunks import Chunks
from permafrost.prediction.trained import as_table, find_run, predictor_of, trained_runs
from stages.stage import parameters, run


def main() -> None:
    """Print or write the answers; exit 1 where a recording could not be heard, after all others were answered."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="list the trained runs, as without a file")
    parser.add_argument("--model", "--baseline", help="a recipe under models or baselines; default: the study's choice")
    parser.add_argument("--freeze", help="the freezing strategy; default: the study's choice for the model")
    parser.add_argument("--seed", type=int, help="default: the study's first")
    parser.add_argument("--out", type=Path, help="a .csv or .json file; otherwise CSV is printed")
    parser.add_argument("--pictures", type=Path, help="a folder for a PNG of each recording, chunk by chunk")
    parser.add_argument("files", nargs="*", metavar="FILE_OR_FOLDER")
    arguments = parser.parse_args()
    project = read_project(parameters(""))
    if arguments.list or not arguments.files:
        sys.stdout.write(as_table(trained_runs(), project))
        return
    if arguments.out and arguments.out.suffix not in (".csv", ".json"):
        parser.error(f"--out: {arguments.out} ends in neither .csv nor .json")
    found, how = find_run(project, arguments.model, arguments.freeze, arguments.seed)
    print(f"by the run {found}, {how}", file=sys.stderr)
    predictor, preprocess = predictor_of(found)
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


def _drawer(folder: Path):  # noqa: ANN202
    # Here, not above: only those who ask for pictures pay for loading what draws them.
    from permafrost.report.html.mel_figures import draw_prediction

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
