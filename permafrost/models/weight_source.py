"""Where a recipe's weights come from: the grammar of ``models.X.weights``. Nothing heavy is imported here."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from permafrost.settings import Settings

Kind = Literal["random", "procedural", "torchvision", "url", "file"]
TORCHVISION = "torchvision:"
EXPECTED = f"random, procedural, {TORCHVISION}NAME, a url or the path of a file"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _full_sha256(value: str) -> str:
    value = value.strip().lower()
    if not _SHA256.fullmatch(value):
        raise ValueError("expected all 64 hexadecimal digits of a sha256")
    return value


class WeightsSettings(Settings):
    """What a recipe starts from.

    ``weights`` is ``random`` (the control without which a freezing curve says nothing about transfer), ``procedural``
    (pretrained inside the pipeline), ``torchvision:NAME`` (a name of torchvision's weights for this backbone, such as
    ``torchvision:IMAGENET1K_V1``), a url, or the path of a file. ``weights_sha256`` is what that file must have:
    needed with a url, heeded with the others, ignored with ``random`` and ``procedural``, so that a control can
    override ``weights`` alone.
    """

    weights: Annotated[str, Field(min_length=1)] = "random"
    weights_sha256: Annotated[str, AfterValidator(_full_sha256)] | None = None

    @property
    def kind(self) -> Kind:
        """Which of the five forms ``weights`` has."""
        if self.weights == "random":
            return "random"
        if self.weights == "procedural":
            return "procedural"
        if self.weights.startswith(TORCHVISION):
            return "torchvision"
        return "url" if "://" in self.weights else "file"

    @property
    def file(self) -> Path | None:
        """The local file that ``weights`` names, or None for the other four forms."""
        return Path(self.weights).expanduser() if self.kind == "file" else None
