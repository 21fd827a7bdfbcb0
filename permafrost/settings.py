"""Typed, range-checked settings: the base of every section's schema, and errors that name key, value and choice."""

import difflib
import json
import re
import reprlib
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar

import pydantic
from pydantic import AfterValidator, Field

from permafrost.errors import PermafrostError

Model = TypeVar("Model", bound=pydantic.BaseModel)

_QUOTE = "'"
LONGEST_NAME = 64  # three of them and a stage's name are one file name, of 255 at most


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", value) or len(value) > LONGEST_NAME:
        raise ValueError(f"expected letters, digits, - and _ alone (no dot, slash or space), at most {LONGEST_NAME}")
    return value


# What a user calls a study, recipe, strategy or baseline: it becomes a folder, a DVC stage and a key of parameters, in
# which a dot or a slash would break the path.
Name = Annotated[str, AfterValidator(_name)]
# What numpy, scikit-learn and torch all take.
Seed = Annotated[int, Field(ge=0, lt=2**32)]
# Bounds that no study reaches: beyond them stands a slip of the finger.
Count = Annotated[int, Field(ge=1, le=1_000_000)]
CountFromZero = Annotated[int, Field(ge=0, le=1_000_000)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
NonNegative = Annotated[float, Field(ge=0, le=1e9)]


class Settings(pydantic.BaseModel):
    """A section of parameters. Unknown keys are errors, values never change after validation.

    Types are strict, numbers finite: no text is taken for a number and no truth value for either. An integer is a
    float too.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def validate(schema: type[Model], values: Any, key: str) -> Model:
    """Check ``values`` against ``schema``; ``key`` is where they stand (``models.resnet20``), for the error.

    Raises:
        PermafrostError: one line per fault, each with the full key, the value found and what is allowed.
    """
    if not isinstance(values, Mapping):
        raise PermafrostError(
            f"{key}: got {shown(values)}, expected a mapping with the keys {', '.join(schema.model_fields)}"
        )
    try:
        # As JSON, in which a list is a tuple too.
        return schema.model_validate_json(json.dumps(dict(values)))
    except pydantic.ValidationError as error:
        faults: dict[str, list[str]] = {}
        for fault in error.errors():
            start, end = _described(schema, values, fault, key)
            faults.setdefault(start, []).append(end)
        lines = (start + " or ".join(dict.fromkeys(ends)) for start, ends in faults.items())
        raise PermafrostError("\n".join(lines).replace(" or input should be ", " or ")) from None


def check_name(name: str, key: str) -> None:
    """Raise unless ``name``, which stands at ``key``, is a ``Name``."""
    try:
        _name(name)
    except ValueError as error:
        raise PermafrostError(f"{key}: got {shown(name)}: {error}") from None


def part_of(values: Any, schema: type[Model], key: str) -> Model:
    """Those of ``values`` that ``schema`` has, checked: a recipe is read in parts, each by the package that uses it."""
    if isinstance(values, Mapping):
        values = {name: values[name] for name in schema.model_fields if name in values}
    return validate(schema, values, key)


def choose(name: Any, allowed: Iterable[str], key: str) -> None:
    """Raise unless ``name`` is one of ``allowed``; the error suggests the nearest name."""
    allowed = list(allowed)
    if name not in allowed:
        raise PermafrostError(
            f"{key}: {shown(name)} does not exist; expected one of {', '.join(allowed)}{nearest(name, allowed)}"
        )


def nearest(name: Any, allowed: Iterable[str]) -> str:
    """A question about the one of ``allowed`` that may be meant, or nothing."""
    close = difflib.get_close_matches(name, list(allowed), n=1) if isinstance(name, str) and len(name) < 200 else []
    return f" (did you mean {close[0]!r}?)" if close else ""


def shown(value: Any) -> str:
    """``value`` for a message: its repr, cut where it is long."""
    return _CUT.repr(value)


_CUT = reprlib.Repr()
_CUT.maxstring = _CUT.maxother = 120
_CUT.maxlist = _CUT.maxtuple = _CUT.maxdict = 8


def _described(schema: type[pydantic.BaseModel], values: Any, fault: Any, key: str) -> tuple[str, str]:
    """Where a fault is and what is there, up to a colon, and what was expected."""
    path, fields = _place(schema, values, fault)
    where, kind, context = ".".join([key, *path]), fault["type"], fault.get("ctx", {})
    if kind == "extra_forbidden":
        known = f"expected one of {', '.join(fields)}{nearest(path[-1], fields)}"
        return f"{where}: unknown key (value {shown(fault['input'])}); ", known
    if kind == "missing":
        return f"{where}: missing; ", "a value must be given"
    if kind == "union_tag_not_found":
        return f"{where}.{context['discriminator'].strip(_QUOTE)}: missing; ", "it says what else can stand here"
    got, said = fault["input"], fault["msg"].removeprefix("Value error, ")
    if kind == "union_tag_invalid":
        where, got = f"{where}.{context['discriminator'].strip(_QUOTE)}", context["tag"]
    if kind in ("literal_error", "union_tag_invalid"):
        allowed = context.get("expected") or context["expected_tags"]
        said = f"input should be {allowed}{nearest(got, allowed.split(_QUOTE)[1::2])}"
    return f"{where}: got {shown(got)}: ", said[0].lower() + said[1:].replace(" object", " mapping").replace(
        " valid array", " list"
    )


def _place(schema: type[pydantic.BaseModel], values: Any, fault: Any) -> tuple[list[str], list[str]]:
    """The keys from ``values`` to a fault, and the keys that are known there.

    pydantic's location also names the members of unions that it tried, by their tags or types.
    """
    path, schemas = [], [schema]
    for number, part in enumerate(fault["loc"]):
        last = number + 1 == len(fault["loc"])
        tagged = [known for known in schemas if part in _tags(known)]
        if len(schemas) > 1 and tagged:
            schemas = tagged
        elif isinstance(values, Mapping) and (part in values or (last and fault["type"] == "missing")):
            fields = [known.model_fields[part] for known in schemas if part in known.model_fields]
            if not last:
                schemas = [inside for field in fields for inside in _schemas_in(field.annotation)]
            values = values.get(part)
            path.append(str(part))
        elif isinstance(values, list | tuple) and isinstance(part, int):
            values = values[part] if part < len(values) else None
            path.append(str(part))
    return path, list(dict.fromkeys(name for known in schemas for name in known.model_fields))


def _schemas_in(annotation: Any) -> list[type[pydantic.BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, pydantic.BaseModel) else []
    return [schema for inside in typing.get_args(annotation) for schema in _schemas_in(inside)]


def _tags(schema: type[pydantic.BaseModel]) -> set[Any]:
    annotations = (field.annotation for field in schema.model_fields.values())
    return {value for kind in annotations if typing.get_origin(kind) is Literal for value in typing.get_args(kind)}
