"""YAML files of parameters: read as DVC reads them, plain values alone, within limits.

DVC's reader is YAML 1.2 (ruamel.yaml): to one of YAML 1.1 a rate of 1e-05 is text, and a model called ``no`` is false.
"""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from permafrost.errors import PermafrostError

MOST_BYTES = 1_000_000
DEEPEST = 20
LONGEST_TEXT = 10_000  # characters
LARGEST_INTEGER = 2**63 - 1


def read(path: Path) -> dict[str, Any]:
    """The mapping in ``path``: text keys; values text, numbers, true, false, null, lists and mappings.

    Raises:
        PermafrostError: no such file, one that is too large, not UTF-8, or holds no mapping, or what ``parse`` refuses.
    """
    if not path.is_file():
        raise PermafrostError(f"{path} is not a file in {Path.cwd()}: run stages from the project's root")
    if (size := path.stat().st_size) > MOST_BYTES:
        raise PermafrostError(f"{path}: {size} bytes, expected at most {MOST_BYTES}: is this a file of parameters?")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PermafrostError(
            f"{path}: not UTF-8 from byte {error.start} on; save it as UTF-8, or write it anew with `make params`"
        ) from None
    values = parse(text, str(path))
    if not isinstance(values, dict) or not values:
        found = "empty" if not values else f"a {_kind(values)}"
        raise PermafrostError(f"{path}: {found}, expected a mapping of sections; `make params` writes it from conf/")
    return values


def parse(text: str, source: str) -> Any:
    """The values in ``text``; ``source`` is what errors call it.

    Raises:
        PermafrostError: not YAML; aliases, which a few lines can make larger than memory; nesting that no parameter
            has; dates, sets and other values that are not plain; the error names line or key.
    """
    try:
        depth = 0
        for event in YAML(typ="safe").parse(text):
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            place = f"{source}, line {event.start_mark.line + 1}"
            if isinstance(event, AliasEvent):
                raise PermafrostError(f"{place}: *{event.anchor} is an alias; write the value out in its place")
            if depth > DEEPEST:
                raise PermafrostError(f"{place}: lists and mappings inside each other deeper than {DEEPEST}")
        values = YAML(typ="safe").load(text)
    except (YAMLError, ValueError) as error:  # ValueError: a date that no calendar has, a number of a million digits
        raise PermafrostError(f"{source} is not valid YAML: {error}") from None
    _refuse_strange(values, source, "")
    return values


def _refuse_strange(value: Any, source: str, key: str) -> None:
    place = f"{source}: {key or 'the whole'}"
    if isinstance(value, dict):
        for name, inside in value.items():
            if not isinstance(name, str):
                raise PermafrostError(f"{place}: the key {str(name)[:80]} is a {_kind(name)}, expected text: quote it")
            if _strange_text(name):
                raise PermafrostError(f"{place}: the key {name[:80]!r} has control characters or is too long")
            _refuse_strange(inside, source, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for number, inside in enumerate(value):
            _refuse_strange(inside, source, f"{key}.{number}" if key else str(number))
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise PermafrostError(f"{place}: an integer of {value.bit_length()} bits, expected at most 63")
    elif isinstance(value, str):
        if _strange_text(value):
            raise PermafrostError(
                f"{place}: got {value[:80]!r}, expected text without control characters, {LONGEST_TEXT} at most"
            )
    elif not (value is None or isinstance(value, float)):
        raise PermafrostError(f"{place}: got a {_kind(value)}, expected text or a number: put it in quotes")


def _strange_text(text: str) -> bool:
    return len(text) > LONGEST_TEXT or any(ord(sign) < 32 and sign not in "\t\n\r" for sign in text)


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "number", float: "number", str: "text", list: "list", type(None): "null"}
    return names.get(type(value), type(value).__name__)
