"""What several studies say together: python -m stages.across STUDY [STUDY ...] [--model NAME].

A STUDY is a project's folder, a folder that holds its comparisons.csv, or a revision or experiment of this repository.
"""

import argparse
import io
from pathlib import Path

import pandas as pd

from permafrost.errors import PermafrostError
from permafrost.evaluation.across import Finding, findings, pool, ranks
from permafrost.provenance.revisions import revision
from permafrost.report.across import markdown
from stages.stage import run

COMPARISONS = "metrics/comparisons.csv"


def main() -> None:
    """Print the page; write it where asked."""
    options = parser().parse_args()
    found = [item for study in options.studies for item in read(study, options.model)]
    page = markdown(found, pool(found), ranks(found))
    print(page, end="")
    if options.markdown:
        options.markdown.write_text(page, encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m stages.across", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("studies", nargs="+", metavar="STUDY", help="a folder or a revision; two or more")
    parser.add_argument("--model", metavar="NAME", help="the model that is compared; default: each study's first")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the page here")
    return parser


def read(study: str, model: str | None) -> list[Finding]:
    """The differences that a study tells, from files that are in Git.

    Raises:
        PermafrostError: it is neither a folder with comparisons nor a revision that has them.
    """
    folder = Path(study)
    for file in (folder / COMPARISONS, folder / Path(COMPARISONS).name):
        if file.is_file():
            name = folder.resolve().name
            return findings(name, pd.read_csv(file, keep_default_na=False, na_values=[""]), model)
    if folder.is_dir():
        raise PermafrostError(f"{study} has no {COMPARISONS} and no {Path(COMPARISONS).name}; run `dvc repro` there")
    text = revision(study).read(COMPARISONS)
    if text is None:
        raise PermafrostError(f"{study} has no {COMPARISONS}: run `dvc repro` there and commit what it writes")
    return findings(study, pd.read_csv(io.StringIO(text), keep_default_na=False, na_values=[""]), model)


if __name__ == "__main__":
    run(main)
