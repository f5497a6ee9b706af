"""One generated function per operation: from the exchange straight to what is sent.

The function does what the steps of the pipeline do, in their order (`pipeline.walk` is the reference), for requests
about which nothing is out of the ordinary. What is out of the ordinary it hands over: arguments that are not plain to
the interpreter of arguments, other bodies to the plan of the body, other results to the steps of replying. So both
ways always agree, and everything that goes wrong is worded in one place.

It is made for a server as it is at one moment, and thrown away with that moment's plan.
"""

import inspect
import keyword
from collections.abc import Awaitable, Callable
from types import FunctionType
from typing import Any

from mainspring.context.asking import injected
from mainspring.context.compiling import compile_plan
from mainspring.context.injection import EMPTY, InjectionPoint
from mainspring.context.plans import StalePlan
from mainspring.context.resolving import is_awaitable
from mainspring.rest.bodies import read_on
from mainspring.rest.collecting import ArgumentLines
from mainspring.rest.context import RequestContext, request_context_of
from mainspring.rest.dependencies import point_depends
from mainspring.rest.exchange import Exchange, Header, request_id_line
from mainspring.rest.generating import compiled
from mainspring.rest.heads import CONTENT_TYPE, LENGTH_LINES
from mainspring.rest.operations import Operation, Parts
from mainspring.rest.writing import JSON_TYPE

__all__ = ["Edges", "Run", "compile_run"]

Run = Callable[[Exchange], Awaitable[tuple[list[Header], bytes] | None]]
"""Answers a request: head and body to send with the status of the exchange, or ``None`` when it has sent them."""

#: Bodies shorter than this may be no body, or ``null``: rare, and not worth a line here.
_SHORT = 32
_PLAIN_JSON = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})
_WITHOUT_BODY = (204, 205, 304)


class Edges:
    """Where the generated functions hand over to the steps of the pipeline.

    Args:
        reply: Gives the reply for a result.
        refuse: Gives the reply for an error.
        conclude: Sends a reply.
    """

    def __init__(
        self,
        reply: Callable[[Exchange, Any], Awaitable[Any]],
        refuse: Callable[[Exchange, Exception], Awaitable[Any]],
        conclude: Callable[[Exchange, Any], Awaitable[None]],
    ) -> None:
        self.reply, self.refuse, self.conclude = reply, refuse, conclude


def compile_run(operation: Operation, parts: Parts | None, exchange: Exchange, edges: Edges) -> Run | None:
    """The function of an operation; ``None`` for one that takes the steps.

    Args:
        operation: The operation, made ready.
        parts: What its route says by itself.
        exchange: A request for it: contexts of later ones will be of the same shape.
        edges: Where what is out of the ordinary goes.
    """
    if parts is None or operation.watches or operation.negotiates or operation.around is not None:
        return None
    return _Writer(operation, parts, exchange, edges).function()


