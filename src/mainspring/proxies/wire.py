"""Operations whose parameters have places in a request: those of an OpenAPI document and those of REST decorators."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mainspring.http import InvalidHeaderError
from mainspring.http.paths import PathTemplate, Variable
from mainspring.openapi import Violation
from mainspring.openapi.codecs import encode_json
from mainspring.openapi.parameters import MISSING
from mainspring.proxies.forms import encode_form
from mainspring.proxies.messages import ServiceRequest
from mainspring.proxies.operations import OperationParameter, segment_checked
from mainspring.proxies.styles import query_of, simple
from mainspring.proxies.values import ArgumentFault, as_text, encode_pairs, encode_segment, header_text, plain

__all__ = ["WireBody", "WireOperation", "WireParameter"]

Check = Callable[[Any], list[Violation]]


@dataclass(frozen=True, slots=True)
class WireParameter:
    """A parameter and its place.

    Attributes:
        name: As arguments name it.
        wire_name: In the request.
        location: ``path``, ``query``, ``header``, ``cookie``, ``form`` or ``file``.
        style: How lists and objects are spelt; ``None`` for the location's usual way.
        explode: Whether each item has a name of its own; ``None`` for the style's usual way.
        as_json: Whether it is a JSON text.
        check: Gives what is wrong with a value.
    """

    name: str
    wire_name: str
    location: str
    required: bool = False
    style: str | None = None
    explode: bool | None = None
    as_json: bool = False
    check: Check | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WireBody:
    """The parameter that is the body: its name, and the media type it is sent as."""

    name: str
    media_type: str = "application/json"
    required: bool = True
    check: Check | None = None
    aliases: tuple[str, ...] = ()


class WireOperation:
    """An operation with a path template and placed parameters.

    Args:
        name: Of the method.
        method: The HTTP method.
        path: The template; each of its variables is a parameter.
        places: The parameters.
        body: The body, where it is one parameter.
        unsent: Names of parameters that are for the other side alone.
    """

    def __init__(
        self,
        name: str,
        method: str,
        path: PathTemplate,
        places: Sequence[WireParameter],
        body: WireBody | None = None,
        unsent: Sequence[str] = (),
    ) -> None:
        self.name, self.method = name, method.upper()
        self._path, self._places, self._body = path, tuple(places), body
        found = [OperationParameter(each.name, each.required, each.aliases) for each in places]
        if body is not None:
            found.append(OperationParameter(body.name, body.required, body.aliases))
        found += [OperationParameter(each) for each in unsent]
        self.parameters = tuple(sorted(found, key=lambda each: not each.required))  # stable: the required ones first

    def request(self, arguments: Mapping[str, Any]) -> ServiceRequest:
        """The request of arguments.

        Raises:
            ArgumentFault: A value cannot be sent.
        """
        given = [
            (each, arguments[each.name])
            for each in self._places
            if arguments.get(each.name, MISSING) is not MISSING and arguments[each.name] is not None
        ]
        for place, value in given:
            _verify(place.name, place.check, value)
        by_place = {place: [(each, value) for each, value in given if each.location == place] for place in _LOCATIONS}
        pairs = [pair for each, value in by_place["query"] for pair in _query(each, value)]
        url = self._url({each.wire_name: (each, value) for each, value in by_place["path"]})
        request = ServiceRequest(self.method, f"{url}?{encode_pairs(pairs)}" if pairs else url)
        for each, value in by_place["header"]:
            request.headers[each.wire_name.lower()] = _header(each, value)
        if by_place["cookie"]:
            request.headers["cookie"] = "; ".join(_cookie(each, value) for each, value in by_place["cookie"])
        fields = [*by_place["form"], *by_place["file"]]
        if fields:
            parts = {each.wire_name: value for each, value in fields}
            request.content, request.headers["content-type"] = encode_form(parts, multipart=bool(by_place["file"]))
        elif self._body is not None:
            self._add_body(request, self._body, arguments.get(self._body.name, MISSING))
        return request

    def _url(self, values: Mapping[str, tuple[WireParameter, Any]]) -> str:
        segments = []
        for segment in self._path.segments:
            parts = [
                part if isinstance(part, str) else _path_value(part, *values.get(part.name, (None, None)))
                for part in segment.parts
            ]
            segments.append("".join(parts) if segment.rest else segment_checked("".join(parts)))
        return "/" + "/".join(segments)

    def _add_body(self, request: ServiceRequest, body: WireBody, value: Any) -> None:
        if value is MISSING or (value is None and not body.required):
            return
        media = body.media_type.partition(";")[0].strip().lower()
        if isinstance(value, bytes | bytearray) and media != "multipart/form-data":
            content = bytes(value)
        elif media in ("application/x-www-form-urlencoded", "multipart/form-data"):
            content, media = encode_form(_fields(body.name, value), multipart=media.startswith("multipart"))
        else:
            _verify(body.name, body.check, value)
            as_json = not isinstance(value, str) or media.endswith(("/json", "+json"))
            content = encode_json(value) if as_json else str(value).encode()
        request.content, request.headers["content-type"] = content, media


#: RFC 6265, cookie-octets. What they mean is between the two sides, so nothing is encoded here.
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")

_LOCATIONS = ("path", "query", "header", "cookie", "form", "file")


def _verify(name: str, check: Check | None, value: Any) -> None:
    if check is None:
        return
    try:
        violations = check(plain(value))
    except TypeError as error:
        raise ArgumentFault(name, f"has no JSON form ({error})") from error
    if violations:
        shown = "; ".join(f"{item.path} {item.message}".strip() for item in violations[:5])
        raise ArgumentFault(name, f"is not valid: {shown}")


def _path_value(variable: Variable, place: WireParameter | None, value: Any) -> str:
    name = variable.name if place is None else place.name
    text = "" if place is None or value is None else simple(value, explode=bool(place.explode))
    if not text:  # it would be another path: that of the whole collection
        raise ArgumentFault(name, "is empty, and stands in the path")
    if variable.rest:
        return "/".join(segment_checked(encode_segment(part)) for part in text.split("/"))
    return encode_segment(text)


def _query(place: WireParameter, value: Any) -> list[tuple[str, str]]:
    if place.as_json:
        return [(place.wire_name, encode_json(value).decode())]
    return query_of(place.wire_name, value, place.style or "form", place.explode)


def _header(place: WireParameter, value: Any) -> str:
    try:
        if place.as_json:
            return header_text(place.wire_name, encode_json(value).decode())
        return header_text(place.wire_name, simple(value, explode=bool(place.explode)))
    except InvalidHeaderError as error:
        raise ArgumentFault(place.name, f"cannot stand in a header: {error.reason}") from error


def _cookie(place: WireParameter, value: Any) -> str:
    text = as_text(value)
    if not _COOKIE_VALUE.fullmatch(text):
        raise ArgumentFault(place.name, "cannot stand in a cookie: encode it")
    return f"{place.wire_name}={text}"


def _fields(name: str, value: Any) -> Mapping[str, Any]:
    fields = value if isinstance(value, Mapping) else plain(value)
    if not isinstance(fields, Mapping):
        raise ArgumentFault(name, "is no mapping of fields")
    return fields
