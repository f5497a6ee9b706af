"""Markers of parameters by the names of the model: ``path_params`` … ``session_params``.

With a name they are what ``param.query("name")`` and its siblings are. Without one, a parameter annotated with a
mapping or a model gets the whole of its part of the request, any other one the entry of its own name.
"""

import collections.abc
from collections.abc import Callable, Mapping
from typing import Any, get_origin

from mainspring.context import Injection
from mainspring.context.injection import EMPTY, InjectionPoint
from mainspring.http import HttpErrors
from mainspring.loader.body_documents import BODY_PATH, annotation_of
from mainspring.loader.plain_bodies import plain_body
from mainspring.openapi.codecs import json_codec
from mainspring.openapi.errors import SchemaViolation, Violation
from mainspring.openapi.kinds import bare, is_model, non_null
from mainspring.openapi.parameters import MISSING, BodyMarker, Location, ParameterMarker
from mainspring.rest import RequestContext

__all__ = ["body_params", "cookie_params", "header_params", "path_params", "query_params", "session_params"]

_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


class _Marker(Injection):
    """A marker that is the container's, unless the annotation beside it makes it one of parameters.

    Attributes:
        named: What it is for an annotation that does not want a whole; ``None`` when it is the container's always.
    """

    __slots__ = ("named",)

    def __init__(self, decorator: str, resolve: Any, named: ParameterMarker | BodyMarker | None = None) -> None:
        super().__init__(resolve=resolve, decorator=decorator)
        self.named = named

    def stated_for(self, annotation: Any) -> Any:
        """The marker it is for a parameter with an annotation."""
        return self if self.named is None or _wants_whole(annotation) else self.named


def _wants_whole(annotation: Any) -> bool:
    if annotation is MISSING:
        return False
    kind = bare(non_null(annotation))
    return (get_origin(kind) or kind) in _MAPPINGS or is_model(kind)


# The whole of a part of the request


def path_params(name: str | None = None, **options: Any) -> Any:
    """A variable of the path, or all of them. Options are those of ``param.path``."""
    return _of_request("path", name, options, lambda ctx: ctx.path_params)


def query_params(name: str | None = None, **options: Any) -> Any:
    """An entry of the query, or the whole of it. Options are those of ``param.query``."""
    return _of_request("query", name, options, lambda ctx: ctx.request.query)


def header_params(name: str | None = None, **options: Any) -> Any:
    """A header field (without a name the parameter's own, ``_`` as ``-``), or all of them, names in lower case."""
    return _of_request("header", name, options, _headers)


def cookie_params(name: str | None = None, *, signed: bool = False, **options: Any) -> Any:
    """A cookie, or all of them.

    Args:
        name: Its name.
        signed: Whether it counts only with a signature of ours, see `cookie_parser`.
        options: Those of ``param.cookie``.
    """
    if signed:

        async def resolve(_: Any, point: InjectionPoint, __: Any) -> Any:
            cookies = RequestContext.current().request.signed_cookies
            key = name or str(point.parameter or point.member)
            if name is None and _wants_whole(_annotation(point)):
                return _converted(dict(cookies), point, "cookie")
            return _entry(cookies, key, point, "cookie")

        return _Marker("cookie_params", resolve)
    return _of_request("cookie", name, options, lambda ctx: dict(ctx.request.cookies))


def _headers(ctx: RequestContext) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw, value in ctx.exchange.raw_headers:
        name, text = raw.decode("latin-1"), value.decode("latin-1")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def _of_request(
    location: Location, name: str | None, options: Mapping[str, Any], whole: Callable[[RequestContext], Any]
) -> Any:
    named = ParameterMarker(location, name, **options)
    if name is not None:
        return named

    async def resolve(_: Any, point: InjectionPoint, __: Any) -> Any:
        found = whole(RequestContext.current())
        if location == "header" and is_model(bare(non_null(_annotation(point)))):
            found = {key.replace("-", "_"): value for key, value in found.items()}
        return _converted(found, point, location)

    return _Marker(f"{location}_params", resolve, named)


def _annotation(point: InjectionPoint) -> Any:
    return MISSING if point.wanted is EMPTY else annotation_of(point)


def _converted(tree: Any, point: InjectionPoint, location: str) -> Any:
    """A part of the request as the annotated type.

    Raises:
        HttpError: 400, with all failures.
    """
    try:
        return json_codec(_annotation(point)).convert_text(tree)
    except SchemaViolation as error:
        raise _refused(error, location) from error


