"""What stands in settings that are lists or mappings: their items and keys, checked one by one."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from mainspring.http import parse_media_type
from mainspring.loader.errors import LoaderSettingError, SettingTypeError
from mainspring.loader.placeholders import has_placeholder, snake_case

__all__ = ["ITEM_CHECKS", "is_open"]

_LEVELS: tuple[str, ...] = ("debug", "info", "warning", "error", "off")

#: What each key of ``logger`` may be, in words for messages and as a type.
_OF_LOGGER: dict[str, tuple[str, Any]] = {
    "level": (f"one of {', '.join(_LEVELS)}", str),
    "log_request": ("True or False", bool),
    "log_start": ("True or False", bool),
    "log_end": ("True or False", bool),
    "request_fields": ("a list of names", (list, tuple)),
    "ignore_url_patterns": ("a list of regular expressions", (list, tuple)),
    "req_id_builder": ("a function of nothing", Callable),
    "disable_routes_summary": ("True or False", bool),
    "format": ("a text", str),
    "max_stack_size": ("a number of records", int),
}

_FIELDS = ("req_id", "method", "url", "status", "duration", "headers", "query", "params", "body")


def is_open(value: Any) -> bool:
    """Whether a value is a text with a placeholder: what it is will be known when it is read."""
    return isinstance(value, str) and has_placeholder(value)


def _refuse(key: str, words: str, value: Any) -> None:
    raise SettingTypeError(key, f"is {words}, and {value!r} ({type(value).__name__}) is none")


def _items(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list | tuple | set) else (value,)


def check_mount(key: str, value: Any) -> None:
    """Endpoints are texts. What is mounted at them is looked at when it is."""
    for endpoint in value if isinstance(value, Mapping) else ():
        if not isinstance(endpoint, str):
            raise SettingTypeError(key, f"has endpoints such as '/rest', and {endpoint!r} is none")


def check_scan(key: str, value: Any) -> None:
    """Patterns, modules and classes."""
    for each in _items(value):
        if not isinstance(each, str | os.PathLike | type | ModuleType):
            _refuse(key, "a list of patterns, modules and classes", each)


def check_texts(key: str, value: Any) -> None:
    """A text, or a list of them."""
    for each in _items(value):
        if not isinstance(each, str):
            _refuse(key, "a list of texts", each)


def check_media_types(key: str, value: Any) -> None:
    """A list of media types."""
    check_texts(key, value)
    for each in value:
        if not is_open(each) and parse_media_type(each) is None:
            raise LoaderSettingError(key, each, "write a media type as 'application/json'")


def check_classes(key: str, value: Any) -> None:
    """A list of classes."""
    for each in value:
        if not isinstance(each, type):
            _refuse(key, "a list of classes", each)


def check_statics(key: str, value: Mapping[Any, Any]) -> None:
    """Folders, or mappings of options with a ``root``, by path."""
    for path, entries in value.items():
        if not isinstance(path, str):
            raise SettingTypeError(key, f"has paths such as '/assets', and {path!r} is none")
        for each in _items(entries):
            folder = each.get("root") if isinstance(each, Mapping) else each
            if not isinstance(folder, str | os.PathLike):
                raise SettingTypeError(
                    key, f"has {each!r} at {path!r}, which is neither a folder nor a mapping with a 'root'"
                )


def check_logger(key: str, value: Mapping[str, Any]) -> None:
    """The keys of the request log."""
    for name, given in value.items():
        ours = snake_case(str(name))
        if ours != name and ours in _OF_LOGGER:
            raise SettingTypeError(f"{key}.{name}", f"is called {ours!r} here")
        if name in _OF_LOGGER and given is not None and not is_open(given):
            _check_of_logger(f"{key}.{name}", given, *_OF_LOGGER[name])


def _check_of_logger(key: str, given: Any, words: str, kind: Any) -> None:
    name = key.rpartition(".")[2]
    if not isinstance(given, kind) or (kind is int and isinstance(given, bool)):
        raise SettingTypeError(key, f"is {words}, not {given!r} ({type(given).__name__})")
    if name == "level" and given not in _LEVELS:
        raise LoaderSettingError(key, given, f"it is one of {', '.join(_LEVELS)}")
    if name == "max_stack_size" and given < 0:
        raise LoaderSettingError(key, given, "it is a number of records, 0 for none")
    if name in ("request_fields", "ignore_url_patterns"):
        for each in given:
            _check_item_of_logger(key, each, words)


def _check_item_of_logger(key: str, each: Any, words: str) -> None:
    if not isinstance(each, str | re.Pattern):
        _refuse(key, words, each)
    if is_open(each):
        return
    if key.endswith(".request_fields"):
        if each not in _FIELDS and not str(each).startswith("headers."):
            raise LoaderSettingError(key, each, f"fields are {', '.join(_FIELDS)}, and 'headers.NAME' for one of them")
        return
    try:
        re.compile(each)
    except re.error as error:
        raise LoaderSettingError(key, each, f"it is no regular expression ({error})") from None


def check_routers(key: str, value: Mapping[str, Any]) -> None:
    """Whether paths are matched strictly."""
    strict = value.get("strict")
    if strict is not None and not is_open(strict) and not isinstance(strict, bool):
        raise SettingTypeError(f"{key}.strict", f"is True or False, not {strict!r} ({type(strict).__name__})")


def check_views(key: str, value: Mapping[str, Any]) -> None:
    """Where templates are, and what fills them."""
    root, engine = value.get("root"), value.get("engine")
    if root is not None and not isinstance(root, str | os.PathLike):
        raise SettingTypeError(f"{key}.root", f"is a folder, not {root!r} ({type(root).__name__})")
    if engine is not None and not isinstance(engine, str) and not callable(engine):
        raise SettingTypeError(f"{key}.engine", f"is a name or a function, not {engine!r} ({type(engine).__name__})")


ITEM_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "mount": check_mount,
    "scan": check_scan,
    "exclude": check_texts,
    "accept_mimes": check_media_types,
    "components": check_classes,
    "statics": check_statics,
    "logger": check_logger,
    "routers": check_routers,
    "views": check_views,
}
