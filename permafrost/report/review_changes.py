"""What differs between two revisions before anything was computed: recipes, strategies, settings, data, code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from permafrost.report.names import code_span, plain

# The keys of which every recipe or strategy has one: where it comes or goes, the whole entry does.
NEEDED = {"models": ("backbone", "kind"), "freezing": ("freeze",)}
Fingerprints = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True)
class Change:
    """One parameter: ``key`` within its recipe, strategy or section, its values before and after (None: not there)."""

    key: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Changes:
    """All changes by kind.

    ``recipes`` (of models and of baselines) and ``strategies``: name to its changed parameters; ``settings``: those of
    the other sections, with full keys; ``data``: outputs of the pipeline up to training that have other contents;
    ``code``: what uses changed code, to the modules and packages; ``stale``: revisions whose results were not made with
    their parameters.
    """

    recipes: Mapping[str, list[Change]]
    strategies: Mapping[str, list[Change]]
    settings: list[Change]
    data: list[str] = field(default_factory=list)
    code: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether there is any change at all."""
        return bool(self.recipes or self.strategies or self.settings or self.data or self.code)


def sorted_parameters(diff: Mapping[str, Mapping[str, Any]]) -> Changes:
    """The parameters of `dvc params diff --json` (``dotted key → {old, new}``) by recipe, strategy and section."""
    recipes: dict[str, list[Change]] = {}
    strategies: dict[str, list[Change]] = {}
    settings = []
    for key, values in sorted(diff.items()):
        section, _, rest = key.partition(".")
        name, _, inner = rest.partition(".")
        old, new = values.get("old"), values.get("new")
        if section in ("models", "baselines") and inner:
            recipes.setdefault(name, []).append(Change(inner, old, new))
        elif section == "freezing" and inner:
            strategies.setdefault(name, []).append(Change(inner, old, new))
        else:
            settings.append(Change(key, old, new))
    return Changes(recipes, strategies, settings)


def entry_words(section: str, changes: list[Change]) -> str:
    """What happened to one recipe (``section`` models) or strategy (freezing), in Markdown: ``new``, ``removed``, or
    each parameter with its values."""
    for change in changes:
        if change.key in NEEDED[section] and change.old is None:
            return f"new ({code_span(f'{change.key}: {change.new}')})"
        if change.key in NEEDED[section] and change.new is None:
            return "removed"
    return ", ".join(map(change_words, changes))


def change_words(change: Change) -> str:
    """`` `lr` 0.0005 → 0.001 `` in Markdown."""
    return f"{code_span(change.key)} {_value(change.old)} → {_value(change.new)}"


def changed_outputs(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Paths of data and base weights, of ``path → hash`` in two revisions, that differ or that only one has."""
    paths = sorted(
        path
        for path in before.keys() | after.keys()
        if path.startswith(("data/", "weights/base/")) and path != "data/code"
    )
    words = []
    for path in paths:
        if path not in before:
            words.append(f"{code_span(path)} is new")
        elif path not in after:
            words.append(f"{code_span(path)} is gone")
        elif before[path] != after[path]:
            words.append(f"{code_span(path)} has other contents")
    return words


def changed_code(before: Fingerprints, after: Fingerprints) -> dict[str, list[str]]:
    """Of ``consumer → {modules, packages} → name → hash``: for each consumer that both have, the names that differ."""
    found = {}
    for consumer in sorted(before.keys() & after.keys()):
        names = []
        for kind in ("modules", "packages"):
            old, new = before[consumer].get(kind, {}), after[consumer].get(kind, {})
            names += sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        if names:
            found[consumer] = names
    return found


def _value(value: Any) -> str:
    return "–" if value is None else plain(str(value))
