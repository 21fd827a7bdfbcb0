"""Permafrost: which layers of a pretrained network should stay frozen for an audio task, and how sure is that?

For notebooks: ``load_study``, ``load_run``, ``compare`` (docs/api.md). Nothing is loaded before it is used.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """The names of ``permafrost.api``; the code fingerprints leave this function out (see provenance/imports.py)."""
    if name not in ("load_study", "load_run", "compare"):
        raise AttributeError(f"module 'permafrost' has no attribute {name!r}")
    import permafrost.api

    return getattr(permafrost.api, name)
