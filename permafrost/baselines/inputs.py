"""The array that one baseline reads: descriptors, or what networks read."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from permafrost.audio.descriptor_settings import Descriptors, DescriptorTable
from permafrost.audio.descriptors import NAMES, extract
from permafrost.audio.inputs import Input
from permafrost.audio.rendering import render
from permafrost.data.descriptor_table import load_descriptors, read_descriptor_table, rows_of, save_descriptors
from permafrost.errors import PermafrostError
from permafrost.settings import Settings, choose


class BaselineInput(Settings):
    """The part of a baseline that decides what is prepared for it."""

    input: Annotated[Input | Descriptors | DescriptorTable, Field(discriminator="kind")] = Descriptors()


def prepare_input(
    settings: Input | Descriptors | DescriptorTable,
    waveforms: Path,
    sample_rate: int,
    clip_ids: Sequence[str],
    out: Path,
    key: str,
    kept_in: Path | None = None,
) -> None:
    """Write ``out``: a row for each clip, as ``settings`` (which stand at ``key``) have it.

    ``kept_in`` keeps all computed descriptors for the next baseline that reads them; its name must be a hash of the
    waveforms and of the code.

    Raises:
        PermafrostError: settings that do not fit the data, a table that lacks a clip or has another checksum, clips
            that cannot be described.
    """
    if isinstance(settings, Input):
        render(waveforms, sample_rate, settings, out)
        return
    if isinstance(settings, Descriptors):
        for name in settings.exclude:
            choose(name, list(NAMES), f"{key}.exclude")
        kept = [column for column, name in enumerate(NAMES) if name not in settings.exclude]
        if not kept:
            raise PermafrostError(f"{key}.exclude: leaves no descriptor; exclude fewer")
        before = kept_in / "descriptors.npy" if kept_in else None
        if before is not None and before.is_file():
            _, values = load_descriptors(before)
        else:
            values = extract(waveforms, sample_rate, clip_ids)
            if before is not None:
                save_descriptors(before, NAMES, values)
        save_descriptors(out, [NAMES[column] for column in kept], values[:, kept])
        return
    path = settings.path
    table = read_descriptor_table(path, settings.exclude)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if settings.sha256 not in (None, found):
        raise PermafrostError(
            f"{key}.sha256: {path} has {found}, expected {settings.sha256}; take the right file, or correct the sum"
        )
    save_descriptors(out, table.names, np.asarray(rows_of(table, clip_ids, path)))
