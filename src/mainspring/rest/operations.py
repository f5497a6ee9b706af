"""What one route needs to be served, worked out once: its description, how arguments are read, the call, the reply.

The parts that say nothing of other bindings are kept with the route; the call is made anew when a binding has changed.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mainspring.http import HttpErrors
from mainspring.openapi.codecs import encode_json
from mainspring.openapi.descriptions import HandlerDescription
from mainspring.openapi.errors import AnnotationError, UnknownLocationError
from mainspring.openapi.kinds import bare, is_stream
from mainspring.openapi.notes import MethodNotes, method_notes
from mainspring.openapi.operations import OperationDeclaration
from mainspring.openapi.parameters import MISSING
from mainspring.openapi.signatures import describe_handler
from mainspring.rest.arguments import ArgumentPlan
from mainspring.rest.collecting import make_collect
from mainspring.rest.exchange import Exchange
from mainspring.rest.invoking import Call, Instance, injection_points, make_call, make_instance, missing_method
from mainspring.rest.replying import ReplyPlan, ResultCheck
from mainspring.rest.routes import AnyRoute, ControllerRoute
from mainspring.rest.sending import WatchDisconnect
from mainspring.rest.validating import Validation

__all__ = ["Around", "Operation", "Parts", "describe_route", "make_operation"]

Around = Callable[[Any, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""``async fn(context, proceed)`` gives the result; ``await proceed()`` reads the request and calls the handler."""


class Parts:
    """What a route says by itself: made once per route and ``validation`` setting."""

    __slots__ = ("arguments", "body", "collect", "description", "reply", "validation")

    def __init__(self, route: AnyRoute, validation: Validation) -> None:
        self.validation = validation
        self.description = describe_route(route, validation.check_options.document)
        check_keys = validation.check_keys if validation.prohibited else None
        self.arguments = ArgumentPlan(self.description, validation.check_options, check_keys)
        self.collect = make_collect(self.arguments)
        self.body = _body_plan(self.description, validation) if self.description.body is not None else None
        self.reply = _reply_plan(route, self.description, validation)


class Operation:
    """A route, ready to be served.

    Attributes:
        route: The route.
        collect: Reads the parameters, ``None`` when there are none.
        names: The parameters that requests give, in the order of the signature.
        positional: The names of positional-only parameters.
        body: Reads the body, ``None`` when there is none.
        call: Calls the handler.
        around: What the program has put around reading the request and calling the handler; ``None`` for nothing.
        instance: Gives the controller; ``None`` for functions.
        reply: What is known of its replies.
        injected: The parameters that the container gives.
        is_plain_call: Whether the call is that of the handler, with what it is injected with, and nothing else.
        is_warm: Whether a second making of it could be no shorter.
        timeout: Seconds until the response starts; ``None`` for the server's, 0 for none.
        cancel_on_disconnect: Whether the handler ends when the client goes away; ``None`` for the server's word.
        watches: Whether the call is cancelled when the client goes away.
        negotiates: Whether the request's ``Accept`` is looked at.
    """

    __slots__ = (
        "around",
        "body",
        "call",
        "cancel_on_disconnect",
        "collect",
        "injected",
        "instance",
        "is_plain_call",
        "is_warm",
        "names",
        "negotiates",
        "positional",
        "reply",
        "route",
        "timeout",
        "watches",
    )

    def __init__(self, route: AnyRoute, parts: Parts | None, call: Call, instance: Instance | None = None) -> None:
        self.route = route
        self.instance = instance
        self.collect = parts.collect if parts is not None else None
        self.positional = parts.arguments.positional if parts is not None else ()
        self.body = parts.body if parts is not None else None
        self.reply = parts.reply if parts is not None else ReplyPlan(route.description, encode_json)
        self.names = _names(parts.description) if parts is not None else ()
        self.call = call
        self.around: Around | None = None
        self.injected = injection_points(route, parts.description) if parts is not None else ()
        self.is_plain_call = False
        self.is_warm = instance is None or not instance.warms
        self.timeout: float | None = _seconds(route.spec.get("x-timeout"))
        cancel = route.spec.get("x-cancel-on-disconnect")
        self.cancel_on_disconnect: bool | None = None if cancel is None else bool(cancel)
        self.watches = False
        self.negotiates = bool(self.reply.media)

    def end_with_client(self) -> None:
        """Have the call cancelled as soon as the client is gone."""
        call = self.call

        async def watched(exchange: Exchange, values: dict[str, Any]) -> Any:
            async with WatchDisconnect(exchange):
                return await call(exchange, values)

        self.call, self.is_plain_call, self.watches = watched, False, True


