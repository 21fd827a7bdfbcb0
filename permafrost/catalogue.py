"""What params.yaml names and people add to: a kind is a folder, an entry a module in it with the kind's function.

Nothing has to be registered. Names are found by reading the sources, so that nothing heavy is imported; an entry is
imported when it is used, here and nowhere else, and its name comes from params.yaml. So the module is part of the code
of those runs that name it, and of no other's.
"""

import importlib
import re
from pathlib import Path
from types import ModuleType

from permafrost.errors import PermafrostError
from permafrost.settings import choose, shown

# Kind to the function that makes a module an entry of it.
FUNCTIONS = {"backbones": "build", "strategies": "phases", "objectives": "loss", "metrics": "score", "readers": "read"}
ROOT = Path(__file__).parent
FAMILY_ARGUMENT = "architecture"


def names(kind: str) -> list[str]:
    """The entries of ``kind`` (one of ``FUNCTIONS``), sorted."""
    return sorted(path.stem for path in (ROOT / kind).glob("*.py") if _signature(kind, path) is not None)


def check(kind: str, name: str, key: str) -> None:
    """Refuse a ``name`` without an entry; nothing is imported, and what follows a family's colon is not looked at.

    Raises:
        PermafrostError: there is no such entry (the message lists those that exist), an architecture that is missing
            after a family's name, or one after another entry's; ``key`` is where the name stands.
    """
    entry, architecture = split_name(name)
    # The other entries are not opened where it is one.
    signature = _signature(kind, ROOT / kind / f"{entry}.py") if entry.isidentifier() else None
    if signature is None:
        choose(entry, names(kind), key)
    elif FAMILY_ARGUMENT in signature:
        if not architecture:
            raise PermafrostError(f"{key}: got {shown(name)}, a family of architectures; expected {entry}:NAME")
    elif architecture is not None:
        raise PermafrostError(f"{key}: got {shown(name)}, but {entry} is no family of architectures; expected {entry}")


def load(kind: str, name: str, key: str) -> ModuleType:
    """The module of the entry ``name``.

    Raises:
        PermafrostError: as ``check`` does.
    """
    check(kind, name, key)
    return importlib.import_module(module_name(kind, name))


def module_name(kind: str, name: str) -> str:
    """The full name of the entry's module: ``permafrost.backbones.timm`` for the backbone ``timm:resnet18``."""
    return f"permafrost.{kind}.{split_name(name)[0]}"


def split_name(name: str) -> tuple[str, str | None]:
    """The entry that ``name`` names, and what stands after its first colon, or None where there is none."""
    entry, colon, architecture = str(name).partition(":")
    return entry, architecture if colon else None


def _signature(kind: str, path: Path) -> str | None:
    """The parameters of the kind's function in ``path``, as they are written, or None where it defines none."""
    if not path.is_file():
        return None
    found = re.search(rf"^def {FUNCTIONS[kind]}\(([^)]*)\)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else None
