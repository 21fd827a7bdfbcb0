"""The experiments of the current commit as one table, and their learning curves in one picture.

python -m stages.sweep_table [--score test_accuracy] [--curves plots/sweep.png] [--of cnn.baseline]

after, for example,
dvc exp run --queue -S study=esc10_baselines -S 'baselines.cnn.lr=0.0003,0.001,0.003' && dvc exp run --run-all
"""

import argparse
import io
import json
from pathlib import Path

import pandas as pd
from dvc.api import exp_show

from permafrost import plain_yaml
from permafrost.errors import PermafrostError
from permafrost.evaluation.study import cell_of
from permafrost.provenance.revisions import Source
from permafrost.report.html.sweep_figure import draw_sweep
from permafrost.report.sweep import Experiment, in_order, scored, sweep_table, varied
from permafrost.settings import choose
from stages.stage import leaves, run

CURVES, DETAILS = "plots/learning_curves.csv", "metrics/details.json"


def main() -> None:
    """Print the table; write the picture where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--score", default="test_accuracy")
    parser.add_argument("--curves", type=Path, help="a PNG to write")
    parser.add_argument("--of", help="MODEL.STRATEGY whose curves are drawn; by default the model that was varied")
    arguments = parser.parse_args()
    rows = [row for row in exp_show() if row.get("Experiment") and row.get("State") in (None, "Success")]
    sources = {row["Experiment"]: Source(row["Experiment"], row["rev"]) for row in rows}
    experiments = [experiment(source) for source in sources.values()]
    print(sweep_table(experiments, arguments.score))
    if arguments.curves:
        _draw(experiments, sources, arguments)


def experiment(source: Source) -> Experiment:
    """Parameters and results as the experiment holds them, each from its own file: their names may be the same."""
    parameters = plain_yaml.parse(source.read("params.yaml") or "{}", f"{source.name}: params.yaml")
    return Experiment(source.name, leaves(parameters), json.loads(source.read(DETAILS) or "{}"))


def _draw(experiments: list[Experiment], sources: dict[str, Source], arguments: argparse.Namespace) -> None:
    names = varied(experiments)
    cells = list(map(".".join, scored(experiments, arguments.score)))
    models = {name.split(".")[1] for name in names if name.split(".")[0] in ("models", "baselines")}
    wanted = arguments.of or next((cell for cell in cells if models & set(cell.split("."))), cells[0])
    choose(wanted, cells, "--of")
    model, freeze = cell_of(*wanted.split("."))
    curves, labels = {}, []
    for experiment in in_order(experiments):
        table = _learning_curves(sources[experiment.name])
        curves[experiment.name] = table[(table["model"] == model) & (table["freeze"] == freeze)]
        labels.append(", ".join(f"{name.rpartition('.')[2]} {experiment.parameters.get(name)}" for name in names))
    draw_sweep(arguments.curves, curves, f"{model} ({freeze}): {', '.join(names)}", labels)


def _learning_curves(source: Source) -> pd.DataFrame:
    text = source.read(CURVES)
    if text is None:
        raise PermafrostError(f"experiment {source.name} has no {CURVES}")
    return pd.read_csv(io.StringIO(text), keep_default_na=False)


if __name__ == "__main__":
    run(main)
