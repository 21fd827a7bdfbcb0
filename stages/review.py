"""Compare two revisions or experiments: python -m stages.review --base main [--head NAME]."""

import argparse
import csv
import hashlib
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from permafrost import plain_yaml
from permafrost.errors import PermafrostError
from permafrost.evaluation.outcomes import read_outcomes
from permafrost.evaluation.records import Difference, different, locked_outputs
from permafrost.evaluation.revisions import Revision, compare_revisions
from permafrost.provenance.revisions import Source, locked, output, revision, workspace
from permafrost.report.html.review_page import review_page
from permafrost.report.review import lead, review
from permafrost.report.review_changes import Changes, changed_code, changed_outputs, sorted_parameters
from stages.stage import run

DETAILS, RUNS, OUTCOMES = "metrics/details.json", "plots/runs.csv", "metrics/outcomes.csv"
SUMMARY = "metrics/summary.json"
MOST = 10  # parameters that a refusal lists
NEEDED = {"model", "freeze", "seed", "repeat", "test_accuracy"}


def main() -> None:
    """Write review.html and review.md, both complete in themselves."""
    options = parser().parse_args()
    base = revision(options.base)
    head = revision(options.head) if options.head else workspace()
    names = [base.name, *([head.name] if head.commit else [])]
    changes = changes_between(base, head, params_diff(names))
    result = compare_revisions(results(base), results(head))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "review.md").write_text(review(result, changes), encoding="utf-8")
    (options.out / "review.html").write_text(review_page(result, changes), encoding="utf-8")
    print(lead(result, changes))
    print(f"{options.out / 'review.html'}, {options.out / 'review.md'}")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m stages.review", description=__doc__)
    parser.add_argument("--base", required=True, metavar="REVISION", help="a commit, branch, tag or experiment")
    parser.add_argument("--head", metavar="REVISION", help="what is compared with it; default: the files as they lie")
    parser.add_argument("--out", type=Path, default=Path("review"), metavar="FOLDER", help="default: review")
    return parser


def params_diff(names: list[str]) -> dict[str, dict[str, Any]]:
    """`dvc params diff`: dotted key of params.yaml to old, new, by key: DVC's order is not the same each time."""
    text = output("dvc", "params", "diff", "--json", *names, "--targets", "params.yaml")
    found = json.loads(text) if text.strip() else {}
    return dict(sorted(item for keys in found.values() for item in keys.items()))


def results(source: Source) -> Revision:
    """What a revision found.

    Raises:
        PermafrostError: it has no results, or they do not read.
    """
    # Before the details stood in a file of their own, they were the summary.
    texts = {DETAILS: source.read(DETAILS) or source.read(SUMMARY), RUNS: source.read(RUNS)}
    if lacking := [path for path, text in texts.items() if text is None]:
        raise PermafrostError(
            f"{source.name} has no {lacking[0]}, and results are committed with their revision: run `dvc repro` there "
            "and commit, or give another revision"
        )
    header = next(csv.reader(StringIO(texts[RUNS])), [])
    if missing := NEEDED - set(header):
        raise PermafrostError(
            f"{RUNS} of {source.name} has no column {sorted(missing)[0]}; run `dvc repro aggregate` there"
        )
    outcomes, splits = source.read(OUTCOMES), source.read("data/splits.csv")
    return Revision(
        source.name,
        pd.read_csv(StringIO(texts[RUNS]), dtype={"model": str, "freeze": str}, keep_default_na=False, na_values=[""]),
        json.loads(texts[DETAILS]),
        read_outcomes(outcomes, f"{OUTCOMES} of {source.name}") if outcomes is not None else None,
        None if splits is None else hashlib.sha256(splits.encode()).hexdigest(),
    )


def changes_between(base: Source, head: Source, parameters: dict[str, dict[str, Any]]) -> Changes:
    """What differs in parameters, data and code.

    Raises:
        PermafrostError: the results of one were made with other parameters than it has.
    """
    sorted_ones = sorted_parameters(parameters)
    for source in (base, head):
        refuse_stale(source)
    return Changes(
        sorted_ones.recipes,
        sorted_ones.strategies,
        sorted_ones.settings,
        changed_outputs(*(locked_outputs(source.read("dvc.lock") or "") for source in (base, head))),
        changed_code(*(_fingerprints(source) for source in (base, head))),
    )


def refuse_stale(source: Source) -> None:
    """Refuse a revision whose parameters are not those that stage code, which checks them all, saw last.

    Raises:
        PermafrostError: each key with its value in dvc.lock and in params.yaml, and what to do.
    """
    seen = locked(source).get("code", {}).get("params", {}).get("params.yaml", {})
    now = plain_yaml.parse(source.read("params.yaml") or "", "params.yaml") or {}
    # No result depends on the machine.
    changed = different(*({key: side[key] for key in seen if key in side and key != "machine"} for side in (seen, now)))
    lines = [f"  {Difference(key, then, value, 'params.yaml')}" for key, then, value in changed]
    if lines:
        more = [f"  and {len(lines) - MOST} more"] if len(lines) > MOST else []
        raise PermafrostError(
            f"the results of {source.name} were made with other parameters than its params.yaml has:\n"
            + "\n".join([*lines[:MOST], *more])
            + "\nrun `dvc repro` there and commit what it writes, put params.yaml back (`git checkout params.yaml`), "
            "or give another revision"
        )


def _fingerprints(source: Source) -> dict[str, dict[str, dict[str, str]]]:
    files = [path for path in source.files("data/code") if path.endswith(".json")]
    return {Path(path).stem: json.loads(source.read(path) or "{}") for path in files}


if __name__ == "__main__":
    run(main)
