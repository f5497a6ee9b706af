"""Operations written as templates in the configuration of a data source (connector ``rest``)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mainspring.http import InvalidHeaderError
from mainspring.openapi.codecs import encode_json
from mainspring.openapi.parameters import MISSING
from mainspring.proxies.messages import ServiceRequest
from mainspring.proxies.operations import OperationParameter, segment_checked
from mainspring.proxies.placeholders import Placeholder, TextTemplate, compiled, fill, placeholders_of
from mainspring.proxies.values import ArgumentFault, as_text, encode_pairs, encode_segment, header_text, query_pairs

__all__ = ["TemplateOperation", "template_operations"]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_MEMBERS = frozenset({"method", "url", "query", "headers", "body", "timeout"})


class TemplateOperation:
    """One function of an entry of ``operations``.

    Args:
        name: The function's name.
        names: Its parameters.
        template: ``method, url, query, headers, body, timeout``.

    Raises:
        ValueError: Template and parameters do not fit together.
    """

    def __init__(self, name: str, names: Sequence[str], template: Mapping[str, Any]) -> None:
        unknown = sorted(set(template) - _MEMBERS)
        if unknown:
            raise ValueError(f"the template has the unknown member {unknown[0]!r}; known are {', '.join(_MEMBERS)}")
        self.name = name
        self.method = str(template.get("method", "GET")).upper()
        if self.method not in _METHODS:
            raise ValueError(f"there is no method {self.method!r}")
        if not isinstance(template.get("url"), str):
            raise ValueError("the template has no url")
        path, _, query = template["url"].partition("?")
        self._segments = [compiled(segment) for segment in path.split("/")]
        self._query = [*_query_of(query), *((key, compiled(value)) for key, value in _map(template, "query"))]
        self._headers = {key.lower(): compiled(value) for key, value in _map(template, "headers")}
        self._body = compiled(template.get("body", MISSING))
        self._timeout = template.get("timeout")
        self.parameters = self._parameters(names)

    def _parameters(self, names: Sequence[str]) -> tuple[OperationParameter, ...]:
        found: dict[str, list[Placeholder]] = {}
        needed = [self._segments, self._body] if isinstance(self._body, TextTemplate) else [self._segments]
        must = {each.name for tree in needed for each in placeholders_of(tree) if each.default is None}
        everything = [self._segments, [value for _, value in self._query], self._headers, self._body]
        for each in placeholders_of(everything):
            found.setdefault(each.name, []).append(each)
        for name in names:
            if name not in found:
                raise ValueError(f"the parameter {name!r} stands nowhere in the template; there are {_words(found)}")
        required = must | {name for name, places in found.items() if any(_is_required(each) for each in places)}
        for name in sorted(required - set(names)):
            raise ValueError(f"the placeholder {name!r} must have a value, but is no parameter")
        return tuple(OperationParameter(name, required=name in required) for name in names)

    def request(self, arguments: Mapping[str, Any]) -> ServiceRequest:
        """The request of arguments.

        Raises:
            ArgumentFault: A value cannot be sent.
        """
        url = "/".join(segment_checked(_segment(part, arguments)) for part in self._segments)
        pairs = [pair for key, tree in self._query for pair in _pairs(key, fill(tree, arguments))]
        headers = dict(_header_lines(self._headers, arguments))
        request = ServiceRequest(self.method, f"{url}?{encode_pairs(pairs)}" if pairs else url, headers)
        request.timeout = self._timeout
        body = fill(self._body, arguments)
        if body is not MISSING:
            is_text = isinstance(body, str) and getattr(self._body, "exact", None) is None
            request.content = body.encode() if is_text else encode_json(body)
            headers.setdefault("content-type", "text/plain; charset=utf-8" if is_text else "application/json")
        return request


def template_operations(entries: Any) -> Iterator[TemplateOperation]:
    """The operations of the setting ``operations``.

    Raises:
        ValueError: An entry is wrong; the function is named.
    """
    seen: set[str] = set()
    for position, entry in enumerate(entries or ()):
        place = f"operations[{position}]"
        if not isinstance(entry, Mapping) or not isinstance(entry.get("template"), Mapping):
            raise ValueError(f"{place} is no mapping with a template")
        functions: Any = entry.get("functions")
        if not isinstance(functions, Mapping) or not functions:
            raise ValueError(f"{place} names no functions")
        for name, names in functions.items():
            if name in seen:
                raise ValueError(f"{place} declares the function {name!r} a second time")
            if not isinstance(names, list | tuple):
                raise ValueError(f"{place}: the parameters of the function {name!r} are no list")
            seen.add(name)
            try:
                yield TemplateOperation(name, list(names), entry["template"])
            except ValueError as error:
                raise ValueError(f"{place}, function {name!r}: {error}") from error


def _map(template: Mapping[str, Any], member: str) -> list[tuple[str, Any]]:
    found = template.get(member) or {}
    if not isinstance(found, Mapping):
        raise ValueError(f"{member} is no mapping")
    return [(str(key), value) for key, value in found.items()]


def _query_of(text: str) -> Iterator[tuple[str, Any]]:
    for pair in filter(None, text.split("&")):
        name, _, value = pair.partition("=")
        yield name, compiled(value)


def _pairs(key: str, value: Any) -> list[tuple[str, str]]:
    return [] if value is MISSING else query_pairs(key, value)


def _segment(template: TextTemplate, arguments: Mapping[str, Any]) -> str:
    parts = []
    for part in template.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        value = part.value(arguments)
        text = "" if value is MISSING or value is None else as_text(value)
        if not text:  # it would be another path: that of the whole collection
            raise ArgumentFault(part.name, "is empty, and stands in the path")
        parts.append(encode_segment(text))
    return "".join(parts)


def _header_lines(headers: Mapping[str, Any], arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, tree in headers.items():
        value = fill(tree, arguments)
        if value is MISSING or value is None:
            continue
        try:
            yield name, header_text(name, value)
        except InvalidHeaderError as error:
            culprit = next((each.name for each in placeholders_of(tree)), name)
            raise ArgumentFault(culprit, f"cannot stand in a header: {error.reason}") from error


def _is_required(placeholder: Placeholder) -> bool:
    return placeholder.required and placeholder.default is None


def _words(names: Mapping[str, Any]) -> str:
    return ", ".join(names) or "none"