class _Writer:
    def __init__(self, operation: Operation, parts: Parts, exchange: Exchange, edges: Edges) -> None:
        self._operation = operation
        self._parts = parts
        self._exchange = exchange
        self._plan = exchange.plan
        self._names: dict[str, Any] = {
            "OPERATION": operation,
            "STALE": StalePlan,
            "MATCH": exchange.match if operation.route.template.is_static else None,
            "REPLY": edges.reply,
            "REFUSE": edges.refuse,
            "CONCLUDE": edges.conclude,
        }
        self._lines: list[str] = []

    def function(self) -> Run:
        """The compiled function."""
        values = self._arguments()
        if self._operation.body is not None:
            values = self._body(values)
        self._call(values)
        self._reply()
        route = self._operation.route
        known = ["exchange.operation = OPERATION"]
        if route.template.is_static:
            known.append("exchange._match = MATCH")
        text = "\n".join(
            [
                "async def run(exchange):",
                *(f"    {line}" for line in known),
                "    try:",
                *(f"        {line}" for line in self._lines),
                "    except Exception as error:",
                "        reply = await REFUSE(exchange, error)",
                "    return await CONCLUDE(exchange, reply)",
                "",
            ]
        )
        found: Run = compiled("run", text, f"<operation {route.verb} {route.path}>", self._names)
        return found

    # Arguments

    def _arguments(self) -> dict[str, str] | str:
        """Expressions of the values by parameter, or the one of a mapping of them."""
        plan = self._parts.arguments
        if not plan.sources:
            return {}
        written = ArgumentLines(plan, in_lane=True)
        self._names["COLLECT"] = plan.collect
        if not written.are_plain:
            self._lines.append("values = COLLECT(exchange)")
            return "values"
        self._names |= written.names
        self._lines += ["try:", *(f"    {line}" for line in written.lines)]
        self._lines += [
            "except Exception:  # whatever it is, the interpreter says it",
            "    values = COLLECT(exchange)",
        ]
        self._lines += [f"    {variable} = values[{name!r}]" for name, variable in written.variables.items()]
        return written.variables

    def _body(self, values: dict[str, str] | str) -> dict[str, str] | str:
        """The same with the value of the body."""
        body = self._operation.body
        assert body is not None
        self._names["BODY"] = body
        given = values if isinstance(values, str) else _mapping(values)
        plain = body.plain_json(self._plan)
        if plain is None or isinstance(values, str):
            self._lines += [f"exchange.arguments = values = {given}", "await BODY.read(exchange, values)"]
            return "values"
        name = body.body.parameter.name
        self._plain_body(*plain)
        self._lines += [
            f"exchange.arguments = values = {given}",
            "if known:",
            f"    values[{name!r}] = body",
            "else:",
            "    await BODY.read(exchange, values)",
            f"    body = values[{name!r}]",
        ]
        return {**values, name: "body"}

    def _plain_body(self, decode: Callable[[bytes], Any], limit: int) -> None:
        """The lines that put a body of nothing but JSON into a variable, and say so in another."""
        self._names |= {"DECODE": decode, "READ_ON": read_on, "PLAIN_JSON": _PLAIN_JSON, "LIMIT": limit}
        # A length of fewer digits than the limit is below it; one that is not told is not plain.
        self._lines += [
            "lines = exchange.raw_headers",
            "head = dict(lines)",
            "known = False",
            "if (",
            "    head.get(b'content-type') in PLAIN_JSON",
            f"    and len(head.get(b'content-length', b'{'?' * 99}')) < {len(str(limit))}",
            "    and b'content-encoding' not in head and len(head) == len(lines)",
            "):",
            "    data = await exchange.read()",
            "    if not exchange.body_done:",
            "        data = await READ_ON(exchange, data, LIMIT)",
            "    exchange.whole = data or b''",
            f"    if data is not None and {_SHORT} <= len(data) <= LIMIT and data.isascii():",
            "        try:",
            "            body, known = DECODE(data), True",
            "        except Exception:  # whatever it is, the plan of the body says it",
            "            pass",
        ]

    # The call

    def _call(self, values: dict[str, str] | str) -> None:
        operation = self._operation
        route: Any = operation.route
        if not operation.is_plain_call:
            self._names["CALL"] = operation.call
            given = values if isinstance(values, str) else _mapping(values)
            self._lines.append(f"exchange.result = result = await CALL(exchange, {given})")
            return
        if operation.instance is None:
            handler = self._names["HANDLER"] = route.handler
            called = "HANDLER"
        else:
            handler = self._parts.description.handler
            self._controller(operation.instance)
            called = f"controller.{route.method_name}"
        if operation.injected:
            values = self._injected(operation.injected, values)
        if inspect.iscoroutinefunction(handler):
            self._lines.append(f"exchange.result = result = await {called}({_given(values, handler)})")
            return
        self._names["IS_AWAITABLE"] = is_awaitable
        self._lines += [
            f"result = {called}({_given(values, handler)})",
            "if IS_AWAITABLE(result): result = await result",
            "exchange.result = result",
        ]

    def _controller(self, instance: Any) -> None:
        """The lines that put the controller of the request into a variable."""
        self._names["INSTANCE"] = instance
        if instance.direct is not None:
            self._direct(*instance.direct)
            return
        plan = self._controller_plan(instance)
        if plan is None:
            self._lines.append("controller = await INSTANCE.get(exchange)")
            return
        self._names |= {"MAKE": plan.function, "CONTEXT": RequestContext, "SERVER": self._plan.server}
        self._lines += [
            "if exchange.context is None:",
            "    context = exchange.context = CONTEXT(SERVER, exchange)",
            "    try:",
            f"        exchange.controller = {'await ' if plan.kind == 'async' else ''}MAKE(context)",
            "    except STALE:",
            "        pass",
            "controller = exchange.controller",
            "if controller is None:  # somebody bound something in the context",
            "    controller = await INSTANCE.get(exchange)",
        ]

    def _direct(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """The same of one that depends on nothing of the request."""
        self._names |= {"MAKE": function, **{f"M{number}": arg for number, arg in enumerate(args)}}
        given = ", ".join(f"M{number}" for number in range(len(args)))
        if self._operation.body is None:
            self._lines.append(f"controller = exchange.controller = MAKE({given})")
            return
        self._lines += [
            "if exchange.context is None:",
            f"    controller = exchange.controller = MAKE({given})",
            "else:  # a parser may have bound something in it",
            "    controller = await INSTANCE.get(exchange)",
        ]

    def _controller_plan(self, instance: Any) -> Any:
        """How the container makes the controller in the context of such a request that nothing was bound in."""
        if instance.key is None:
            return None
        return self._plan_for(instance.key)

    def _plan_for(self, what: Any) -> Any:
        """How the container gives something in the context of a request that nothing was bound in."""
        context = RequestContext(self._plan.server, self._exchange)
        shape = context.shape()
        plan = compile_plan(context, what, awaiting=True)
        # Of another shape now, it has what a request's context has only when somebody looks for it.
        return plan if context.shape() is shape else None

    def _injected(self, points: tuple[InjectionPoint, ...], values: dict[str, str] | str) -> dict[str, str] | str:
        """The values with those that the container gives, from the context of the request or that of the server."""
        server = self._plan.server
        self._names |= {"INJECTED": injected, "POINTS": points, "CONTEXT_OF": request_context_of}
        plan = self._plan_for(points)
        if plan is None:
            self._lines.append("injected = await INJECTED(CONTEXT_OF(exchange), POINTS)")
            return _with_injected(points, values)
        self._lines.append("context = exchange.context")
        above = None
        if not any(point_depends(server, point) for point in points):
            above = compile_plan(server, points, awaiting=True)
        if above is None:
            self._lines.append("if context is None: context = exchange.context = CONTEXT(SERVER, exchange)")
        plan, given = (above, "SERVER") if above is not None else (plan, "context")
        self._names |= {"INJECT": plan.function, "CONTEXT": RequestContext, "SERVER": server}
        self._lines += [
            "injected = None",
            "if context is None or not context.has_bindings:",
            "    try:",
            f"        injected = {'await ' if plan.kind == 'async' else ''}INJECT({given})",
            "    except STALE:",
            "        pass",
            "if injected is None:  # somebody bound something in the context",
            "    injected = await INJECTED(CONTEXT_OF(exchange), POINTS)",
        ]
        return _with_injected(points, values)

    # The reply

    def _reply(self) -> None:
        """The lines that send a JSON value; every other result goes to the steps of replying."""
        plan = self._operation.reply
        status = plan.status or 200
        if plan.check is not None or status in _WITHOUT_BODY:
            self._lines.append("reply = await REPLY(exchange, result)")
            return
        self._names |= {
            "TYPES": plan.types,
            "ENCODE": plan.encode,
            "LINE": (CONTENT_TYPE, JSON_TYPE),
            "LENGTH_LINES": LENGTH_LINES,
            "ID_LINE": request_id_line,
        }
        own = ", ID_LINE(exchange)" if self._plan.shows_request_id else ""
        self._lines += [
            "if TYPES.get(type(result), 1) or exchange.response is not None or exchange.started:",
            "    reply = await REPLY(exchange, result)",
            "else:",
            "    try:",
            "        data = ENCODE(result)",
            "    except Exception:  # it is encoded again there, and the failure told",
            "        reply = await REPLY(exchange, result)",
            "    else:",
            f"        exchange.status = {status}",
            f"        return [LINE, LENGTH_LINES[len(data)]{own}], data",
        ]


def _mapping(values: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name!r}: {value}" for name, value in values.items()) + "}"


def _with_injected(points: tuple[InjectionPoint, ...], values: dict[str, str] | str) -> dict[str, str] | str:
    """All arguments of a call."""
    if isinstance(values, str) or any(point.default is not EMPTY for point in points):
        return f"{{**{values if isinstance(values, str) else _mapping(values)}, **injected}}"
    return {**values, **{str(point.parameter): f"injected[{point.parameter!r}]" for point in points}}


def _given(values: dict[str, str] | str, handler: Any) -> str:
    """The arguments of a call: by position, which costs less, where a plain function has just these in this order."""
    if isinstance(values, str):
        return f"**{values}"
    if isinstance(handler, FunctionType) and not hasattr(handler, "__wrapped__"):
        code = handler.__code__
        before = code.co_argcount - len(values)  # one for the instance of a method
        if 0 <= before <= 1 and code.co_varnames[before : code.co_argcount] == tuple(values):
            return ", ".join(values.values())
    if all(name.isidentifier() and not keyword.iskeyword(name) for name in values):
        return ", ".join(f"{name}={value}" for name, value in values.items())
    return f"**{_mapping(values)}"
