"""Paths that a queued run cannot find: DVC runs it in a copy of the project, below .dvc/tmp/exps."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flatten_dict import flatten

from permafrost.errors import PermafrostError


def refuse_lost_paths(parameters: Mapping[str, Any]) -> None:
    """Refuse relative paths that are there as seen from the project, but not from the copy that is run.

    Raises:
        PermafrostError: all of them at once, each with the absolute path to give instead.
    """
    project = os.environ.get("DVC_ROOT")  # DVC sets it for every experiment: the project that it was started in
    if project is None or Path.cwd().samefile(project):
        return
    faults = [
        f"{key}: {value} is not in the copy of the project that a queued run lies in; give it as "
        f"{''.join(family)}{(Path(project) / path).resolve()}"
        for key, value in flatten(parameters, "dot").items()
        if isinstance(value, str) and "/" in value
        for *family, path in [value.rpartition(":")]  # transformers:FOLDER
        if not Path(path).exists() and (Path(project) / path).exists()
    ]
    if faults:
        raise PermafrostError("\n  ".join(["params.yaml:", *faults]))
