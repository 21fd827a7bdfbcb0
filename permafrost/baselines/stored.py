"""A classical model on disk, without pickle: what it was fitted to, and how; reading it fits it again.

A scikit-learn model is a tree of Python objects, and pickle, its usual form, runs whatever code a file holds. The
training descriptors are small (a few hundred kB) and the fit is deterministic, so the model is its recipe.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from permafrost.baselines.classical import Fit, make_model
from permafrost.baselines.recipe import Classical, read_baseline
from permafrost.errors import PermafrostError

_METADATA = "permafrost"  # one entry of sorted JSON: safetensors' own order changes from run to run


@dataclass(frozen=True)
class StoredModel:
    """A fitted model with what it was fitted to.

    Attributes:
        settings: the recipe.
        fit: the model.
        names: of the descriptors that it is given.
        classes: class names, sorted.
        values: float64 [training clips, descriptors].
        labels: int64 [training clips].
        seed: of the cell.
    """

    settings: Classical
    fit: Fit
    names: tuple[str, ...]
    classes: tuple[str, ...]
    values: NDArray[np.float64]
    labels: NDArray[np.int64]
    seed: int


def save_model(path: Path, model: StoredModel) -> None:
    """Write ``model`` to a safetensors file; the same model gives the same bytes."""
    about = {
        "settings": model.settings.model_dump(mode="json"),
        "chosen": model.fit.chosen,
        "inner_accuracy": model.fit.inner_accuracy,
        "temperature": model.fit.temperature,
        "columns": list(model.fit.columns),
        "names": list(model.names),
        "classes": list(model.classes),
        "seed": model.seed,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    arrays = {"values": np.ascontiguousarray(model.values), "labels": np.ascontiguousarray(model.labels)}
    save_file(arrays, unfinished, metadata={_METADATA: json.dumps(about, sort_keys=True)})
    os.replace(unfinished, path)


def load_model(path: Path) -> StoredModel:
    """Read and fit a model that ``save_model`` wrote; no code in the file is run.

    Raises:
        PermafrostError: the file is missing, damaged or of another kind.
    """
    if not path.is_file():
        raise PermafrostError(f"{path}: not there; expected a trained baseline; `dvc repro` makes it")
    try:
        with safe_open(path, "np") as file:
            about = json.loads((file.metadata() or {})[_METADATA])
            values, labels = file.get_tensor("values"), file.get_tensor("labels")
        settings = read_baseline(about["settings"], str(path))
        columns = tuple(about["columns"])
        names, classes, seed = tuple(about["names"]), tuple(about["classes"]), about["seed"]
        pipeline = make_model(settings, about["chosen"], seed).fit(values[:, columns], labels)
        fit = Fit(pipeline, about["chosen"], about["inner_accuracy"], about["temperature"], columns)
    except (SafetensorError, KeyError, ValueError, TypeError, IndexError) as error:
        raise PermafrostError(f"{path}: expected a trained baseline, but it is another kind of file: {error}") from None
    return StoredModel(settings, fit, names, classes, values, labels, seed)
