"""Stage explain: why models answer as they do: plots/explain/NAME/ for each NAME of study.explain, or as given.

python -m stages.explain [NAME...] [--seed S] [--clip CLIP_ID] [--label CLASS]

NAME is a baseline (svm) or a model with a strategy (resnet20-half). Classical baselines get SHAP values (beeswarm,
heatmap, waterfall of one clip, importance.csv), networks get saliency over their mel pictures. The report finds them by
plots/explain/pictures.csv.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from permafrost.audio.inputs import Rendered
from permafrost.audio.mel_axes import mel_axes
from permafrost.baselines.explaining import explain_model, write_importance
from permafrost.baselines.recipe import NetworkBaseline, read_baseline
from permafrost.baselines.stored import load_model
from permafrost.data.descriptor_table import load_descriptors
from permafrost.data.tables import ClipRow, read_clips, read_splits, subsets_for_seed
from permafrost.evaluation.records import RUNS, check_runs, read_project, read_record
from permafrost.evaluation.study import Run, Runs
from permafrost.models.deltas import load_delta
from permafrost.prediction.predictors import class_names
from permafrost.report.explained import Picture, write_pictures
from permafrost.report.explanation_figures import draw_explanation
from permafrost.report.html.mel_figures import caption, draw_saliency
from permafrost.settings import choose, part_of
from permafrost.transfer.explained_clips import look, one_of_each_class
from permafrost.transfer.recipe import Training
from stages.stage import parameters, part, run

OUT = Path("plots/explain")


def main() -> None:
    """Write the pictures of each name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seed", type=int, help="by default the study's first")
    parser.add_argument("--clip", help="the clip of the waterfall; by default the first one explained")
    parser.add_argument("--label", help="the class of beeswarm and heatmap; by default the one that varies most")
    arguments = parser.parse_args()
    study, project = part("study", Runs), read_project(parameters(""))
    seed = study.seeds[0] if arguments.seed is None else arguments.seed
    clips = read_clips(Path("data/clips.csv"))
    _, subsets = subsets_for_seed(read_splits(Path("data/splits.csv")), seed)
    test = [row for row, clip in enumerate(clips) if subsets.get(clip.clip_id) == "test"]
    OUT.mkdir(parents=True, exist_ok=True)
    runs = {str(run).removesuffix(f"-{run.seed}"): run._replace(seed=seed) for run in study.runs()}
    shown: list[Picture] = []
    for name in arguments.names:
        choose(name, list(runs), "NAME")
    for name in arguments.names or study.explain:
        if name not in runs:  # the name exists, or stage code would have refused it: a study cut down by -S
            print(f"warning: study.explain: {name} is not in this study and is left out", file=sys.stderr)
            continue
        this = runs[name]
        check_runs([this], project)
        # As it was when the run was trained, which is what it is now: explain depends on runs, not on their parameters.
        recipe = read_record(RUNS / this.folder)["parameters"][this.section][this.model]
        if this.is_baseline:
            recipe = read_baseline(recipe, f"baselines.{name}")
            if not isinstance(recipe, NetworkBaseline):
                shown += _explain_classical(name, this, clips, test, arguments.label, arguments.clip)
                continue
            base, training = RUNS / this.folder / "base.safetensors", recipe
        else:
            base = Path("weights/base", f"{this.model}.safetensors")
            training = part_of(recipe, Training, f"models.{this.model}")
        shown += _explain_network(name, this, base, training, clips, test)
    write_pictures(OUT, shown, keep=bool(arguments.names))


def _explain_classical(
    name: str, run: Run, clips: list[ClipRow], test: list[int], label: str | None, clip: str | None
) -> list[Picture]:
    stored = load_model(RUNS / run.folder / "model.safetensors")
    _, values = load_descriptors(Path("data/inputs", f"{name}.npy"))
    found = explain_model(stored, values[test], [clips[row] for row in test], clip)
    write_importance(OUT / name / "importance.csv", found)
    return draw_explanation(OUT, name, found, label, clip)


def _explain_network(
    name: str, run: Run, base: Path, training: Training, clips: list[ClipRow], test: list[int]
) -> list[Picture]:
    network = load_delta(RUNS / run.folder / "delta.safetensors", base).eval()
    classes = class_names(RUNS / run.folder / "predictions.csv")
    rows = [test[number] for number in one_of_each_class([clips[row].label for row in test])]
    stored = np.load(Path("data/inputs", f"{run.model}.npy"), mmap_mode="c", allow_pickle=False)[rows]
    found, probabilities = look(network, training, stored)
    captions = [
        caption(clips[row].label, classes[values.argmax()], values.max())
        for row, values in zip(rows, probabilities, strict=True)
    ]
    made = read_record(RUNS / run.folder)["parameters"]
    read = part_of(made[run.section][run.model], Rendered, f"{run.section}.{run.model}").input
    axes = mel_axes(read, made["preprocess"], network.origin.input_shape)
    return [draw_saliency(OUT, name, found.method, found.pictures.numpy(), found.maps.numpy(), captions, axes)]


if __name__ == "__main__":
    run(main)
