"""Finding published weights: local files, installed packages, $PERMAFROST_WEIGHTS, torch's hub cache, the network."""

import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import torch
from torch import Tensor

from permafrost import catalogue
from permafrost.data.download import download
from permafrost.errors import PermafrostError
from permafrost.models.building import converter, files_of
from permafrost.models.published import in_our_names, read_state
from permafrost.models.weight_source import EXPECTED, TORCHVISION, WeightsSettings
from permafrost.models.weights import file_sha256
from permafrost.settings import choose, nearest, shown

FOLDERS = "PERMAFROST_WEIGHTS"
# torch hub's habit: the first digits of the sha256 end the file's name.
_SUM_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.[^.]+$")


@dataclass(frozen=True)
class Wanted:
    """A file of published weights.

    Attributes:
        name: its file name.
        url: where it is published.
        sha256: all of its checksum, or as many first digits as are known.
    """

    name: str
    url: str
    sha256: str


def base_of(settings: WeightsSettings, backbone: str, key: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The state in our names and the metadata that a recipe's base file holds.

    Args:
        settings: the recipe's weights.
        backbone: the recipe's backbone, whose names the file's are converted to.
        key: where the settings stand (``models.resnet20``), for errors.

    Raises:
        PermafrostError: the weights cannot be had, have another checksum, or are no weights.
    """
    # What a family's network is built from: another description, and runs that start from this base run again.
    described = {path.name: file_sha256(path) for path in files_of(backbone)}
    if settings.kind == "random":
        return {}, {"backbone": backbone, "source": "random", **described}
    path = obtain(settings, backbone, key)
    about = {"backbone": backbone, "source": settings.weights, "sha256": file_sha256(path), **described}
    return in_our_names(read_state(path), converter(backbone)), about


def obtain(settings: WeightsSettings, backbone: str, key: str) -> Path:
    """The path of the file that ``settings`` asks for, its checksum verified; downloaded only if it is nowhere here.

    Raises:
        PermafrostError: no such local file, no such torchvision name, a checksum that does not match, or a download
            that failed: the message then says which file to put where.
    """
    if (local := settings.local(key)) is not None:
        return _local(settings, local, key)
    wanted = _wanted(settings, backbone, key)
    cache = Path(torch.hub.get_dir()) / "checkpoints"
    folders = [Path(folder).expanduser() for folder in os.environ.get(FOLDERS, "").split(os.pathsep) if folder]
    for folder in [*folders, cache]:
        path = folder / wanted.name
        if path.is_file():
            found = file_sha256(path)
            if found.startswith(wanted.sha256):
                return path
            warnings.warn(f"{path} is passed over: its sha256 is {found}, expected {wanted.sha256}", stacklevel=2)
    return _download(wanted, folders, cache, key)


def _local(settings: WeightsSettings, path: Path, key: str) -> Path:
    if not path.is_file():
        raise PermafrostError(
            f"{key}.weights: no file {shown(settings.weights)} ({path.resolve()}); expected {EXPECTED}"
            f"{nearest(settings.weights, ['random'])}"
        )
    if settings.weights_sha256 and (found := file_sha256(path)) != settings.weights_sha256:
        raise PermafrostError(
            f"{key}.weights: {path} has sha256 {found}, but {key}.weights_sha256 is {settings.weights_sha256}; "
            "take the right file, or correct the sum if this is it"
        )
    return path


def _wanted(settings: WeightsSettings, backbone: str, key: str) -> Wanted:
    url = settings.weights if settings.kind == "url" else _torchvision_url(settings, backbone, key)
    name = unquote(PurePosixPath(urlsplit(url).path).name)
    if not name:
        raise PermafrostError(f"{key}.weights: {url!r} names no file; expected the url of a file of weights")
    if settings.weights_sha256:
        return Wanted(name, url, settings.weights_sha256)
    if settings.kind == "url":
        raise PermafrostError(f"{key}.weights_sha256: missing; a url needs the sha256 of its file")
    in_name = _SUM_IN_NAME.search(name)
    if in_name is None:
        raise PermafrostError(f"{key}.weights_sha256: missing; the name {name} does not hold a checksum")
    return Wanted(name, url, in_name.group(1))


def _torchvision_url(settings: WeightsSettings, backbone: str, key: str) -> str:
    known = getattr(catalogue.load("backbones", backbone, f"{key}.backbone"), "WEIGHTS", None)
    if known is None:
        raise PermafrostError(
            f"{key}.weights: {settings.weights!r}: torchvision has no weights for {backbone}; "
            f"expected {EXPECTED.replace(f'{TORCHVISION}NAME, ', '')}"
        )
    name = settings.weights.removeprefix(TORCHVISION)
    choose(settings.weights, [TORCHVISION + member for member in known.__members__], f"{key}.weights")
    return known[name].url


def _download(wanted: Wanted, folders: list[Path], cache: Path, key: str) -> Path:
    path = cache / wanted.name
    whole = wanted.sha256 if len(wanted.sha256) == 64 else None
    try:
        cache.mkdir(parents=True, exist_ok=True)
        found = download(wanted.url, path, sha256=whole)
        if not found.startswith(wanted.sha256):
            path.unlink()
            raise PermafrostError(f"{wanted.url} gave a file with sha256 {found}")
    except (PermafrostError, OSError) as error:
        listed = ", ".join(str(folder) if folder.is_dir() else f"{folder} (not a folder)" for folder in folders)
        raise PermafrostError(
            f"{key}.weights: cannot get {wanted.name}: {error}\n"
            f"Put a file named {wanted.name} whose sha256 {'is' if whole else 'begins with'} {wanted.sha256} into "
            f"{cache}, or into a folder of ${FOLDERS} ({listed or 'not set'})"
        ) from None
    return path
