"""What the server logs of requests that failed. Text of requests is escaped: it must not end a line of the log."""

import contextlib
import logging
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

__all__ = ["WRITER", "RequestLogger", "escaped", "log_error", "log_failure", "was_logged"]

logger = logging.getLogger("mainspring.rest.requests")

#: What writes the records of the request under way, where that is not the logger of requests itself.
WRITER: ContextVar[logging.Logger | None] = ContextVar("mainspring.rest.writer", default=None)


class RequestLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger whose records carry the id of a request as ``req_id``."""

    def __init__(self, request_id: str) -> None:
        super().__init__(WRITER.get() or logging.getLogger("mainspring.request"), {"req_id": request_id})

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the id to what a call gives as ``extra``."""
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return msg, kwargs


def escaped(text: str) -> str:
    """The text with everything but printable ASCII escaped."""
    return text.encode("unicode_escape").decode("ascii")


def log_error(error: BaseException, status: int, request: Any) -> None:
    """The default action for rejected errors: server errors with traceback, client errors for who looks closely."""
    line = f"Request {escaped(request.method)} {escaped(request.raw_path)} failed with status code {status}"
    extra = {"request_id": request.exchange.request_id}
    if status >= 500 and not getattr(error, "is_fault_of_client", False):
        logger.error(line, exc_info=error, extra=extra)
        with contextlib.suppress(AttributeError):  # a class of errors may have no room for it
            error.__mainspring_logged__ = True  # type: ignore[attr-defined]  # see `was_logged`
    elif logger.isEnabledFor(logging.DEBUG):
        logger.debug("%s: %s", line, escaped(str(error)), extra=extra)


def was_logged(error: BaseException | None) -> bool:
    """Whether an error was logged here before it was handed to somebody else, who need not do it again."""
    return getattr(error, "__mainspring_logged__", False)


def log_failure(what: str, error: BaseException) -> None:
    """Log that a part of the server itself failed."""
    logger.error("%s failed.", what, exc_info=error)
