"""What may go wrong with a remote service, and whose fault it was.

The caller's mistakes (a missing argument, an interface that cannot be honoured) are errors of programming; the other
side's are errors of HTTP, with the meaning they have for the caller. Uncaught in a handler of one's own they are the
answer of a gateway: 502, or 504 after a timeout, and say nothing of the other side. No message has a credential.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from mainspring.errors import MainspringError
from mainspring.http import HttpError, HttpErrors, http_error_class, reason_phrase
from mainspring.openapi import Violation
from mainspring.proxies.messages import ServiceResponse

__all__ = [
    "ServiceAnswerError",
    "ServiceArgumentError",
    "ServiceConnectionError",
    "ServiceError",
    "ServiceInterfaceError",
    "ServiceResponseError",
    "ServiceTimeoutError",
    "response_error",
]

#: Violations that a message shows; the others are in ``violations``.
_SHOWN = 5


class ServiceInterfaceError(MainspringError, TypeError):
    """An interface that no proxy can be made of: ``method`` says where (``None``: the whole), ``reason`` why.

    Remedy:
        Correct the method that is named: it needs an operation, and annotations that can be encoded.
    """

    def __init__(self, interface: str, method: str | None, reason: str) -> None:
        super().__init__(interface, method, reason)
        self.interface, self.method, self.reason = interface, method, reason

    def __str__(self) -> str:
        place = self.interface if self.method is None else f"{self.interface}.{self.method}"
        return f"{place}: {self.reason}."


class ServiceArgumentError(MainspringError, TypeError, ValueError):
    """Arguments that a method of a proxy does not take; nothing was sent.

    Remedy:
        Pass the arguments that the method declares.

    Attributes:
        method: The method, ``Interface.method``.
        parameter: The parameter at fault.
        violations: By what a value does not fit the schema of the parameter or body.
    """

    def __init__(self, method: str, parameter: str, reason: str, violations: Iterable[Violation] = ()) -> None:
        self.method, self.parameter, self.reason = method, parameter, reason
        self.violations = tuple(violations)
        super().__init__(method, parameter, reason, self.violations)

    def __str__(self) -> str:
        return f"{self.method}() argument {self.parameter!r} {self.reason}."


class ServiceError(HttpError):
    """A call of a remote service that failed.

    Remedy:
        Each subclass says its own; catch this one for every way in which the call fails.

    Attributes:
        datasource: The name of the data source.
        method: The HTTP method.
        url: Without credentials.
        reason: What happened.
        response: The answer, if there was one.
        gateway_status: What a REST server answers when nobody caught the error.
    """

    gateway_status: ClassVar[int] = 502

    def __init__(
        self, status: int, datasource: str, method: str, url: str, reason: str, response: ServiceResponse | None = None
    ) -> None:
        # Not the caller's business: a client of ours must not read where we ask, and what we were told there.
        HttpError.__init__(self, status, f"{method} {url} of data source {datasource!r} {reason}.", expose=False)
        self.datasource, self.method, self.url, self.reason = datasource, method, url, reason
        self.response = response


class ServiceResponseError(ServiceError):
    """The other side answered with an error: an ``HttpErrors.NotFound`` for 404, and so on.

    Remedy:
        Handle its status; ``response`` has the headers and the body of the answer.
    """

    response: ServiceResponse

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.status, self.args), self.__dict__.copy()


class ServiceConnectionError(ServiceError, HttpErrors.BadGateway, ConnectionError):
    """There was no whole answer: refused, no such host, cut off.

    Remedy:
        Check the base URL and the network; calls that may be repeated can be given retries in the data source.
    """

    def __init__(self, datasource: str, method: str, url: str, reason: str) -> None:
        ServiceError.__init__(self, 502, datasource, method, url, reason)


class ServiceTimeoutError(ServiceError, HttpErrors.GatewayTimeout, TimeoutError):
    """There was no whole answer in time. The other side may have done what it was asked.

    Remedy:
        Raise the time limit of the data source or method, and repeat only what may be done twice.
    """

    gateway_status = 504

    def __init__(self, datasource: str, method: str, url: str, seconds: float) -> None:
        ServiceError.__init__(
            self, 504, datasource, method, url, f"did not answer within {seconds:g} s; see the setting 'timeout'"
        )


class ServiceAnswerError(ServiceError, HttpErrors.BadGateway):
    """An answer that does not say what the method promises; ``violations`` has every place.

    Remedy:
        Compare the interface with what the other side really answers, and correct the annotation.
    """

    def __init__(
        self,
        datasource: str,
        response: ServiceResponse,
        reason: str,
        violations: Iterable[Violation] = (),
    ) -> None:
        self.violations = tuple(violations)
        shown = "; ".join(f"{item.path or 'the body'} {item.message}" for item in self.violations[:_SHOWN])
        words = f"{reason}: {shown}" if shown else reason
        ServiceError.__init__(self, 502, datasource, response.method, response.url, words, response)


_classes: dict[int, type[ServiceResponseError]] = {}


def _class_for(status: int) -> type[ServiceResponseError]:
    """A response error that is of the family of the status as well."""
    family = http_error_class(status)
    if family is None:
        return ServiceResponseError
    if status not in _classes:
        members = {"__module__": __name__, "__doc__": f"The other side answered {status} {reason_phrase(status)}."}
        _classes[status] = type(f"Service{family.__name__}Error", (ServiceResponseError, family), members)
    return _classes[status]


def response_error(datasource: str, response: ServiceResponse) -> ServiceResponseError:
    """The error of an answer with a status from 400 to 599."""
    status = response.status
    reason = f"answered {status} {reason_phrase(status)}"
    return _class_for(status)(status, datasource, response.method, response.url, reason, response)


def _unpickled(status: int, args: tuple[Any, ...]) -> ServiceResponseError:
    cls = _class_for(status)
    error = cls.__new__(cls, *args)
    error.args = args
    return error