def _refused(error: SchemaViolation, location: str, name: str | None = None) -> Exception:
    """The answer to values that violate their schema: the entries say which they are."""
    entries = []
    for violation in error.violations:
        first = name or violation.path.split("/")[1:2]
        entry = violation.to_entry()
        place = {"in": location, "name": first if isinstance(first, str) else "".join(first)}
        entries.append({**entry, "info": {**entry["info"], **place}})
    named = entries[0]["info"]["name"]
    shown = f"{location} parameter {named}" if named else f"{location} parameters"
    message = f"Invalid value for {shown}: {error.violations[0].message}."
    return HttpErrors.BadRequest(message, code="INVALID_PARAMETER_VALUE", details=entries)


def _absent(point: InjectionPoint, refusal: Callable[[], Exception]) -> Any:
    """What a parameter gets for which there is nothing.

    Raises:
        HttpError: It is required.
    """
    if point.default is not EMPTY:
        return point.default
    if point.optional:
        return None
    raise refusal()


def _entry(entries: Mapping[str, Any], name: str, point: InjectionPoint, location: str) -> Any:
    """One text among others, as the annotated type."""
    text = entries.get(name)
    if text is None:
        return _absent(point, lambda: _missing(location, name))
    if _annotation(point) is MISSING:
        return text
    try:
        return json_codec(_annotation(point)).convert_text(text)
    except SchemaViolation as error:
        raise _refused(error, location, name) from error


def _missing(location: str, name: str) -> Exception:
    info = {"in": location, "name": name, "missingProperty": name}
    message = f"Required {location} parameter {name} is missing"
    entry = {"path": "", "code": "required", "message": message, "info": info}
    return HttpErrors.BadRequest(f"{message}.", code="MISSING_REQUIRED_PARAMETER", details=[entry])


# The body


def body_params(path: str | None = None, **options: Any) -> Any:
    """The body, or what stands at a path of it.

    Args:
        path: Names (and positions in lists) separated by dots, ``address.city``. Several parameters share one body.
        options: Those of ``request_body``, for the whole.
    """
    if path is None:
        return BodyMarker(**options)
    steps = path.split(".")
    if not all(steps) or options:
        what = f"takes no options beside a path, not {sorted(options)[0]!r}" if options else "has an empty name"
        raise ValueError(f"body_params({path!r}) {what}.")

    async def resolve(_: Any, point: InjectionPoint, __: Any) -> Any:
        ctx = RequestContext.current()
        plain, is_text = await plain_body(ctx)
        value = _at(plain, steps)
        refused = ctx.exchange.plan.validation.refused
        if value is MISSING or (value is None and (point.optional or point.default is not EMPTY)):
            name = {"missingProperty": path}
            violation = Violation(_pointer(steps), "required", f"{path} is required", {**name, "in": "body"})
            return _absent(point, lambda: refused(SchemaViolation([violation])))
        if _annotation(point) is MISSING:
            return value
        codec = json_codec(_annotation(point))
        try:
            return codec.convert_text(value) if is_text else codec.convert(value)
        except SchemaViolation as error:
            found = [_below(_pointer(steps), violation) for violation in error.violations]
            raise refused(SchemaViolation(found)) from error

    return Injection(resolve=resolve, decorator="body_params", details={BODY_PATH: tuple(steps)})


def _pointer(steps: list[str]) -> str:
    return "".join(f"/{step}" for step in steps)


def _below(place: str, violation: Violation) -> Violation:
    return Violation(f"{place}{violation.path}", violation.code, violation.message, violation.info)


def _at(value: Any, steps: list[str]) -> Any:
    """What stands at a path; ``MISSING`` for nothing."""
    for step in steps:
        if isinstance(value, Mapping):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


# The session


def session_params(name: str | None = None) -> Any:
    """An entry of the session, or the session. A model is made of what the session holds."""

    async def resolve(_: Any, point: InjectionPoint, __: Any) -> Any:
        session = RequestContext.current().session
        if name is None:
            return session
        value = session.get(name, MISSING)
        if value is MISSING:
            return _absent(point, lambda: _missing("session", str(name)))
        wanted = _annotation(point)
        return json_codec(wanted).convert(value) if wanted is not MISSING and is_model(wanted) else value

    return _Marker("session_params", resolve)
