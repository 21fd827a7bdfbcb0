"""Compare strategies in anyone's table of results: python -m stages.compare RUNS.csv [RUNS2.csv ...]."""

import argparse
import json
from pathlib import Path

from permafrost.evaluation.comparison import compare
from permafrost.evaluation.results import Columns
from permafrost.report.comparison import markdown
from stages.stage import run


def main() -> None:
    """Print the comparison as Markdown; write it, the numbers and the figure where asked."""
    options = parser().parse_args()
    comparison = compare(
        options.runs,
        Columns(options.strategy, options.seed, options.score, options.model),
        reference=options.reference,
        order=options.order.split(",") if options.order else None,
        relevant=options.relevant / 100,
        test_per_train=options.test_per_train,
        shared_training=options.shared_training,
    )
    page = markdown(comparison)
    print(page, end="")
    if options.markdown:
        write(options.markdown, page)
    if options.json:
        write(options.json, json.dumps(comparison.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    if options.figure:
        # Here, not above: only those who ask for a figure pay for loading what draws it.
        from permafrost.report.html.comparison_figure import draw_comparison

        draw_comparison(options.figure, comparison)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m stages.compare", description=__doc__)
    add = parser.add_argument
    add("runs", nargs="+", type=Path, metavar="RUNS.csv", help="a table with one row a run; with more, also compared")
    add("--strategy", metavar="COLUMN", help="default: freeze_mode, freeze or strategy")
    add("--seed", metavar="COLUMN", help="default: seed")
    add("--score", metavar="COLUMN", help="default: test_acc, test_accuracy, accuracy, acc or score")
    add("--model", metavar="COLUMN", help="default: model, where there is one")
    add("--reference", metavar="VALUE", help="the strategy that others are compared with; default: none")
    add("--order", metavar="A,B,C", help="strategies by depth; default: by column depth, known names, or as they come")
    add("--relevant", metavar="POINTS", type=float, default=4.0, help="the least gap worth a statement; default: 4")
    add("--test-per-train", metavar="RATIO", type=float, default=1 / 3, help="where splits differ; default: 1/3")
    add("--shared-training", metavar="RATIO", type=float, help="share of training clips that two splits share")
    add("--json", metavar="FILE", type=Path, help="write the numbers here")
    add("--markdown", metavar="FILE", type=Path, help="write the page here")
    add("--figure", metavar="FILE", type=Path, help="draw the comparison here (PNG)")
    return parser


def write(path: Path, text: str) -> None:
    """Write ``text``, making the folder that it goes to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run(main)
