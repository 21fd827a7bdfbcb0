"""Typed, range-checked settings: the base of every section's schema, and errors that name key, value and choice."""

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

import pydantic

from permafrost.errors import PermafrostError

Model = TypeVar("Model", bound=pydantic.BaseModel)


class Settings(pydantic.BaseModel):
    """A section of parameters. Unknown keys are errors, values never change after validation."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


def validate(schema: type[Model], values: Any, key: str) -> Model:
    """Check ``values`` against ``schema``; ``key`` is where they stand (``models.strip_vit``), for the error.

    Raises:
        PermafrostError: one line per fault, each with the full key, the value found and what is allowed.
    """
    if not isinstance(values, Mapping):
        raise PermafrostError(
            f"{key}: got {values!r}, expected a mapping with the keys {', '.join(schema.model_fields)}"
        )
    try:
        return schema.model_validate(dict(values))
    except pydantic.ValidationError as error:
        faults = [_describe(schema, fault, key) for fault in error.errors()]
        raise PermafrostError("\n".join(faults)) from None


def choose(name: str, allowed: Mapping[str, Any] | list[str], key: str) -> None:
    """Raise unless ``name`` is one of ``allowed``; the error suggests the nearest name."""
    if name not in allowed:
        raise PermafrostError(
            f"{key}: {name!r} does not exist; expected one of {', '.join(allowed)}{_nearest(name, allowed)}"
        )


def _describe(schema: type[pydantic.BaseModel], fault: Any, key: str) -> str:
    where = ".".join([key, *(str(part) for part in fault["loc"])])
    if fault["type"] == "extra_forbidden":
        name = str(fault["loc"][-1])
        fields = list(_fields_at(schema, fault["loc"][:-1]))
        allowed = f"; expected one of {', '.join(fields)}{_nearest(name, fields)}" if fields else ""
        return f"{where}: unknown key (value {fault['input']!r}){allowed}"
    if fault["type"] == "missing":
        return f"{where}: missing; a value must be given"
    return f"{where}: got {fault['input']!r}: {fault['msg'][0].lower()}{fault['msg'][1:]}"


def _fields_at(schema: type[pydantic.BaseModel], location: tuple[Any, ...]) -> list[str]:
    for part in location:
        field = schema.model_fields.get(str(part))
        if field is None or not (
            isinstance(field.annotation, type) and issubclass(field.annotation, pydantic.BaseModel)
        ):
            return []
        schema = field.annotation
    return list(schema.model_fields)


def _nearest(name: str, allowed: Mapping[str, Any] | list[str]) -> str:
    close = difflib.get_close_matches(name, list(allowed), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
