"""What a classical baseline reads: descriptors computed from the sound, or a table of them that others published."""

from pathlib import Path
from typing import Literal

import pydantic

from permafrost.settings import Settings


class Descriptors(Settings):
    """``baselines.X.input``: the published GTZAN table's descriptors (57, and ``length``), computed from waveforms.

    ``exclude`` names descriptors to leave out.
    """

    kind: Literal["descriptors"] = "descriptors"
    exclude: tuple[str, ...] = ()


class DescriptorTable(Settings):
    """``baselines.X.input``: a published table, one row a recording, instead of computed descriptors.

    ``file`` is a CSV file with commas, semicolons or tabs and the columns ``filename`` and, optionally, ``label``;
    every other column that ``exclude`` does not name is a descriptor. ``length`` is excluded by default: GTZAN's
    recordings were cut class by class, so that their number of samples tells classes apart, which is a leak and no
    property of the music. With ``sha256``, a file that has another checksum is refused.
    """

    kind: Literal["table"]
    file: str
    sha256: str | None = pydantic.Field(default=None, pattern="^[0-9a-f]{64}$")
    exclude: tuple[str, ...] = ("length",)

    @property
    def path(self) -> Path:
        """The table's file."""
        return Path(self.file).expanduser()
