"""The global error handler: what has the last word about every error, and can be replaced by a subclass."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from mainspring.loader.stage_kinds import name_of
from mainspring.openapi.codecs import decode_json
from mainspring.rest import RequestContext, Response
from mainspring.rest.heads import CONTENT_TYPE
from mainspring.rest.problems import problem_of, problem_reply

__all__ = ["GlobalErrorHandler", "last_handler"]

#: What says something of the result that is not sent.
_NOT_OF_ERRORS = ("content-type", "content-length", "etag", "last-modified")


class GlobalErrorHandler:
    """Answers every error that nothing else has handled, in the error format of the server (RFC 9457 by default).

    A subclass, given as the setting ``error_handler`` or to ``use``, replaces it. It is made by the container.
    """

    async def handle(self, error: Exception, ctx: RequestContext) -> Any:
        """The answer to an error.

        Args:
            error: The error.
            ctx: The request.

        Returns:
            The body; the status is that of the error unless this method sets ``ctx.response.status``. The default
            answer is a `Response` whose body is a mapping, which a subclass may change.
        """
        problem = problem_of(error)
        reply = problem_reply(ctx.exchange, problem)
        content_type = dict(reply.headers)[CONTENT_TYPE].decode("latin-1")
        body: Any = decode_json(reply.body) if "json" in content_type else reply.body
        own = ctx.response.headers
        for name in _NOT_OF_ERRORS:
            if name in own:
                del own[name]
        status = ctx.response.given_status or problem.status
        answer: Response[Any] = Response(body, status, {"X-Content-Type-Options": "nosniff"}, content_type)
        for field, value in problem.headers:
            answer.headers.append(field.decode("latin-1"), value.decode("latin-1"))
        return answer


def last_handler(cls: type[GlobalErrorHandler]) -> Callable[[RequestContext, Exception], Awaitable[Any]]:
    """What the pipeline asks last: a handler class.

    Raises:
        TypeError: It is no such class.
    """
    if not isinstance(cls, type) or not issubclass(cls, GlobalErrorHandler):
        raise TypeError(f"An error handler is a subclass of GlobalErrorHandler, not {name_of(cls)}.")

    async def handle(ctx: RequestContext, error: Exception) -> Any:
        del ctx.response.status  # what a handler set for its own result says nothing of the error
        body: Any = (await ctx.get(cls)).handle(error, ctx)
        if inspect.isawaitable(body):
            body = await body
        if isinstance(body, Response):
            return body
        if ctx.response.given_status is None:
            ctx.response.status = problem_of(error).status
        return body

    return handle
