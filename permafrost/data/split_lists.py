"""Splits that somebody published: three lists of clips."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from permafrost.data.naming import Finder, clip_id_of
from permafrost.errors import PermafrostError
from permafrost.settings import Settings


class ListFiles(Settings):
    """Three text files with one clip a line: any unambiguous end of its path; the extension does not matter."""

    kind: Literal["files"]
    train: str
    valid: str
    test: str

    @property
    def named(self) -> dict[str, str]:
        """Subset to the list's file."""
        return {"train": self.train, "valid": self.valid, "test": self.test}


class TorchaudioGtzan(Settings):
    """The fault-filtered GTZAN lists (443, 197 and 290 clips) that torchaudio carries."""

    kind: Literal["torchaudio_gtzan"]


Lists = Annotated[ListFiles | TorchaudioGtzan, Field(discriminator="kind")]


def divide_by_lists(
    clip_ids: Sequence[str], lists: ListFiles | TorchaudioGtzan, roots: Sequence[Path], rejected: Collection[str]
) -> dict[str, str]:
    """Clip id → subset for the listed clips.

    Args:
        clip_ids: the kept clips.
        lists: where the lists are.
        roots: folders in which list files are looked for, in this order.
        rejected: relative paths of recordings that preprocess refused; naming one of them is no fault.

    Raises:
        PermafrostError: a list is missing or empty, names a clip that is not there, that could be several, or that
            another list has.
    """
    finder = Finder(clip_ids)
    lost = Finder(clip_id_of(path) for path in rejected)
    subsets: dict[str, str] = {}
    for subset, place, names in _read(lists, roots):
        for name in names:
            found = finder.find(name)
            if not found and lost.find(name):
                continue
            if not found:
                raise PermafrostError(
                    f"{place} lists {name!r}, which is not a clip of the data set (nor in rejected.csv); complete the "
                    "recordings or mend the list"
                )
            if len(found) > 1:
                raise PermafrostError(f"{place}: {name!r} could be {' or '.join(found[:3])}; give more of its path")
            if subsets.setdefault(found[0], subset) != subset:
                raise PermafrostError(
                    f"{place} lists {name!r} for {subset}, but it is already listed for {subsets[found[0]]}; a clip "
                    "may stand in one list only"
                )
    return subsets


def find_list(name: str, roots: Sequence[Path]) -> Path | None:
    """The file of that name in the first of ``roots`` that has it."""
    return next((root / name for root in roots if (root / name).is_file()), None)


def _read(lists: ListFiles | TorchaudioGtzan, roots: Sequence[Path]) -> Iterable[tuple[str, str, list[str]]]:
    if isinstance(lists, TorchaudioGtzan):
        # Here and not above: only this kind of split pays for loading torch.
        from torchaudio.datasets.gtzan import filtered_test, filtered_train, filtered_valid

        for subset, names in (("train", filtered_train), ("valid", filtered_valid), ("test", filtered_test)):
            yield subset, f"torchaudio's GTZAN list for {subset}", list(names)
        return
    for subset, name in lists.named.items():
        file = find_list(name, roots)
        if file is None:
            places = " or ".join(str(root / name) for root in roots)
            raise PermafrostError(f"split.lists.{subset}: no file {places}; put the list there or give its path")
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
        names = [line for line in lines if line and not line.startswith("#")]
        if not names:
            raise PermafrostError(f"split.lists.{subset}: {file} is empty; expected one clip a line")
        yield subset, str(file), names
