"""How recordings become waveforms: the ``preprocess`` section."""

from typing import Literal

import pydantic

from permafrost.settings import Settings


class Preprocess(Settings):
    """The ``preprocess`` section: ``reader``, a module of permafrost/readers, and what it is told.

    By ``audio`` recordings become mono at ``sample_rate`` Hz and ``clip_seconds`` long: longer ones are cropped from
    their start or centre, then resampled; shorter ones are followed by zeros. A recording of less than ``min_seconds``,
    or whose peak is not above ``silence_dbfs`` in the part that is kept, is rejected, as is one that cannot be read;
    the stage stops when more than the share ``max_rejected`` of all is.
    """

    reader: str = "audio"
    sample_rate: int = pydantic.Field(default=22050, ge=1000, le=192000)
    clip_seconds: float = pydantic.Field(default=5.0, gt=0.0, le=3600.0)
    crop: Literal["start", "center"] = "start"
    min_seconds: float = pydantic.Field(default=0.1, ge=0.0, le=3600.0)
    silence_dbfs: float = pydantic.Field(default=-80.0, ge=-1000.0, le=0.0)
    max_rejected: float = pydantic.Field(default=0.05, ge=0.0, le=1.0)

    @property
    def samples(self) -> int:
        """Samples in each row of the array."""
        return max(1, round(self.clip_seconds * self.sample_rate))
