"""What may go wrong in serving: mistakes of the program, each with the way out. Answers to clients are `HttpErrors`."""

import errno
from collections.abc import Sequence
from typing import Any

from mainspring.errors import MainspringError
from mainspring.http import HttpErrors

__all__ = [
    "BasePathError",
    "BodyConsumedError",
    "ClientDisconnected",
    "DuplicateRouteError",
    "EndpointNotFoundError",
    "InvalidResultError",
    "ListenError",
    "MiddlewareOrderError",
    "MissingLibraryError",
    "NoRequestError",
    "RegistrationError",
    "ResponseStartedError",
    "SequenceError",
    "SettingError",
    "UnknownMethodError",
    "UnserializableError",
    "WebSocketStateError",
    "WorkersError",
    "WrongMessageError",
]


class RegistrationError(MainspringError, ValueError):
    """Something registered in a way that cannot work: ``subject`` is what, ``reason`` why and what to do.

    Remedy:
        Correct what ``subject`` names.
    """

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(subject, reason)
        self.subject, self.reason = subject, reason

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}."


class EndpointNotFoundError(HttpErrors.NotFound):
    """A request that no operation, mount or static file answers.

    Remedy:
        Check path and verb against ``mainspring routes``; the base path is part of it.
    """


class UnknownMethodError(HttpErrors.NotImplemented):
    """A request with a method that nobody knows: ``method``. The client's fault, whatever its status.

    Remedy:
        Use a method that HTTP knows; the answer is a 501.
    """

    is_fault_of_client = True

    def __init__(self, method: str) -> None:
        super().__init__(f"The method {method!a} is not known.", expose=True)
        self.method = method

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.method,)


class DuplicateRouteError(MainspringError, ValueError):
    """Two operations with one verb and one template; ``first`` and ``second`` name their handlers.

    Remedy:
        Change the path or the verb of one of the two.
    """

    def __init__(self, verb: str, path: str, first: str, second: str) -> None:
        super().__init__(verb, path, first, second)
        self.verb, self.path, self.first, self.second = verb, path, first, second

    def __str__(self) -> str:
        return (
            f"{self.verb.upper()} {self.path} is registered twice, by {self.first} and by {self.second}: "
            "give one of them another path or verb, or remove it."
        )


class SettingError(MainspringError, ValueError):
    """A setting of the ``rest`` section that cannot be: its ``name``, its ``value``, and what it should be.

    Remedy:
        Give the setting a value that it can have; the message lists them.
    """

    def __init__(self, name: str, value: Any, reason: str) -> None:
        super().__init__(name, value, reason)
        self.name, self.value, self.reason = name, value, reason

    def __str__(self) -> str:
        return f"rest.{self.name} is {self.value!r}: {self.reason}."


class BasePathError(MainspringError, RuntimeError):
    """The base path was to be changed after requests were handled under another one.

    Remedy:
        Call ``base_path`` before the application starts.
    """

    def __str__(self) -> str:
        return (
            "The base path cannot be changed any more: the server has started or handled a request. "
            "Set it before, by base_path(...) or rest.base_path."
        )


class ListenError(MainspringError, OSError):
    """The address cannot be listened on; ``errno`` says why, the text names host and port (or the socket's path).

    Remedy:
        Choose another port (0 is any free one), stop what listens there, or use a port above 1023.
    """

    def __init__(self, code: int, place: str, reason: str) -> None:
        super().__init__(code, reason)
        self.place = place
        self.args = (code, place, reason)

    def __str__(self) -> str:
        way_out = ": choose another port, 0 for any free one, or stop what listens there"
        return f"Cannot listen on {self.place}, {self.strerror}{way_out if self.errno == errno.EADDRINUSE else ''}."


