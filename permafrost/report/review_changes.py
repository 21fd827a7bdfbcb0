"""What differs between two revisions before anything was computed: recipes, strategies, settings, data, code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from permafrost.evaluation.wording import coded
from permafrost.report.names import code_span, plain

# Keys of which every recipe and strategy has one: where it comes or goes, the whole entry does.
NEEDED = ("backbone", "kind")
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

    recipes: dict[str, list[Change]]
    strategies: dict[str, list[Change]]
    settings: list[Change]
    data: list[str] = field(default_factory=list)
    code: Mapping[str, list[str]] = field(default_factory=dict)


def sorted_parameters(diff: Mapping[str, Mapping[str, Any]]) -> Changes:
    """The parameters of `dvc params diff --json` (``dotted key → {old, new}``) by recipe, strategy and section."""
    changes = Changes({}, {}, [])
    kinds = {"models": changes.recipes, "baselines": changes.recipes, "freezing": changes.strategies}
    for key, values in sorted(diff.items()):
        section, name, inner = [*key.split(".", 2), "", ""][:3]
        old, new = values.get("old"), values.get("new")
        if section in kinds and inner:
            kinds[section].setdefault(name, []).append(Change(inner, old, new))
        else:
            changes.settings.append(Change(key, old, new))
    return changes


def entry_words(changes: list[Change]) -> str:
    """What happened to one recipe or strategy, in Markdown: ``new``, ``removed``, or each parameter with its values."""
    for change in changes:
        if change.key in NEEDED and change.old is None:
            return f"new ({code_span(f'{change.key}: {change.new}')})"
        if change.key in NEEDED and change.new is None:
            return "removed"
    return ", ".join(map(change_words, changes))


def change_words(change: Change) -> str:
    """`` `lr` 0.0005 → 0.001 `` in Markdown."""
    return f"{code_span(change.key)} {_value(change.old)} → {_value(change.new)}"


def changed_outputs(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Paths of data and base weights, of ``path → hash`` in two revisions, that differ or that only one has."""
    words = []
    for path in sorted(before.keys() | after.keys()):
        if not path.startswith(("data/", "weights/base/")) or path == "data/code":
            continue
        old, new = before.get(path), after.get(path)
        if old != new:
            said = "is new" if old is None else "is gone" if new is None else "has other contents"
            words.append(f"{code_span(path)} {said}")
    return words


def changed_code(before: Fingerprints, after: Fingerprints) -> dict[str, list[str]]:
    """Of ``consumer → {modules, packages} → name → hash``: for each consumer that both have, the names that differ."""
    found = {}
    for consumer in sorted(before.keys() & after.keys()):
        sides = [(before[consumer].get(kind, {}), after[consumer].get(kind, {})) for kind in ("modules", "packages")]
        found[consumer] = [
            name for old, new in sides for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)
        ]
    return {consumer: names for consumer, names in found.items() if names}


def change_lines(changes: Changes) -> list[str]:
    """Everything that was changed, one Markdown line each."""
    lines = [f"recipe `{name}`: {entry_words(items)}" for name, items in changes.recipes.items()]
    lines += [f"strategy `{name}`: {entry_words(items)}" for name, items in changes.strategies.items()]
    lines += [*map(change_words, changes.settings), *changes.data]
    lines += [f"code of `{consumer}`: {', '.join(coded(names))}" for consumer, names in changes.code.items()]
    return lines or ["nothing: parameters, data and code are the same"]


def _value(value: Any) -> str:
    return "–" if value is None else plain(str(value))
