"""What a request is before anything is asked about it: a list of what it came with.

Most handlers look at nothing of their request but their arguments. So the functions of operations (`compiling`) make no
exchange for them, but keep what one can be made of, in a ticket, which costs a fraction of it. Whoever asks for the
request makes the exchange, and finds it as if it had been there all the time.
"""

import threading
from typing import Any

from mainspring.rest.exchange import CURRENT, Exchange

__all__ = [
    "ARGUMENTS",
    "CONTEXT",
    "CONTROLLER",
    "IS_SENT",
    "MADE",
    "REQUEST",
    "RUN",
    "Ticket",
    "current_exchange",
    "exchange_of",
    "ticket_text",
]

Ticket = list[Any]

#: The places: the exchange once it is made; the run of the operation; the request's id, or another sign that the
#: response is under way; the controller; the bytes of the body and the arguments; the variables of the path;
#: the three things that a door makes an exchange of. With a context: that, and the request once it is asked for.
MADE, RUN, IS_SENT, CONTROLLER, ARGUMENTS, _PATH, _DOOR = range(7)
CONTEXT, REQUEST = 9, 10

#: Two threads of one request may ask at the same moment.
_MAKING = threading.Lock()


def ticket_text(parameters: tuple[str, ...], path: str, *, has_context: bool) -> str:
    """The text of a ticket in a generated function, which knows the run as ``RUN`` and the context as ``context``.

    Args:
        parameters: Names of what the door makes an exchange of.
        path: What tells the variables of the path.
        has_context: Whether there is a context.
    """
    return f"[None, RUN, None, None, None, {path}, {', '.join(parameters)}{', context, None' if has_context else ''}]"


def exchange_of(ticket: Any) -> Any:
    """The exchange of a ticket, made when it is first asked for; an exchange itself is what it is."""
    if type(ticket) is not list:
        return ticket
    if ticket[MADE] is None:
        with _MAKING:
            if ticket[MADE] is None:
                ticket[MADE] = _made(ticket)
    return ticket[MADE]


def _made(ticket: Ticket) -> Exchange:
    _, run, sent, controller, given, path = ticket[:_DOOR]
    exchange: Exchange = run.door.make(*ticket[_DOOR:CONTEXT])
    exchange.plan, exchange.operation = run.plan, run.operation
    exchange.values, exchange.controller = path, controller
    if given is not None:
        exchange.whole, exchange.arguments = given
        exchange.body_done = True
    for place, name in (CONTEXT, "context"), (REQUEST, "request"):
        part = ticket[place] if len(ticket) > place else None
        if part is not None:
            setattr(exchange, name, part)
            part.source = exchange
            ticket[place] = None
    if sent is not None:
        # Whoever asks now has outlived the handler.
        exchange.known_id = sent or None
        exchange.status = run.status
        exchange.started = exchange.completed = exchange.is_past = True
    return exchange


def current_exchange() -> Exchange | None:
    """The exchange that the running code belongs to."""
    found = CURRENT.get()
    return None if found is None else exchange_of(found)
