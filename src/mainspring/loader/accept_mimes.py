"""Refusing requests that accept nothing of what there is, before anything is done for them."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from mainspring.http import HttpErrors, negotiate, parse_media_type
from mainspring.loader.stage_decorators import NotedStage, note_stages
from mainspring.rest import RequestContext

__all__ = ["GlobalAcceptMimes", "accept_mimes"]

T = TypeVar("T")

SETTING = "loader.settings#accept_mimes"


class GlobalAcceptMimes:
    """Middleware: 406 unless the request accepts one of the setting ``accept_mimes``."""

    async def use(self, ctx: RequestContext) -> None:
        """Look at ``Accept`` (RFC 9110 section 12.5.1).

        Raises:
            HttpError: 406, with the types there are.
        """
        types = await ctx.get(SETTING, optional=True)
        check_accept(ctx, [types] if isinstance(types, str) else list(types or ("application/json",)))


def check_accept(ctx: RequestContext, types: Sequence[str]) -> None:
    """Refuse a request that accepts none of these types.

    Raises:
        HttpError: 406, with the types.
    """
    accept = ", ".join(ctx.request.headers.getlist("accept"))
    if accept and negotiate(accept, types) is None:
        raise HttpErrors.NotAcceptable(f"None of the accepted media types is available: {', '.join(types)}.")


def accept_mimes(*types: str) -> Callable[[T], T]:
    """Refuse requests for an operation, or for all of a controller, that accept none of these types.

    Raises:
        ValueError: One of them is no media type.
        TypeError: It is no text.
    """
    if not types:
        raise TypeError("@accept_mimes() names no media type: give it one.")
    for each in types:
        if not isinstance(each, str):
            raise TypeError(f"@accept_mimes takes media types such as 'application/json', not {each!r}.")
        if parse_media_type(each) is None:
            raise ValueError(f"@accept_mimes: {each!r} is no media type; write it as 'application/json'.")

    def check(ctx: RequestContext) -> None:
        check_accept(ctx, types)

    check.__qualname__ = f"accept_mimes({', '.join(types)})"
    stage = NotedStage(check, {})

    def decorate(target: T) -> T:
        note_stages(target, "accept_mimes", "before", (stage,))
        return target

    return decorate
