"""From instances to data: ``to_json`` (wire names, JSON-ready, nothing hidden) and ``to_dict`` (native values)."""

import base64
import enum
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.fields import names_of
from mainspring.repository.kinds import is_model_class

__all__ = ["hidden_names", "json_of", "model_to_dict", "model_to_encode", "model_to_json"]

_PLAIN: frozenset[type] = frozenset((str, int, float, bool, type(None)))
#: What msgspec writes as `json_of` does.
_ENCODED: frozenset[type] = _PLAIN | {datetime, date, UUID}
_UNSET: Any = object()


def hidden_names(definition: ModelDefinition) -> frozenset[str]:
    """The attribute names that never leave in JSON."""
    found: frozenset[str] | None = definition.plans.get("hidden")
    if found is None:
        names = {name for name, prop in definition.properties.items() if prop.hidden}
        found = frozenset(names.union(names_of(definition.settings.get("hidden_properties"))))
        definition.plans["hidden"] = found
    return found


def model_to_json(instance: Any) -> dict[str, Any]:
    """The set properties and loaded relations of an instance, JSON-ready."""
    definition = definition_of(type(instance))
    values: dict[str, Any] = vars(instance)
    if _is_written_as_kept(definition, values):
        found: dict[str, Any] = msgspec.to_builtins(values)
        return found
    return _written(definition, values, _PLAIN)


def model_to_encode(instance: Any) -> dict[str, Any]:
    """The same for an encoder that writes dates and UUIDs as they are written here. It is not to be changed."""
    definition = definition_of(type(instance))
    values: dict[str, Any] = vars(instance)
    return values if _is_written_as_kept(definition, values) else _written(definition, values, _ENCODED)


def _written(definition: ModelDefinition, values: dict[str, Any], ready: frozenset[type]) -> dict[str, Any]:
    result = {
        wire: value if type(value) in ready else _ENCODERS.get(type(value), json_of)(value)
        for name, wire in _wire_plan(definition)
        if (value := values.get(name, _UNSET)) is not _UNSET
    }
    if len(values) > len(result) and definition.strict is False:
        hidden, known = hidden_names(definition), _known(definition)
        free = ((name, value) for name, value in values.items() if name not in known and name not in hidden)
        result.update((name, json_of(value)) for name, value in free)
    return result


def _is_written_as_kept(definition: ModelDefinition, values: dict[str, Any]) -> bool:
    """Whether all properties and nothing else are set, by names and of types that need no change: rows, mostly."""
    return tuple(values) == _written_as_named(definition) and _ENCODED.issuperset(map(type, values.values()))


def _wire_plan(definition: ModelDefinition) -> list[tuple[str, str]]:
    plan: list[tuple[str, str]] | None = definition.plans.get("wire")
    if plan is None:
        hidden = hidden_names(definition)
        plan = [(name, prop.wire_name) for name, prop in definition.properties.items() if name not in hidden]
        plan += [
            (name, relation.wire_name)
            for name, relation in definition.relations.items()
            if name not in definition.properties and name not in hidden
        ]
        definition.plans["wire"] = plan
    return plan


def _written_as_named(definition: ModelDefinition) -> tuple[str, ...] | None:
    """The names of the properties in order, if all are written, by these names."""
    found: tuple[str, ...] | None = definition.plans.get("as_named", ())
    if found == ():
        names = tuple(definition.properties)
        is_so = names and _wire_plan(definition)[: len(names)] == [(name, name) for name in names]
        found = definition.plans["as_named"] = names if is_so else None
    return found


def _known(definition: ModelDefinition) -> frozenset[str]:
    known: frozenset[str] | None = definition.plans.get("known")
    if known is None:
        known = definition.plans["known"] = frozenset((*definition.properties, *definition.relations))
    return known


def model_to_dict(instance: Any, *, ignore_unknown: bool) -> dict[str, Any]:
    """The set properties and loaded relations of an instance with native values."""
    definition = definition_of(type(instance))
    values = vars(instance)
    result = {name: _native(values[name], ignore_unknown) for name in definition.properties if name in values}
    for name in definition.relations:
        if name in values and name not in result:
            result[name] = _native(values[name], ignore_unknown)
    if not ignore_unknown or definition.strict is False:
        known = _known(definition)
        result.update({name: _native(value, ignore_unknown) for name, value in values.items() if name not in known})
    return result


def _native(value: Any, ignore_unknown: bool) -> Any:
    if type(value) in _PLAIN:
        return value
    if is_model_class(type(value)):
        return model_to_dict(value, ignore_unknown=ignore_unknown)
    if isinstance(value, list | tuple | set | frozenset):
        items = [_native(item, ignore_unknown) for item in value]
        return (
            items
            if isinstance(value, list) or any(isinstance(item, dict | list) for item in items)
            else type(value)(items)
        )
    if isinstance(value, Mapping):
        return {key: _native(item, ignore_unknown) for key, item in value.items()}
    return value


def json_of(value: Any) -> Any:
    """A value as JSON has it: ISO 8601 texts, base64, numbers as they are, decimals as text."""
    encode = _ENCODERS.get(type(value))
    if encode is not None:
        return encode(value)
    if type(value) in _PLAIN:
        return value
    if is_model_class(type(value)):
        return value.to_json()
    for cls, candidate in _BY_BASE:
        if isinstance(value, cls):
            return candidate(value)
    return _json_of_struct(value)


def _json_of_struct(value: Any) -> Any:
    try:
        return msgspec.to_builtins(value, str_keys=True, enc_hook=_of_nested)
    except TypeError:
        return value  # no JSON is known for it; whoever writes the bytes says so


def _of_nested(value: Any) -> Any:
    if is_model_class(type(value)):
        return value.to_json()
    raise TypeError(type(value).__name__)


def _iso(value: datetime) -> str:
    text = value.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def _base64(value: bytes | bytearray | memoryview) -> str:
    return base64.b64encode(bytes(value)).decode("ascii")


def _list(value: Any) -> list[Any]:
    return [item if type(item) in _PLAIN else json_of(item) for item in value]


def _dict(value: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: item if type(item) in _PLAIN else json_of(item) for key, item in value.items()}


def _enum(value: enum.Enum) -> Any:
    return json_of(value.value)


_ENCODERS: dict[type, Callable[[Any], Any]] = {
    datetime: _iso,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: msgspec.to_builtins,
    UUID: str,
    Decimal: lambda value: format(value, "f"),
    bytes: _base64,
    bytearray: _base64,
    memoryview: _base64,
    list: _list,
    tuple: _list,
    set: _list,
    frozenset: _list,
    dict: _dict,
    re.Pattern: lambda value: value.pattern,
}

#: For subclasses; an enum that is also a text is an enum first.
_BY_BASE: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (enum.Enum, _enum),
    (str, str.__str__),
    (datetime, _iso),
    (date, date.isoformat),
    (Mapping, _dict),
    (list, _list),
    (tuple, _list),
    (set, _list),
    (bytes, _base64),
)
