"""Dataclasses, typed dictionaries, attrs classes and msgspec structs as values of a property.

They say their own shape; msgspec reads it. It stops at the first thing that is wrong, so one violation is all there is.
"""

import re
from collections.abc import Mapping
from typing import Any, get_origin

import msgspec

from mainspring.openapi.errors import Violation
from mainspring.repository.scalars import Converter, Mode
from mainspring.repository.violations import Unfit, pointer, wrong_type

__all__ = ["json_of_struct", "struct_converter", "struct_of_json"]

_PLACE = re.compile(r" - at `(key in )?\$(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[\.\.\.\]")
_FIELD = re.compile(r"`(?P<name>[^`]+)`")


def struct_converter(annotation: Any, mode: Mode) -> Converter:
    """The converter of one such class: its instances, or mappings."""
    cls = get_origin(annotation) or annotation
    is_instance = _instance_check(cls)

    def convert(value: Any) -> Any:
        if is_instance(value):
            return value
        if not isinstance(value, Mapping):
            raise wrong_type("object")
        try:
            return msgspec.convert(dict(value), annotation, strict=mode is not Mode.TEXT)
        except msgspec.ValidationError as error:
            raise Unfit([_violation(str(error))]) from None

    return convert


def _instance_check(cls: Any) -> Any:
    if isinstance(cls, type) and not issubclass(cls, dict):
        return lambda value: isinstance(value, cls)
    return lambda _: False  # a typed dictionary is a dict at run time: its content is always checked


def _violation(text: str) -> Violation:
    found = _PLACE.search(text)
    message = text[: found.start()] if found else text
    path = "".join(pointer(key or index) for key, index in _STEP.findall(found["path"])) if found else ""
    name = _FIELD.search(message)
    if "missing required field" in message and name:
        return Violation(
            path, "required", f"must have the property {name['name']!r}", {"missingProperty": name["name"]}
        )
    if "contains unknown field" in message and name:
        info = {"additionalProperty": name["name"]}
        return Violation(path, "additionalProperties", f"must not have the property {name['name']!r}", info)
    return Violation(path, "type", f"does not fit: {message[:1].lower()}{message[1:]}", {})


def json_of_struct(value: Any) -> Any:
    """JSON-ready data of an instance."""
    return msgspec.to_builtins(value, str_keys=True)


def struct_of_json(value: Any, annotation: Any) -> Any:
    """The instance that stored data stand for."""
    return msgspec.convert(value, annotation, strict=False)
