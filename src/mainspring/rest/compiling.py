"""One generated function per operation: from the exchange straight to the result of its handler.

The function does what the steps of the pipeline do, in their order (`pipeline.walk` is the reference), for requests
about which nothing is out of the ordinary. What is out of the ordinary it hands over: arguments that are not plain to
the interpreter of arguments, other bodies to the plan of the body, other calls to the call of the operation. So both
ways always agree, and everything that goes wrong is worded in one place.

It is made for a server as it is at one moment, and thrown away with that moment's plan.
"""

import inspect
import keyword
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from mainspring.context.compiling import compile_plan
from mainspring.context.injection import EMPTY, InjectionPoint
from mainspring.context.plans import StalePlan
from mainspring.context.resolving import is_awaitable
from mainspring.rest.collecting import ArgumentLines, Collect, make_collect
from mainspring.rest.context import RequestContext, new_context
from mainspring.rest.dependencies import point_depends
from mainspring.rest.exchange import REQUEST_ID, Exchange, new_id_line
from mainspring.rest.generating import compiled
from mainspring.rest.operations import Operation, Parts
from mainspring.rest.replying import JSON

__all__ = ["Run", "compile_run"]

#: Bodies shorter than this may be no body, or ``null``: rare, and not worth a line here.
_SHORT = 32
_PLAIN_JSON = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})
_WITHOUT_BODY = (204, 205, 304)


class Run:
    """An operation as it is run for a request in the lane.

    Attributes:
        operation: The operation; ``None`` while it is not ready.
        verb: The verb it answers, in upper case.
        start: Calls the handler; gives what it gives.
        awaits: Whether that is always something to await.
        reads: Whether the operation has a body.
        collect: Reads its parameters then, before the body.
        limit: The most bytes of a body of JSON, which is to be read before the start where it is plain; 0 for
            operations that have no such body.
        kind: The type of a result that was last found to be written as JSON.
        encode: Writes such a result.
        status: The status it is sent with.
    """

    __slots__ = (
        "_digits",
        "_types",
        "awaits",
        "collect",
        "encode",
        "kind",
        "limit",
        "operation",
        "reads",
        "start",
        "status",
        "verb",
    )

    def __init__(self, operation: Operation | None, start: Callable[[Exchange], Any], *, awaits: bool) -> None:
        self.operation = operation
        self.verb = operation.route.verb.upper() if operation is not None else ""
        self.start = start
        self.awaits = awaits
        self.reads = operation is not None and operation.body is not None
        self.collect: Collect | None = None
        self.limit = self._digits = 0
        self._types: Mapping[type, int] = {}
        self.kind: type | None = None
        self.encode: Callable[[Any], bytes] = _no_bytes
        self.status = 200
        if operation is not None:
            plan = operation.reply
            self.status = plan.status or 200
            if plan.check is None and self.status not in _WITHOUT_BODY and self.verb != "HEAD":
                self._types, self.encode = plan.types, plan.encode

    def read_plainly(self, limit: int) -> None:
        """Have bodies of plain JSON, up to this limit, read before the start."""
        self.limit = limit
        self._digits = len(str(limit)) - 1

    def is_json(self, result: Any) -> bool:
        """Whether a result is known to be written as JSON, with nothing else to say; the steps find that out."""
        if self._types.get(type(result)) != JSON:
            return False
        self.kind = type(result)
        return True

    def has_plain_body(self, exchange: Exchange) -> bool:
        """Whether a request has a body that is to be read before the start."""
        lines = exchange.raw_headers
        fields = dict(lines)
        if REQUEST_ID not in fields:  # which is looked for in any case: here it costs least
            exchange.id_line = new_id_line()
        # A length of fewer digits than the limit is below it; one that is not told is not plain.
        return (
            fields.get(b"content-type") in _PLAIN_JSON
            and len(fields.get(b"content-length", _NO_LENGTH)) <= self._digits
            and b"content-encoding" not in fields
            and len(fields) == len(lines)
        )


_NO_LENGTH = b"?" * 99


def _no_bytes(_: Any) -> bytes:
    raise NotImplementedError


def compile_run(operation: Operation, parts: Parts | None, exchange: Exchange) -> Run | None:
    """The run of an operation; ``None`` for one that takes the steps.

    Args:
        operation: The operation, made ready.
        parts: What its route says by itself.
        exchange: A request for it: contexts of later ones will be of the same shape.
    """
    if parts is None or operation.watches or operation.negotiates or operation.around is not None:
        return None
    return _Writer(operation, parts, exchange).run()


async def read_and_call(exchange: Exchange) -> Any:
    """The same by the steps, for a body that is not plain."""
    operation, values = exchange.operation, exchange.arguments
    await operation.body.read(exchange, values)
    return await operation.call(exchange, values)


class _Direct:
    """A function and its arguments that give a controller whatever the request is."""

    kind = "any"

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.function, self.args = function, args


