"""Keywords and formats of an application, in any of the shapes in which configuration says them."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mainspring.openapi.check_options import CheckOptions, OwnKeyword
from mainspring.openapi.errors import DocumentError

__all__ = ["own_checks"]


def own_checks(document: Mapping[str, Any], keywords: Any = None, formats: Any = None) -> CheckOptions:
    """What an application adds to the check.

    Args:
        document: Where references lead.
        keywords: A mapping of names, or a list, of ``{name, type, validate(schema, value)}`` or `OwnKeyword`.
        formats: A mapping of names, or a list, of ``{name, type, validate}``, functions of the value, or patterns.
    """
    own_keywords = {name: _own_keyword(name, item) for name, item in _named(keywords)}
    return CheckOptions(document, {name: _own_format(item) for name, item in _named(formats)}, own_keywords)


def _named(items: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(items, Mapping):
        yield from items.items()
        return
    for item in items or ():
        yield (item["name"] if isinstance(item, Mapping) else item.name), item


def _member(item: Any, name: str) -> Any:
    return item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)


def _own_keyword(name: str, item: Any) -> OwnKeyword:
    if isinstance(item, OwnKeyword):
        return item
    validate = _member(item, "validate") or item
    return OwnKeyword(name, validate, _member(item, "type"))


def _own_format(item: Any) -> Callable[[Any], bool]:
    from mainspring.openapi.keywords import has_type  # noqa: PLC0415 - few programs have formats of their own

    found = _member(item, "validate") or item
    kind = _member(item, "type")
    if isinstance(found, str | re.Pattern):
        pattern = re.compile(found)
        return lambda value: not isinstance(value, str) or pattern.search(value) is not None
    if not callable(found):
        raise DocumentError("validation.formats", f"{item!r} is no format; give a function of the value, or a pattern")
    wanted = _parameter_count(found)

    def holds(value: Any) -> bool:
        if kind is not None and not has_type(value, kind):
            return True
        return bool(found(value) if wanted < 2 else found(None, value))

    return holds


def _parameter_count(function: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    return sum(item.default is item.empty and item.kind is not item.VAR_KEYWORD for item in parameters)
