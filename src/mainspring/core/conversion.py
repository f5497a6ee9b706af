"""Converting a configuration to a type, collecting every wrong and unknown entry with its place.

What a single value may be is decided by ``msgspec``; this file walks the sections and remembers the places.
"""

import dataclasses
import re
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints, is_typeddict

import msgspec

from mainspring.core.errors import ConfigurationProblem
from mainspring.core.layers import Entry, nested
from mainspring.core.settings import normal_key

__all__ = ["Problems", "convert", "looks_secret"]

Problems = list[ConfigurationProblem]

#: Keys whose values are never shown.
_SECRET = re.compile(r"pass(word|wd|phrase)?|secret|token|key|credential|auth|dsn", re.IGNORECASE)

#: Stands for a value that could not be made; the problem is noted.
_WRONG: Any = object()


class _Field(NamedTuple):
    name: str
    names: tuple[str, ...]
    kind: Any
    is_required: bool


def convert(entry: Entry, kind: Any, path: str, problems: Problems) -> Any:
    """The value of an entry as ``kind``; what is wrong is added to ``problems``."""
    bare = _bare(kind)
    fields = _fields(bare)
    if fields is not None and entry.is_section:
        return _convert_section(entry, bare, fields, path, problems)
    if entry.is_section and (items := _items_of(bare, Mapping)) is not None:
        return {each.name: convert(each, items, _join(path, each.name), problems) for each in entry.value.values()}
    if isinstance(entry.value, list) and (items := _items_of(bare, list)) is not None:
        places = [Entry(str(position), value, entry.origin) for position, value in enumerate(entry.value)]
        return [convert(nested(each), items, _join(path, each.name), problems) for each in places]
    return _convert_value(entry, kind, path, problems)


def _convert_section(entry: Entry, kind: Any, fields: list[_Field], path: str, problems: Problems) -> Any:
    known = {normal_key(name): field for field in fields for name in field.names}
    values: dict[str, Any] = {}
    before = len(problems)
    for key, inner in entry.value.items():
        field = known.get(key)
        if field is None:
            names = ", ".join(each.name for each in fields)
            problems.append(
                ConfigurationProblem(_join(path, inner.name), inner.origin, f"is unknown; known are {names}")
            )
        else:
            values[field.name] = convert(inner, field.kind, _join(path, inner.name), problems)
    for field in fields:
        if field.is_required and field.name not in values:
            problems.append(
                ConfigurationProblem(_join(path, field.name), "", f"is missing; it must be {_words(field.kind)}")
            )
    if len(problems) > before:
        return _WRONG
    try:
        return kind(**values)
    except Exception as error:  # a check of the class's own
        problems.append(ConfigurationProblem(path or kind.__name__, entry.origin, str(error)))
        return _WRONG


def _convert_value(entry: Entry, kind: Any, path: str, problems: Problems) -> Any:
    plain = entry.plain()
    choices = [plain] if entry.text is None or entry.text == plain else [plain, entry.text]
    for value in choices:
        try:
            return msgspec.convert(value, kind, strict=False, dec_hook=_hook)
        except (msgspec.ValidationError, TypeError, ValueError):
            continue
    problems.append(ConfigurationProblem(path, entry.origin, f"must be {_words(kind)}, not {_shown(path, plain)}"))
    return _WRONG


def _hook(kind: Any, value: Any) -> Any:
    """Types `msgspec` does not know (``pathlib.Path``) are made from the value."""
    if isinstance(kind, type) and isinstance(value, kind):
        return value
    return kind(value)


def _fields(kind: Any) -> list[_Field] | None:
    """The fields of a dataclass, Struct or TypedDict; ``None`` of anything else."""
    if not isinstance(kind, type):
        return None
    if issubclass(kind, msgspec.Struct):
        return [
            _Field(field.name, (field.name, field.encode_name), field.type, field.required)
            for field in msgspec.structs.fields(kind)
        ]
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        return [_of_dataclass(field, hints[field.name]) for field in dataclasses.fields(kind) if field.init]
    if is_typeddict(kind):
        required = kind.__required_keys__  # type: ignore[attr-defined]  # a TypedDict has it
        return [
            _Field(name, (name,), hint, name in required)
            for name, hint in get_type_hints(kind, include_extras=False).items()
        ]
    return None


def _of_dataclass(field: "dataclasses.Field[Any]", kind: Any) -> _Field:
    missing = dataclasses.MISSING
    return _Field(field.name, (field.name,), kind, field.default is missing and field.default_factory is missing)


def _bare(kind: Any) -> Any:
    """Without ``Annotated``, and of ``X | None`` the ``X``."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        left = [each for each in get_args(kind) if each is not NoneType]
        return _bare(left[0]) if len(left) == 1 else kind
    return kind


def _items_of(kind: Any, container: type[Any]) -> Any:
    """The type of the values of ``dict[str, X]`` or ``list[X]``; ``None`` of anything else."""
    origin, arguments = get_origin(kind), get_args(kind)
    fits = isinstance(origin, type) and issubclass(origin, container) and arguments
    return arguments[-1] if fits else None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def looks_secret(name: str) -> bool:
    """Whether what has this name, or is at this path, is a secret by its words."""
    return _SECRET.search(name) is not None


def _shown(path: str, value: Any) -> str:
    """A value as messages show it: nothing secret, and of what holds further values only the kind."""
    if looks_secret(path):
        return "what it is (the value is not shown)"
    if isinstance(value, Mapping | list):
        return "a section" if isinstance(value, Mapping) else "a list"
    return repr(value)


def _words(kind: Any) -> str:
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if isinstance(kind, type) and not get_args(kind):
        return kind.__name__
    return str(kind).replace("typing.", "")
