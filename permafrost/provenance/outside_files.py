"""Files that parameters name and that lie where DVC does not look: linked into a folder that it watches.

A path in params.yaml is text to DVC: it sees another path, and not other bytes under the same one. So stage code links
every such file into ``data/files/<consumer>/``, under the key that names it, and the consumer depends on that folder:
DVC hashes what a link leads to. Each folder has ``files.json`` too, key to path as given, because DVC does not keep
empty folders; it is all that Git holds of them.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from permafrost.audio.descriptor_settings import DescriptorTable
from permafrost.data.dataset import Dataset, TableLabels, UrlSource
from permafrost.data.split_lists import ListFiles, find_list
from permafrost.data.splits import Split
from permafrost.errors import PermafrostError
from permafrost.models.building import files_of
from permafrost.models.weight_source import EXPECTED, WeightsSettings
from permafrost.settings import part_of, shown, validate

LIST = "files.json"


@dataclass(frozen=True)
class OutsideFile:
    """A file that a consumer opens: the key that names it, its value, the path, what else the key may hold."""

    consumer: str
    key: str
    value: str
    path: Path
    expected: str = "the path of a file"


def outside_files(parameters: Mapping[str, Any]) -> dict[str, list[OutsideFile]]:
    """Consumer to the files that it opens beside what DVC watches by itself, for all of the study's consumers.

    Args:
        parameters: all of params.yaml, already checked.

    Raises:
        PermafrostError: files that are not there, all at once, each with its key and its absolute path.
    """
    study = parameters["study"]
    models, baselines = study["models"], study.get("baselines", [])
    consumers = ["fetch", "preprocess", "split"]
    consumers += [f"weights-{name}" for name in models] + [f"features-{name}" for name in baselines]
    found: dict[str, list[OutsideFile]] = {consumer: [] for consumer in consumers}
    dataset = validate(Dataset, parameters["dataset"], "dataset")
    split = validate(Split, parameters["split"], "split")
    for file in (
        *_of_data(dataset, split),
        *_of_weights({name: parameters["models"][name] for name in models}),
        *_of_tables({name: parameters["baselines"][name] for name in baselines}),
    ):
        found[file.consumer].append(file)
    faults = [
        f"{file.key}: no file {shown(file.value)} ({file.path.resolve()}); expected {file.expected}"
        for files in found.values()
        for file in files
        if not file.path.is_file()
    ]
    if faults:
        raise PermafrostError("params.yaml:\n  " + "\n  ".join(faults))
    return found


def link_files(folder: Path, found: Mapping[str, Iterable[OutsideFile]]) -> None:
    """Make ``folder`` anew: in it a folder for each consumer, with a link for each file and the list of them."""
    shutil.rmtree(folder, ignore_errors=True)
    for consumer, files in found.items():
        (folder / consumer).mkdir(parents=True)
        for file in files:
            (folder / consumer / file.key).symlink_to(_absolute(file.path))
        listed = json.dumps({file.key: file.value for file in files}, indent=1, ensure_ascii=False)
        (folder / consumer / LIST).write_text(listed + "\n", encoding="utf-8")


def _of_data(dataset: Dataset, split: Split) -> Iterator[OutsideFile]:
    root = Path(dataset.path)
    if isinstance(dataset.origin, UrlSource):
        for number, file in enumerate(dataset.origin.files):
            if file.local is not None:
                yield OutsideFile("fetch", f"dataset.source.files.{number}.url", file.url, file.local)
    named = {"dataset.labels.file": dataset.labels.file} if isinstance(dataset.labels, TableLabels) else {}
    if dataset.labels.groups is not None:
        named["dataset.labels.groups.file"] = dataset.labels.groups.file
    for key, name in named.items():
        if not _inside(root / name, root):
            yield OutsideFile("preprocess", key, name, root / name, f"a path seen from dataset.path, {root}")
    if split.kind == "lists" and isinstance(split.lists, ListFiles):
        for subset, name in split.lists.named.items():
            file = find_list(name, [root, Path()])
            # One that is nowhere yet may be in what stage fetch brings.
            if file is not None and not _inside(file, root):
                yield OutsideFile("split", f"split.lists.{subset}", name, file)
            elif file is None and not dataset.is_raw:
                yield OutsideFile(
                    "split", f"split.lists.{subset}", name, Path(name), f"a path seen from {root} or from the project"
                )


def _of_weights(recipes: Mapping[str, Any]) -> Iterator[OutsideFile]:
    # Weights by name or url need no link: they are found anywhere and taken by their checksum alone.
    for name, values in recipes.items():
        settings = part_of(values, WeightsSettings, f"models.{name}")
        if (file := settings.local(f"models.{name}")) is not None:
            yield OutsideFile(f"weights-{name}", f"models.{name}.weights", settings.weights, file, EXPECTED)
        for path in files_of(values["backbone"]):
            yield OutsideFile(f"weights-{name}", f"models.{name}.backbone.{path.name}", str(path), path)


def _of_tables(recipes: Mapping[str, Any]) -> Iterator[OutsideFile]:
    for name, values in recipes.items():
        given = values.get("input", {})
        if given.get("kind") == "table":
            key = f"baselines.{name}.input"
            table = validate(DescriptorTable, given, key)
            yield OutsideFile(f"features-{name}", f"{key}.file", table.file, table.path, "a CSV table of descriptors")


def _inside(file: Path, folder: Path) -> bool:
    """Whether DVC, which watches ``folder`` and follows no links to folders, sees ``file``."""
    real = file.parent.resolve() / file.name
    return real.is_relative_to(folder.resolve())


def _absolute(path: Path) -> Path:
    return Path.cwd() / path
