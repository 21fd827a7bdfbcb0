"""Put a data set's recordings where the pipeline reads them."""

import os
import shutil
from pathlib import Path

from permafrost import room
from permafrost.data.dataset import Origin, UrlSource
from permafrost.errors import PermafrostError

# Outside stage fetch's output, which DVC removes before each run: a broken download continues from here.
WORK_FOLDER = Path(".ckpt/fetch")
NOTE = """This data set is read from its own folder, dataset.path in params.yaml, which is never copied nor changed.
"""


def fetch(dataset: Origin, root: Path, work: Path = WORK_FOLDER) -> None:
    """Fill ``root`` with the recordings of ``dataset``; it is complete or untouched.

    Generated and downloaded recordings are put together in ``work`` and then take the place of ``root``. A folder of
    the user's own only has to exist: ``root`` then holds a note.

    Raises:
        PermafrostError: no such folder, one with links that lead nowhere, or what downloads and archives raise.
    """
    origin = dataset.origin
    if origin.kind == "path" and not Path(dataset.path).is_dir():
        raise PermafrostError(
            f"dataset.path: {dataset.path} is not a folder (seen from {Path.cwd()}); give the folder of the recordings "
            "with -S dataset.path=FOLDER"
        )
    if origin.kind == "path" and Path(dataset.path).resolve().is_relative_to(root.resolve()):
        raise PermafrostError(
            f"dataset.path: {dataset.path} is in {root}, which stage fetch empties; move your recordings elsewhere"
        )
    if origin.kind == "path":
        _refuse_links_to_nowhere(Path(dataset.path))
    work.mkdir(parents=True, exist_ok=True)
    fresh = work / "complete"
    shutil.rmtree(fresh, ignore_errors=True)
    if origin.kind == "synthetic":
        # Here and not above: the other kinds do not pay for loading the generator.
        from permafrost.audio.synthetic.generate import generate

        generate(origin, fresh)
    elif isinstance(origin, UrlSource):
        _download(origin, fresh, work)
    else:
        fresh.mkdir()
        (fresh / "README.txt").write_text(NOTE, encoding="utf-8")
    _replace(root, fresh)
    shutil.rmtree(work)


def _refuse_links_to_nowhere(root: Path) -> None:
    """DVC ends at the first of them with no more than "No such file or directory"."""
    entries = (Path(folder, name) for folder, folders, files in os.walk(root) for name in [*folders, *files])
    broken = sorted(path for path in entries if path.is_symlink() and not os.path.exists(path))
    if broken:
        raise PermafrostError(
            f"dataset.path: {broken[0]} is a link to {os.readlink(broken[0])}, which does not exist (such links: "
            f"{len(broken)}), and DVC cannot depend on a folder with one; get the files (`git annex get .`, `datalad "
            "get .`) or remove the links"
        )


def _download(source: UrlSource, fresh: Path, work: Path) -> None:
    # Here and not above: only this kind pays for loading requests.
    from permafrost.data.archives import extract
    from permafrost.data.download import download

    fresh.mkdir()
    for number, file in enumerate(source.files):
        got = work / f"{number}-{file.file_name}"
        where = f"dataset.source.files.{number}"
        try:
            measured = download(file.url, got, file.sha256)
        except PermafrostError as error:
            raise PermafrostError(
                f"{where}: {error}. Or put the recordings into a folder and set dataset.path"
            ) from None
        if file.sha256 is None:
            print(f"{file.url}: measured sha256 {measured} (none is given in {where})", flush=True)
        if file.archive == "none":
            target = fresh / file.file_name
            if target.exists():
                raise PermafrostError(f"{where}: {file.file_name} is there twice; give one of them another `name`")
            with room.full_disk_told(where):
                shutil.copyfile(got, target)
        else:
            extract(got, fresh, file.archive, file.strip)


def _replace(root: Path, fresh: Path) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    if root.is_symlink() or root.is_file():
        root.unlink()
    elif root.exists():
        shutil.rmtree(root)
    shutil.move(fresh, root)
