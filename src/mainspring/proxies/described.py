"""Operations of an OpenAPI document (connector ``openapi``)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from mainspring.http.paths import PathTemplateError, parse_path_template
from mainspring.openapi import DocumentError, Violation
from mainspring.openapi.check_options import CheckOptions
from mainspring.openapi.checking import check
from mainspring.openapi.notes import VERBS
from mainspring.proxies.documents import Document
from mainspring.proxies.wire import WireBody, WireOperation, WireParameter
from mainspring.repository.naming import snake_case

__all__ = ["described_operations", "server_of"]

#: What a body is called as an argument, and what else it may be called.
_BODY = "body"
_BODY_ALIASES = ("request_body", "requestBody", "data")

#: Media types of bodies, the better ones first.
_MEDIA = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")


def described_operations(document: Document) -> Iterator[tuple[str, WireOperation, Mapping[str, Any]]]:
    """Each operation with an ``operationId``: that id, what it does, and the operation object.

    Raises:
        DocumentError: An operation cannot be understood; it is named.
    """
    for path, given in document.content.get("paths", {}).items():
        item = document.resolved(given)
        for verb in VERBS:
            operation = item.get(verb)
            if isinstance(operation, Mapping) and operation.get("operationId"):
                name = str(operation["operationId"])
                shared = item.get("parameters") or ()
                yield name, _operation(document, name, verb, path, shared, operation), operation


def server_of(document: Document, wanted: Any) -> str:
    """The URL of a server of the document.

    Args:
        document: With ``servers``.
        wanted: A URL, or the number of one in the list; the first without it.

    Raises:
        DocumentError: There is no such server.
    """
    if isinstance(wanted, str):
        return wanted
    servers: Any = document.content.get("servers") or [{"url": "/"}]
    try:
        server = servers[wanted or 0]
    except (IndexError, TypeError):
        raise DocumentError(document.place, f"it has no server {wanted!r}, but {len(servers)}") from None
    url = str(server.get("url", "/"))
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    if document.location is not None and document.location.startswith("http"):
        url = urljoin(document.location, url)
    if not url.lower().startswith(("http://", "https://")):
        raise DocumentError(
            document.place, f"its server {url!r} is no absolute URL; say which with the setting 'server'"
        )
    return url


def _operation(
    document: Document, name: str, verb: str, path: str, shared: Any, operation: Mapping[str, Any]
) -> WireOperation:
    place = f"{document.place}, operation {name!r}"
    try:
        template = parse_path_template(path)
    except PathTemplateError as error:
        raise DocumentError(place, str(error).rstrip(".")) from error
    places: dict[tuple[str, str], WireParameter] = {}
    for given in (*shared, *(operation.get("parameters") or ())):
        parameter = document.resolved(given)
        places[str(parameter.get("in")), str(parameter.get("name"))] = _place(document, parameter)
    found = _distinct(list(places.values()))
    for variable in template.variables:
        if ("path", variable) not in places:
            found.append(WireParameter(variable, variable, "path", required=True, aliases=_aliases(variable)))
    body = _body(document, document.resolved(operation.get("requestBody")), {each.name for each in found})
    return WireOperation(name, verb, template, found, body)


def _distinct(places: list[WireParameter]) -> list[WireParameter]:
    """Parameters of one name in several places get the place before their name."""
    names = [each.name for each in places]
    return [
        each
        if names.count(each.name) == 1
        else WireParameter(
            f"{each.location}_{snake_case(each.name)}",
            each.wire_name,
            each.location,
            each.required,
            each.style,
            each.explode,
            each.as_json,
            each.check,
        )
        for each in places
    ]


def _place(document: Document, parameter: Mapping[str, Any]) -> WireParameter:
    name, location = str(parameter.get("name")), str(parameter.get("in"))
    content = parameter.get("content")
    holder: Mapping[str, Any] = next(iter(content.values()), {}) if content else parameter
    return WireParameter(
        name=name,
        wire_name=name,
        location=location,
        required=location == "path" or bool(parameter.get("required")),
        style=parameter.get("style"),
        explode=parameter.get("explode"),
        as_json=bool(content),
        check=_check(document, holder.get("schema")),
        aliases=_aliases(name),
    )


def _aliases(name: str) -> tuple[str, ...]:
    snake = snake_case(name)
    return () if snake == name else (snake,)


def _body(document: Document, body: Any, taken: set[str]) -> WireBody | None:
    content = (body or {}).get("content")
    if not content:
        return None
    media = next((each for each in _MEDIA if each in content), None)
    media = media or next((each for each in content if each.endswith("+json")), next(iter(content)))
    names = [each for each in (_BODY, *_BODY_ALIASES) if each not in taken]
    schema = content[media].get("schema") if media.endswith("json") else None
    sent = "application/json" if media == "*/*" else media
    return WireBody(names[0], sent, bool(body.get("required")), _check(document, schema), tuple(names[1:]))


def _check(document: Document, schema: Any) -> Callable[[Any], list[Violation]] | None:
    if schema is None:
        return None
    options = CheckOptions(document.content)
    return lambda value: check(value, schema, options)
