# ruff: noqa: N818  # the family is named by reason phrases, as its users know it
"""Errors that are answers: each has a status, what it tells the client, and what it keeps to itself.

Turning one into bytes is not done here; see the room that serves.
"""

from collections.abc import Mapping
from typing import Any

from mainspring.errors import MainspringError
from mainspring.http.rules import InvalidHeaderError, checked_name, checked_value
from mainspring.http.statuses import reason_phrase

__all__ = ["HttpError", "HttpErrors", "InvalidHeaderError", "http_error_class"]


def _restore(cls: "type[HttpError]", args: tuple[Any, ...]) -> "HttpError":
    """An error as it was, without asking a subclass's constructor, whose parameters nobody knows."""
    error = cls.__new__(cls, *args)
    error.args = args
    return error


class HttpError(MainspringError):
    """An error with a status from 400 to 599.

    Remedy:
        Raise it to answer with its status; handle it with ``app.error_handler``.

    Args:
        status: The status.
        message: What to tell the client (from 500 on only with ``expose``); without it the reason phrase.
        code: A word for programs, ``ENTITY_NOT_FOUND`` say.
        details: More: a list of entries ``{path, code, message, info}`` is sent as ``errors``, the rest as ``details``.
        headers: Header fields sent with the answer.
        expose: Whether the message may be shown; by default below 500 only.

    Raises:
        ValueError: The status is outside 400 to 599, or a header cannot stand in a header line.
    """

    status: int

    def __init__(
        self,
        status: int,
        message: str | None = None,
        *,
        code: str | None = None,
        details: Any = None,
        headers: Mapping[str, str] | None = None,
        expose: bool | None = None,
    ) -> None:
        if isinstance(status, bool) or not isinstance(status, int) or not 400 <= status <= 599:
            raise ValueError(f"The status of an error is a number from 400 to 599, not {status!r}.")
        self.status = int(status)
        self.message = reason_phrase(self.status) if message is None else str(message)
        super().__init__(self.message)
        self.code = code
        self.details = details
        self.headers = dict(headers or {})
        for name, value in self.headers.items():
            checked_name(name)
            checked_value(name, value)
        self.expose = self.status < 500 if expose is None else expose

    @property
    def name(self) -> str:
        """The error's name in the family: ``NotFoundError`` of every error with status 404."""
        family = http_error_class(self.status)
        word = family.__name__ if family is not None else ("ClientError" if self.status < 500 else "ServerError")
        return word if word.endswith("Error") else f"{word}Error"

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.status}, {self.message!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args), self.__dict__.copy()


class _FamilyError(HttpError):
    """An error whose class is its status; the message comes first."""

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        details: Any = None,
        headers: Mapping[str, str] | None = None,
        expose: bool | None = None,
    ) -> None:
        super().__init__(type(self).status, message, code=code, details=details, headers=headers, expose=expose)


class HttpErrors:
    """The family of HTTP errors, a class for every registered status: ``raise HttpErrors.NotFound("No todo")``."""

    class BadRequest(_FamilyError):
        """400 Bad Request."""

        status = 400

    class Unauthorized(_FamilyError):
        """401 Unauthorized."""

        status = 401

    class PaymentRequired(_FamilyError):
        """402 Payment Required."""

        status = 402

    class Forbidden(_FamilyError):
        """403 Forbidden."""

        status = 403

    class NotFound(_FamilyError):
        """404 Not Found."""

        status = 404

    class MethodNotAllowed(_FamilyError):
        """405 Method Not Allowed."""

        status = 405

    class NotAcceptable(_FamilyError):
        """406 Not Acceptable."""

        status = 406

    class ProxyAuthenticationRequired(_FamilyError):
        """407 Proxy Authentication Required."""

        status = 407

    class RequestTimeout(_FamilyError):
        """408 Request Timeout."""

        status = 408

    class Conflict(_FamilyError):
        """409 Conflict."""

        status = 409

    class Gone(_FamilyError):
        """410 Gone."""

        status = 410

    class LengthRequired(_FamilyError):
        """411 Length Required."""

        status = 411

    class PreconditionFailed(_FamilyError):
        """412 Precondition Failed."""

        status = 412

    class PayloadTooLarge(_FamilyError):
        """413 Payload Too Large."""

        status = 413

    class URITooLong(_FamilyError):
        """414 URI Too Long."""

        status = 414

    class UnsupportedMediaType(_FamilyError):
        """415 Unsupported Media Type."""

        status = 415

    class RangeNotSatisfiable(_FamilyError):
        """416 Range Not Satisfiable."""

        status = 416

    class ExpectationFailed(_FamilyError):
        """417 Expectation Failed."""

        status = 417

    class ImATeapot(_FamilyError):
        """418 I'm a Teapot."""

        status = 418

    class MisdirectedRequest(_FamilyError):
        """421 Misdirected Request."""

        status = 421

    class UnprocessableEntity(_FamilyError):
        """422 Unprocessable Entity."""

        status = 422

    class Locked(_FamilyError):
        """423 Locked."""

        status = 423

    class FailedDependency(_FamilyError):
        """424 Failed Dependency."""

        status = 424

    class TooEarly(_FamilyError):
        """425 Too Early."""

        status = 425

    class UpgradeRequired(_FamilyError):
        """426 Upgrade Required."""

        status = 426

    class PreconditionRequired(_FamilyError):
        """428 Precondition Required."""

        status = 428

    class TooManyRequests(_FamilyError):
        """429 Too Many Requests."""

        status = 429

    class RequestHeaderFieldsTooLarge(_FamilyError):
        """431 Request Header Fields Too Large."""

        status = 431

    class UnavailableForLegalReasons(_FamilyError):
        """451 Unavailable For Legal Reasons."""

        status = 451

    class InternalServerError(_FamilyError):
        """500 Internal Server Error."""

        status = 500

    class NotImplemented(_FamilyError):  # noqa: A001  # reached through the family only
        """501 Not Implemented."""

        status = 501

    class BadGateway(_FamilyError):
        """502 Bad Gateway."""

        status = 502

    class ServiceUnavailable(_FamilyError):
        """503 Service Unavailable."""

        status = 503

    class GatewayTimeout(_FamilyError):
        """504 Gateway Timeout."""

        status = 504

    class HTTPVersionNotSupported(_FamilyError):
        """505 HTTP Version Not Supported."""

        status = 505

    class VariantAlsoNegotiates(_FamilyError):
        """506 Variant Also Negotiates."""

        status = 506

    class InsufficientStorage(_FamilyError):
        """507 Insufficient Storage."""

        status = 507

    class LoopDetected(_FamilyError):
        """508 Loop Detected."""

        status = 508

    class NotExtended(_FamilyError):
        """510 Not Extended."""

        status = 510

    class NetworkAuthenticationRequired(_FamilyError):
        """511 Network Authentication Required."""

        status = 511

    UriTooLong = URITooLong
    ContentTooLarge = PayloadTooLarge
    UnprocessableContent = UnprocessableEntity
    HttpVersionNotSupported = HTTPVersionNotSupported


_BY_STATUS: dict[int, type[HttpError]] = {
    member.status: member
    for member in vars(HttpErrors).values()
    if isinstance(member, type) and issubclass(member, HttpError)
}


def http_error_class(status: int) -> type[HttpError] | None:
    """The class of the family for a status, ``None`` for one that is not registered."""
    return _BY_STATUS.get(status)