class _Writer:
    def __init__(self, operation: Operation, parts: Parts, exchange: Exchange) -> None:
        self._operation = operation
        self._parts = parts
        self._exchange = exchange
        self._plan = exchange.plan
        self._names: dict[str, Any] = {}
        self._lines: list[str] = []
        self._is_async = False
        self._awaits = False

    def run(self) -> Run:
        """The compiled operation."""
        operation = self._operation
        plain = operation.body.plain_json(self._plan) if operation.body is not None else None
        if operation.body is None or plain is not None:
            plans = self._plans() if operation.is_plain_call else None
            self._is_async = plans is not None and any(plan.kind == "async" for plan, _ in plans.values())
            self._call(self._arguments() if plain is None else self._body(*plain), plans)
        else:
            self._awaits = True
            self._names["READ_AND_CALL"] = read_and_call
            self._lines.append("return READ_AND_CALL(exchange)")
        run = Run(operation, self._function(), awaits=self._awaits or self._is_async)
        if operation.body is not None:
            run.collect = make_collect(self._parts.arguments, in_lane=True)
        if plain is not None:
            run.read_plainly(plain[1])
        return run

    def _function(self) -> Callable[[Exchange], Any]:
        route = self._operation.route
        head = f"{'async ' if self._is_async else ''}def start(exchange):"
        text = "\n".join([head, *(f"    {line}" for line in self._lines), ""])
        start: Callable[[Exchange], Any] = compiled(
            "start", text, f"<operation {route.verb} {route.path}>", self._names
        )
        return start

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

    def _body(self, decode: Callable[[bytes], Any], limit: int) -> dict[str, str]:
        """The same with a body of plain JSON, which was read before the start."""
        body: Any = self._operation.body
        name = body.body.parameter.name
        self._names |= {"DECODE": decode, "LIMIT": limit, "READ_AND_CALL": read_and_call}
        otherwise = f"    return {'await ' if self._is_async else ''}READ_AND_CALL(exchange)"
        self._lines += [
            "values = exchange.arguments",
            "data = exchange.whole",
            f"if data is None or len(data) < {_SHORT} or len(data) > LIMIT or not data.isascii():",
            otherwise,
            "try:",
            f"    body = values[{name!r}] = DECODE(data)",
            "except Exception:  # whatever it is, the plan of the body says it",
            otherwise,
        ]
        known = [source.parameter.name for source in self._parts.arguments.sources]
        return {**{each: f"values[{each!r}]" for each in known}, name: "body"}

    # The call

    def _call(self, values: dict[str, str] | str, plans: dict[str, tuple[Any, str]] | None) -> None:
        operation = self._operation
        route: Any = operation.route
        if plans is None:
            self._awaits = True
            self._lines.append(self._handed_over(values))
            return
        for name, (plan, context) in plans.items():
            self._carry_out(name, plan, context, values)
        if operation.injected:
            values = _with_injected(operation.injected, values)
        handler = route.handler if operation.instance is None else self._parts.description.handler
        self._names["HANDLER"] = handler
        called = "HANDLER" if operation.instance is None else f"controller.{route.method_name}"
        call = f"{called}({_given(values, handler)})"
        self._awaits = inspect.iscoroutinefunction(handler)
        if not self._is_async:
            self._lines.append(f"return {call}")
        elif self._awaits:
            self._lines.append(f"return await {call}")
        else:
            self._names["IS_AWAITABLE"] = is_awaitable
            self._lines += [f"result = {call}", "return await result if IS_AWAITABLE(result) else result"]

    def _handed_over(self, values: dict[str, str] | str) -> str:
        """The line that leaves the call to the operation."""
        self._names["CALL"] = self._operation.call
        given = values if isinstance(values, str) else _mapping(values)
        return f"return {'await ' if self._is_async else ''}CALL(exchange, {given})"

    def _plans(self) -> dict[str, tuple[Any, str]] | None:
        """The plans of the controller and of what the handler is injected with, where there is something to plan.

        Each with the name of the context it is for. ``None`` when one of them has to be interpreted.
        """
        instance, points = self._operation.instance, self._operation.injected
        found: dict[str, tuple[Any, str]] = {}
        if instance is not None and instance.direct is None:
            found["controller"] = self._plan_for(instance.key) if instance.key is not None else None, "context"
        elif instance is not None and instance.direct is not None:
            found["controller"] = _Direct(*instance.direct), ""
        if points:
            server = self._plan.server
            own, above = self._plan_for(points), None
            if not any(point_depends(server, point) for point in points):
                above = compile_plan(server, points, awaiting=True)
            found["injected"] = (own, "context") if own is None or above is None else (above, "SERVER")
        return found if all(plan is not None for plan, _ in found.values()) else None

    def _carry_out(self, name: str, plan: Any, context: str, values: dict[str, str] | str) -> None:
        """The lines of a plan; the operation does it when it is none any more, or the context has bindings."""
        self._names |= {f"MAKE_{name}": plan.function, "NEW_CONTEXT": new_context, "SERVER": self._plan.server}
        target = "controller = exchange.controller" if name == "controller" else name
        if isinstance(plan, _Direct):
            self._names |= {f"M{number}": arg for number, arg in enumerate(plan.args)}
            given = ", ".join(f"M{number}" for number in range(len(plan.args)))
            self._lines.append(f"{target} = MAKE_{name}({given})")
            return
        if "context = exchange.context = NEW_CONTEXT(SERVER, exchange)" in self._lines:
            self._lines += ["if context.has_bindings:", f"    {self._handed_over(values)}"]
        elif context == "context":
            self._lines.append("context = exchange.context = NEW_CONTEXT(SERVER, exchange)")
        self._names["STALE"] = StalePlan
        self._lines += [
            "try:",
            f"    {target} = {'await ' if plan.kind == 'async' else ''}MAKE_{name}({context})",
            "except STALE:",
            f"    {self._handed_over(values)}",
        ]

    def _plan_for(self, what: Any) -> Any:
        """How the container gives something in the context of a request that nothing was bound in."""
        context = RequestContext(self._plan.server, self._exchange)
        shape = context.shape()
        plan = compile_plan(context, what, awaiting=True)
        # Of another shape now, it has what a request's context has only when somebody looks for it.
        return plan if context.shape() is shape else None


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
