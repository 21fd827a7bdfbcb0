"""Called by Hydra, which finds plugins here by .dvc/config, when `dvc exp run` is about to compose params.yaml.

Keeps params.yaml as it was, so that the stage `code` can say which edits by hand are gone, and refuses paths that a
queued run, which lies in a copy of the project, would not find.
"""

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from dvc.exceptions import InvalidArgumentError
from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

PROJECT = Path(__file__).resolve().parents[2]
KEPT = Path(".dvc/tmp/params.yaml")
VALUE = re.compile(r"(?:-S|--set-param=)?\+{0,2}([\w.]+)=(.+)")


class BeforeComposing(SearchPathPlugin):
    """Found by Hydra; of its hooks, the one that is called before composing."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Leave the search path as it is."""
        before_composing(PROJECT, sys.argv)


def before_composing(project: Path, arguments: Sequence[str]) -> None:
    """Check the command's ``arguments``; copy params.yaml to .dvc/tmp/.

    Raises:
        InvalidArgumentError: a queued run is given relative paths to what lies outside the project.
    """
    if {"--queue", "--temp"} & set(arguments):
        pairs = [(found[1], found[2].strip("'\"")) for found in map(VALUE.fullmatch, arguments) if found]
        lost = [
            f"{key}={(project / path).resolve()}"
            for key, value in pairs
            for path in value.split(",")
            if path.startswith("..") and (project / path).exists()
        ]
        if lost:
            given = " ".join(f"-S {value}" for value in lost)
            raise InvalidArgumentError(
                f"a queued run lies in a copy of the project, where '..' leads elsewhere: {given}"
            )
    if (project / "params.yaml").is_file():
        (project / KEPT).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project / "params.yaml", project / KEPT)