class ResponseStartedError(MainspringError, RuntimeError):
    """The head of a response was to be changed after it was sent; ``what`` is what was to be changed.

    Remedy:
        Set status and headers before the first ``write``, or before returning the stream.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"The {self.what} cannot be changed: the head of the response is sent. Set it before writing."


class BodyConsumedError(MainspringError, RuntimeError):
    """The body of a request was to be read after it was streamed.

    Remedy:
        Read it once: either ``await body()`` or ``stream()``.
    """

    def __str__(self) -> str:
        return "The body was streamed and is gone: read it once, or use `await request.body()`, which keeps it."


class ClientDisconnected(MainspringError, ConnectionError):  # noqa: N818 - the name is fixed by the specification
    """The client went away before its request was read or answered completely.

    Remedy:
        Nothing is to be done for this client; release what the request held.
    """

    def __str__(self) -> str:
        return "The client closed the connection."


class NoRequestError(MainspringError, LookupError):
    """The current request was asked for where there is none.

    Remedy:
        Ask inside a request; outside of one pass what is needed as an argument.
    """

    def __str__(self) -> str:
        return "There is no current request here: ask below a handler, or inject RequestContext."


class MiddlewareOrderError(MainspringError, ValueError):
    """Groups of middleware that cannot be put in order; ``groups`` are the ones concerned.

    Remedy:
        Take one of the ``upstream_groups`` or ``downstream_groups`` of the groups concerned away.
    """

    def __init__(self, groups: Sequence[str], reason: str) -> None:
        self.groups = tuple(groups)
        super().__init__(self.groups, reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The middleware groups {' -> '.join(self.groups)} {self.reason}."


class SequenceError(MainspringError, RuntimeError):
    """A sequence returned without having produced a response.

    Remedy:
        Let ``handle`` call ``send`` or ``reject`` on every way out.
    """

    def __init__(self, sequence: str) -> None:
        super().__init__(sequence)
        self.sequence = sequence

    def __str__(self) -> str:
        return f"Sequence {self.sequence} ended without a response: end `handle` with send(...) or super().handle(...)."


class InvalidResultError(MainspringError):
    """A result that does not fit its documented schema: the ``operation``, and the ``entries`` that say where.

    Remedy:
        Return what the annotation promises, or correct the annotation.
    """

    def __init__(self, operation: str, entries: list[dict[str, Any]]) -> None:
        super().__init__(operation, entries)
        self.operation, self.entries = operation, entries

    def __str__(self) -> str:
        shown = "; ".join(f"{entry['path'] or 'the result'} {entry['message']}" for entry in self.entries[:5])
        return f"The result of {self.operation} does not fit its type: {shown}. Correct the result or the annotation."


class UnserializableError(MainspringError, TypeError):
    """A result that cannot be written: the ``operation``, the ``type_name`` of the result, and why.

    Remedy:
        Return a type that can be encoded, or a `Response` that you have written yourself.
    """

    def __init__(self, operation: str, type_name: str, reason: str) -> None:
        super().__init__(operation, type_name, reason)
        self.operation, self.type_name, self.reason = operation, type_name, reason

    def __str__(self) -> str:
        return f"The result of {self.operation}, of type {self.type_name}, cannot be sent: {self.reason}."


class WebSocketStateError(MainspringError, RuntimeError):
    """Something was asked of a connection at the wrong moment: ``action`` is what, ``reason`` why and what to do.

    Remedy:
        Accept before you send, and send nothing after closing.
    """

    def __init__(self, action: str, reason: str) -> None:
        super().__init__(action, reason)
        self.action, self.reason = action, reason

    def __str__(self) -> str:
        return f"The WebSocket connection cannot {self.action}: {self.reason}."


class WrongMessageError(MainspringError, ValueError):
    """A client sent another message than was expected; unhandled, the connection is closed with ``close_code``.

    Remedy:
        Ask for the kind that the client sends: ``receive_text``, ``receive_bytes`` or ``receive_json``.
    """

    def __init__(self, close_code: int, reason: str) -> None:
        super().__init__(close_code, reason)
        self.close_code, self.reason = close_code, reason

    def __str__(self) -> str:
        return self.reason


class MissingLibraryError(MainspringError, RuntimeError):
    """A feature whose library is not installed: ``feature``, ``library``, and the ``extra`` that brings it.

    Remedy:
        Install the extra: ``pip install "mainspring[...]"``.
    """

    def __init__(self, feature: str, library: str, extra: str) -> None:
        super().__init__(feature, library, extra)
        self.feature, self.library, self.extra = feature, library, extra

    def __str__(self) -> str:
        return f"{self.feature} cannot be served without {self.library}: install mainspring[{self.extra}]."


class WorkersError(MainspringError, RuntimeError):
    """An application that several processes cannot serve: ``reason`` says why, and what to do.

    Remedy:
        Give it a REST server that listens, on a system that hands sockets to processes; or run one process.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"Workers cannot serve it: {self.reason}."