def _body_plan(description: HandlerDescription, validation: Validation) -> Any:
    from mainspring.rest.payloads import BodyPlan  # noqa: PLC0415 - for operations with a body

    return BodyPlan(description, validation)


def _names(description: HandlerDescription) -> tuple[str, ...]:
    return tuple(parameter.name for parameter in description.parameters if parameter.source != "inject")


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)


def describe_route(route: AnyRoute, document: Mapping[str, Any]) -> HandlerDescription:
    """The description of a route's handler.

    Raises:
        DeclarationError: The handler cannot be called for this route.
    """
    components = document.get("components") or {}
    if isinstance(route, ControllerRoute):
        cls = route.controller_class
        handler = getattr(cls, route.method_name, None)
        return describe_handler(
            handler, verb=route.verb, path=route.path, spec=route.spec, owner=cls, components=components
        )
    return describe_handler(
        route.handler,  # type: ignore[attr-defined]  # the other kind of route
        verb=route.verb,
        path=route.path,
        spec=route.spec,
        components=components,
    )


def make_operation(
    route: AnyRoute, validation: Validation, server: Any, known: Parts | None
) -> tuple[Operation, Parts | None]:
    """A route made ready, and the parts of it to keep.

    Raises:
        DeclarationError: The handler cannot be called for this route.
    """
    if isinstance(route, ControllerRoute) and not callable(getattr(route.controller_class, route.method_name, None)):
        return Operation(route, None, missing_method(route)), None
    try:
        parts = known if known is not None and known.validation is validation else Parts(route, validation)
    except UnknownLocationError as error:
        return Operation(route, None, _not_implemented(str(error))), None
    instance = make_instance(route, server) if isinstance(route, ControllerRoute) else None
    call, is_plain = make_call(route, parts.description, instance, server)
    operation = Operation(route, parts, call, instance)
    operation.is_plain_call = is_plain
    return operation, parts


def _not_implemented(message: str) -> Call:
    async def call(_: Exchange, __: dict[str, Any]) -> Any:
        raise HttpErrors.NotImplemented(message, expose=True)

    return call


# Replies


def _reply_plan(route: AnyRoute, description: HandlerDescription, validation: Validation) -> ReplyPlan:
    check = _result_check(route, description, validation) if validation.checks_results else None
    return ReplyPlan(description.place, encode_json, description.returns, _declared_media(route, description), check)


def _result_check(route: AnyRoute, description: HandlerDescription, validation: Validation) -> ResultCheck | None:
    from mainspring.rest.results import declared_schemas, result_check  # noqa: PLC0415 - few servers check results

    said = _notes_of(route, description).responses
    schemas = declared_schemas(description.spec.get("responses") or {}, said)
    return result_check(description.place, schemas, _returned_check(description.returns, validation), validation)


def _returned_check(returns: Any, validation: Validation) -> Any:
    """The check by the return annotation; ``None`` where values of it have no JSON form, or it says nothing."""
    from mainspring.openapi.codecs import json_codec  # noqa: PLC0415 - few servers check results

    if returns is MISSING or is_stream(returns) or getattr(bare(returns), "__mainspring_response__", False):
        return None
    try:
        return json_codec(returns, check_options=validation.check_options).result_violations
    except (AnnotationError, TypeError, NotImplementedError):
        return None


def _declared_media(route: AnyRoute, description: HandlerDescription) -> dict[int, tuple[str, ...]]:
    """The statuses that were declared, each with its media types, in order."""
    found: dict[int, dict[str, None]] = {}
    for status, response in (description.spec.get("responses") or {}).items():
        if str(status).isdigit():
            content = response.get("content") if isinstance(response, Mapping) else None
            found.setdefault(int(status), {}).update(dict.fromkeys(content or ()))
    for status, said in _notes_of(route, description).responses:
        if not str(status).isdigit():
            continue
        media = found.setdefault(int(status), {})
        for item in said:
            content = item.get("content") if isinstance(item, Mapping) else None
            media.update(dict.fromkeys(content) if content else {"application/json": None})
    return {status: tuple(media) for status, media in found.items()}


def _notes_of(route: AnyRoute, description: HandlerDescription) -> MethodNotes:
    declaration: OperationDeclaration | None = getattr(route, "declaration", None)
    if declaration is not None:
        return declaration.notes
    return method_notes(description.handler) or MethodNotes()
