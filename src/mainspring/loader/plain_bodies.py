"""The plain value of a request's body, parsed once for everybody who looks at it before the handler does."""

from typing import Any

from mainspring.http import HttpErrors, parse_media_type
from mainspring.openapi.parameters import MISSING
from mainspring.rest import RequestContext

__all__ = ["plain_body"]


async def plain_body(ctx: RequestContext) -> tuple[Any, bool]:
    """The value, ``MISSING`` without a body, and whether it consists of texts only, as forms do.

    Raises:
        HttpError: 400 for what is malformed, 413 beyond the limit, 415 for a type that nothing reads.
    """
    request = ctx.request
    if request.parsed is None:
        data = await request.body()
        if not data:
            return MISSING, False
        media_type = parse_media_type(request.content_type() or "application/json")
        parser = None
        if media_type is not None:
            parser = await ctx.exchange.plan.parsers.find(request, media_type.essence)
        if parser is None:
            message = f"The media type {request.content_type()!r} is not supported: there is no parser for it."
            raise HttpErrors.UnsupportedMediaType(message, code="UNSUPPORTED_MEDIA_TYPE")
        request.parsed = (await parser.parse(request), parser.name)
    value, name = request.parsed
    return value, name in ("urlencoded", "multipart")
