"""The experiments of the current commit as one table, and their learning curves in one picture.

python -m stages.sweep_table [--score test_accuracy] [--curves plots/sweep.png] [--of cnn.baseline]

after, for example,
dvc exp run --queue -S study=esc10_baselines -S 'baselines.cnn.lr=0.0003,0.001,0.003' && dvc exp run --run-all
"""

import argparse
import io
import subprocess
from pathlib import Path

import pandas as pd
from dvc.api import exp_show

from permafrost.errors import PermafrostError
from permafrost.evaluation.study import cell_of
from permafrost.report.style import save
from permafrost.report.sweep import NAME, scored, sweep_table, varied
from permafrost.report.sweep_figure import sweep_figure
from permafrost.settings import choose
from stages.stage import parameters, run

CURVES = "plots/learning_curves.csv"


def main() -> None:
    """Print the table; write the picture where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--score", default="test_accuracy")
    parser.add_argument("--curves", type=Path, help="a PNG to write")
    parser.add_argument("--of", help="MODEL.STRATEGY whose curves are drawn; by default the model that was varied")
    arguments = parser.parse_args()
    rows = [row for row in exp_show() if row.get(NAME) and row.get("State") in (None, "Success")]
    sections = list(parameters(""))
    print(sweep_table(rows, sections, arguments.score))
    if arguments.curves:
        _draw(rows, sections, arguments)


def _draw(rows: list[dict], sections: list[str], arguments: argparse.Namespace) -> None:
    names = varied(rows, sections)
    cells = [f"{model}.{freeze}" for model, freeze in scored(rows, arguments.score)]
    models = {name.split(".")[1] for name in names if name.split(".")[0] in ("models", "baselines")}
    wanted = arguments.of or next((cell for cell in cells if models & set(cell.split("."))), cells[0])
    choose(wanted, cells, "--of")
    model, freeze = cell_of(*wanted.split("."))
    rows = sorted(rows, key=lambda row: [(str(type(row.get(name))), row.get(name)) for name in names])
    curves = {}
    for row in rows:
        table = _learning_curves(row["rev"])
        curves[row[NAME]] = table[(table["model"] == model) & (table["freeze"] == freeze)]
    labels = [", ".join(f"{name.rpartition('.')[2]} {row.get(name)}" for name in names) for row in rows]
    title = f"{model} ({freeze}): {', '.join(names)}"
    save(sweep_figure(curves, title, labels), arguments.curves)


def _learning_curves(revision: str) -> pd.DataFrame:
    shown = subprocess.run(["git", "show", f"{revision}:{CURVES}"], capture_output=True, text=True)
    if shown.returncode:
        raise PermafrostError(f"{CURVES} is not in experiment {revision}: {shown.stderr.strip()}")
    return pd.read_csv(io.StringIO(shown.stdout), keep_default_na=False)


if __name__ == "__main__":
    run(main)
