"""One generated function per operation and door: it answers a request from end to end.

The function does what the steps of the pipeline do, in their order (`pipeline.walk` is the reference), for requests
about which nothing is out of the ordinary. What is out of the ordinary it hands over: arguments that are not plain to
the interpreter of arguments, other bodies to the plan of the body, other calls to the call of the operation, other
results and all errors to `runs`. So both ways always agree, and everything that goes wrong is worded in one place.

An operation of which nothing can see the request makes no exchange for it but a ticket (`tickets`).

It is made for a server as it is at one moment, and thrown away with that moment's plan.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from mainspring.context.awaitables import is_awaitable
from mainspring.context.compiling import compile_plan
from mainspring.context.plans import StalePlan
from mainspring.rest.collecting import ArgumentLines
from mainspring.rest.context import RequestContext
from mainspring.rest.dependencies import point_depends
from mainspring.rest.exchange import CURRENT, NEW_IDS, REQUEST_ID, Exchange, new_id
from mainspring.rest.generating import compiled, deeper
from mainspring.rest.handing import given, mapping, runs_nothing, with_injected
from mainspring.rest.leaving import CONTEXT_LINES, CONTEXT_NAMES, IS_LEFT, LEAVE_LINES
from mainspring.rest.operations import Operation, Parts
from mainspring.rest.runs import PLAIN_JSON, DoorLines, Run, finish, id_of, read_and_call, read_rest
from mainspring.rest.tickets import ARGUMENTS, CONTROLLER, IS_SENT, MADE, exchange_of, ticket_text

__all__ = ["compile_run"]

#: Bodies shorter than this may be no body, or ``null``: rare, and not worth a line here.
_SHORT = 32

#: What the functions of all operations speak of.
_NAMES = {
    "SET": CURRENT.set,
    "RESET": CURRENT.reset,
    "REQUEST_ID": REQUEST_ID,
    "IDS": NEW_IDS,
    "NEW_ID": new_id,
    "ID_OF": id_of,
    "EXCHANGE_OF": exchange_of,
    "FINISH": finish,
    "IS_AWAITABLE": is_awaitable,
}


def compile_run(operation: Operation, parts: Parts | None, exchange: Exchange, door: DoorLines) -> Run | None:
    """The run of an operation; ``None`` for one that takes the steps.

    Args:
        operation: The operation, made ready.
        parts: What its route says by itself.
        exchange: A request for it: contexts of later ones will be of the same shape.
        door: The door that the requests come in by.
    """
    if parts is None or operation.watches or operation.negotiates or operation.around is not None:
        return None
    return _Writer(operation, parts, exchange, door).run()


class _Direct:
    """A function and its arguments that give a controller whatever the request is."""

    kind = "any"

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.function, self.args = function, args


Plans = dict[str, tuple[Any, str]]
"""Plans by what they give, each with the name of the context it is asked in."""


class _Writer:
    def __init__(self, operation: Operation, parts: Parts, exchange: Exchange, door: DoorLines) -> None:
        self._operation = operation
        self._parts = parts
        self._exchange = exchange
        self._plan = exchange.plan
        self._door = door
        self._run = Run(operation, self._plan, door)
        self._plain_body = operation.body.plain_json(self._plan) if operation.body is not None else None
        self._plans = self._find_plans() if operation.is_plain_call else None
        # A ticket does where nobody is handed the request: neither the call of the operation nor that of its body.
        self._has_ticket = self._plans is not None and (operation.body is None or self._plain_body is not None)
        self._has_context = any(context == "context" for _, context in (self._plans or {}).values())
        self._me = "ticket" if self._has_ticket else "exchange"
        self._names = self._known_names()

    def run(self) -> Run:
        """The compiled operation."""
        route = self._operation.route
        text = "\n".join([*self._lines(), ""]).replace("{me}", self._me)
        self._run.answer = compiled("answer", text, f"<operation {route.verb} {route.path}>", self._names)
        return self._run

    def _lines(self) -> list[str]:
        door, me = self._door, self._me
        steps = [*self._arguments_and_call(), *self._reply()]
        return [
            f"async def answer({', '.join(door.parameters)}, path=None):",
            *deeper(self._opening()),
            *deeper(door.begin),
            "    try:",
            *deeper(steps, 2),
            "    except BaseException as error:",
            f"        await RECOVER({me}, error)",
            "    finally:",
            *deeper(self._ending(), 2),
            *deeper(door.end, 2),
        ]

    def _opening(self) -> Iterable[str]:
        path = "path" if self._operation.route.template.variables else "None"
        if self._has_ticket:
            ticket = f"ticket = {ticket_text(self._door.parameters, path, has_context=self._has_context)}"
            return ["context = NEW(REQUEST_CONTEXT)", ticket, *CONTEXT_LINES] if self._has_context else [ticket]
        lines = [*self._door.exchange, "exchange.plan = PLAN", "exchange.operation = OPERATION"]
        if path == "path":
            lines.append("exchange.values = path")
        # What is looked at in any case is faster found here than on the class.
        return [*lines, "exchange.context = exchange.request = exchange.response = exchange.known_id = None"]

    def _ending(self) -> list[str]:
        if not self._has_ticket:
            asked = "exchange.context is not None or exchange.request is not None"
            return ["exchange.is_past = True", f"if {asked}: await FINISH(exchange)"]
        if self._has_context:
            return [f"if {IS_LEFT}:", *deeper(LEAVE_LINES), "else:", "    await FINISH(EXCHANGE_OF(ticket))"]
        return [f"if ticket[{MADE}] is not None: await FINISH(ticket[{MADE}])"]

    # The reply

    def _reply(self) -> list[str]:
        is_json = "(type(result) is RUN.kind or IS_JSON(result))"
        lines = ["else:", "    await ANSWER_WITH({me}, result)"]
        if not self._has_ticket:
            return [f"if {is_json} and exchange.response is None:", *self._sent(self._by_exchange()), *lines]
        return [
            f"if {is_json} and ticket[{MADE}] is None:",
            *self._sent(self._by_ticket()),
            f"elif {is_json} and ticket[{MADE}].response is None:",
            *self._sent([f"exchange = ticket[{MADE}]", *self._by_exchange()]),
            *lines,
        ]

    def _sent(self, send: list[str]) -> list[str]:
        return [
            "    try:",
            "        data = ENCODE(result)",
            "    except Exception:  # it is encoded again, and the failure told",
            "        await ANSWER_WITH({me}, result)",
            "    else:",
            *deeper(send, 2),
        ]

    def _by_exchange(self) -> list[str]:
        """The lines that send ``data`` for a request that somebody has asked something of."""
        lines = ["known_id = ID_OF(exchange)"] if self._plan.shows_request_id else []
        send = self._door.send if self._plan.shows_request_id else self._door.send_plainly
        lines += ["exchange.result = result", "exchange.started, exchange.status = True, STATUS"]
        return [*lines, *send, "exchange.completed = True"]

    def _by_ticket(self) -> list[str]:
        """The lines that send it for another one."""
        if not self._plan.shows_request_id:
            return [f"ticket[{IS_SENT}] = b''", *self._door.send_plainly]
        return [*self._id_lines(), f"ticket[{IS_SENT}] = known_id", *self._door.send]

    def _id_lines(self) -> list[str]:
        """The lines that find the id of the request: the client's, if it gave one."""
        new = "IDS.pop() if IDS else NEW_ID()"
        door, has_body = self._door, self._plain_body is not None  # whose lines have looked
        if has_body or door.has_looked:
            return [*(() if has_body else door.looks), f"known_id = ID_OF(ticket) if {door.has_id} else ({new})"]
        return [
            f"for name, _ in {door.headers}:",
            "    if name == REQUEST_ID:",
            "        known_id = ID_OF(ticket)",
            "        break",
            "else:",
            f"    known_id = {new}",
        ]

    def _known_names(self) -> dict[str, Any]:
        """What the text speaks of in any case."""
        door = self._door
        return {
            **_NAMES,
            **CONTEXT_NAMES,
            **door.names,
            **door.heads(self._run.status),
            "RUN": self._run,
            "PLAN": self._plan,
            "OPERATION": self._operation,
            "SERVER": self._plan.server,
            "STALE": StalePlan,
            "STATUS": self._run.status,
            "ENCODE": self._run.encode,
            "IS_JSON": self._run.is_json,
            "ANSWER_WITH": door.answer_with,
            "RECOVER": door.recover,
        }

    # Arguments

    def _arguments_and_call(self) -> list[str]:
        """The lines that leave what the handler gives in ``result``."""
        operation = self._operation
        lines, values = self._arguments()
        if operation.body is None:
            return [*lines, *self._call(values)]
        self._names["READ_AND_CALL"] = read_and_call
        if self._plain_body is None:
            return [*lines, f"result = await READ_AND_CALL({{me}}, {mapping(values)})"]
        name = operation.body.body.parameter.name
        kept = self._with_body(values, name)
        call = self._call({**values, name: "body"} if isinstance(values, dict) else "given")
        return [
            *lines,
            *self._body(),
            "    try:",
            "        body = DECODE(data)",
            "    except Exception:  # whatever it is, the plan of the body says it",
            f"        result = await READ_AND_CALL({{me}}, {mapping(values)}, data)",
            "    else:",
            *deeper([*kept, *call], 2),
            "else:",
            f"    result = await READ_AND_CALL({{me}}, {mapping(values)}, data)",
        ]

    def _arguments(self) -> tuple[list[str], dict[str, str] | str]:
        """The lines that read the parameters but the body; expressions of them by name, or the one of a mapping."""
        plan = self._parts.arguments
        if not plan.sources:
            return [], {}
        door = self._door
        query = door.query if self._has_ticket else "exchange.raw_query"
        written = ArgumentLines(plan, query=query, path="path")
        self._names["COLLECT"] = plan.collect
        if not written.are_plain:
            return ["values = COLLECT(EXCHANGE_OF({me}))"], "values"
        self._names |= written.names
        lines = ["try:", *deeper(written.lines)]
        lines += ["except Exception:  # whatever it is, the interpreter says it"]
        lines += ["    values = COLLECT(EXCHANGE_OF({me}))"]
        lines += [f"    {variable} = values[{name!r}]" for name, variable in written.variables.items()]
        return lines, written.variables

    def _body(self) -> list[str]:
        """The lines that read a body of plain JSON into ``data``, and those at whose end it is one."""
        decode, limit = self._plain_body or (None, 0)
        self._names |= {"DECODE": decode, "READ_REST": read_rest}
        self._names |= {"LIMIT": limit, "LIMIT_DIGITS": len(str(limit)), "PLAIN_JSON": PLAIN_JSON}
        door = self._door
        return [
            *door.looks,
            f"if {door.has_json}:",
            *deeper(door.body),
            "else:",
            "    data = None",
            f"if data is not None and {_SHORT} <= len(data) <= LIMIT and data.isascii():",
        ]

    def _with_body(self, values: dict[str, str] | str, name: str) -> list[str]:
        """The lines that keep body and arguments for who asks for the request."""
        whole = f"{{**{values}, {name!r}: body}}" if isinstance(values, str) else mapping({**values, name: "body"})
        if self._has_ticket:
            return [f"given = {whole}", f"ticket[{ARGUMENTS}] = data, given"]
        return [f"exchange.arguments = given = {whole}", "exchange.body_done, exchange.whole = True, data"]

    # The call

    def _call(self, values: dict[str, str] | str) -> list[str]:
        """The lines that call the handler."""
        operation, plans = self._operation, self._plans
        route: Any = operation.route
        if plans is None:
            return [self._handed_over(values)]
        handler = route.handler if operation.instance is None else self._parts.description.handler
        self._names["HANDLER"] = handler
        called = "HANDLER" if operation.instance is None else f"controller.{route.method_name}"
        arguments = with_injected(operation.injected, values) if operation.injected else values
        call = f"{called}({given(arguments, handler)})"
        if inspect.iscoroutinefunction(handler):
            lines = [f"result = await {call}"]
        else:
            # What was written as JSON before is nothing to await; to look for that costs more than most handlers.
            awaitable = "type(result) is not RUN.kind and IS_AWAITABLE(result)"
            lines = [f"result = {call}", f"if {awaitable}: result = await result"]
        for name, (plan, context) in reversed(plans.items()):
            lines = self._carried_out(name, plan, context, lines, self._handed_over(values))
        return lines

    def _handed_over(self, values: dict[str, str] | str) -> str:
        """The line that leaves the call to the operation."""
        self._names["CALL"] = self._operation.call
        return f"result = await CALL(EXCHANGE_OF({{me}}), {mapping(values)})"

    def _carried_out(self, name: str, plan: Any, context: str, then: list[str], otherwise: str) -> list[str]:
        """The lines of a plan and those after it; the operation does it when the plan is none any more."""
        self._names[f"MAKE_{name}"] = plan.function
        if isinstance(plan, _Direct):
            self._names |= {f"M{number}": arg for number, arg in enumerate(plan.args)}
            args = ", ".join(f"M{number}" for number in range(len(plan.args)))
            return [*self._kept(f"MAKE_{name}({args})"), *then]
        made = f"{'await ' if plan.kind == 'async' else ''}MAKE_{name}({context})"
        lines = [
            "try:",
            *deeper(self._kept(made) if name == "controller" else [f"{name} = {made}"]),
            "except STALE:",
            f"    {otherwise}",
            "else:",
            *deeper(then),
        ]
        if not self._has_context or name == next(iter(self._plans or ())):
            return lines
        # Making the controller may have bound something that the plan does not know of.
        guard = "if context._own_bindings is not None and context.has_bindings:"
        return [guard, f"    {otherwise}", "else:", *deeper(lines)]

    def _kept(self, made: str) -> list[str]:
        """The lines that make the controller and keep it for who asks for it."""
        if not self._has_ticket:
            return [f"controller = exchange.controller = {made}"]
        kept = f"controller = ticket[{CONTROLLER}] = {made}"
        if runs_nothing(self._parts.description.owner):
            return [kept]
        return [kept, f"if ticket[{MADE}] is not None: ticket[{MADE}].controller = controller"]

    def _find_plans(self) -> Plans | None:
        """The plans of the controller and of what the handler is injected with, where there is something to plan.

        ``None`` when one of them has to be interpreted.
        """
        instance, points = self._operation.instance, self._operation.injected
        route: Any = self._operation.route
        found: Plans = {}
        if instance is not None and instance.direct is None:
            made = self._plan_for(instance.key, fresh=True) if instance.key is not None else None
            found["controller"] = made, "context"
        elif instance is not None and instance.direct is not None:
            found["controller"] = _Direct(*instance.direct), ""
        if points:
            server = self._plan.server
            own, above = self._plan_for(points, fresh=not found or runs_nothing(route.controller_class)), None
            if not any(point_depends(server, point) for point in points):
                above = compile_plan(server, points, awaiting=True)
            found["injected"] = (own, "context") if own is None or above is None else (above, "SERVER")
        return found if all(plan is not None for plan, _ in found.values()) else None

    def _plan_for(self, what: Any, *, fresh: bool) -> Any:
        """How the container gives something in the context of a request that nothing was bound in."""
        context = RequestContext(self._plan.server, self._exchange)
        shape = context.shape()
        plan = compile_plan(context, what, awaiting=True, fresh=fresh)
        # Of another shape now, it has what a request's context has only when somebody looks for it.
        return plan if context.shape() is shape else None
