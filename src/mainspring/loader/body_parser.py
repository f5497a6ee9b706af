"""``body_parser.json()`` and its siblings: middleware that parses bodies of a type where it stands.

The handler needs none of them. They refuse what is malformed at once, and let later middleware look at ``ctx.body``.
"""

from typing import Any
from urllib.parse import parse_qsl

from mainspring.http import HttpErrors, parse_media_type, parse_size
from mainspring.rest import (
    JsonBodyParser,
    RawBodyParser,
    RequestContext,
    TextBodyParser,
    UrlEncodedBodyParser,
)

__all__ = ["body_parser"]


class _ParsesBody:
    """A middleware that parses bodies by a parser of rest.

    Args:
        parser: The parser.
        limit: The size of a body, as ``"100kb"``; that of the server by default.
    """

    def __init__(self, parser: Any, limit: int | str | None) -> None:
        self._parser = parser
        self._limit = None if limit is None else parse_size(limit)
        self.__qualname__ = f"body_parser.{parser.name}"

    async def __call__(self, ctx: RequestContext) -> None:
        request = ctx.request
        media_type = parse_media_type(request.content_type() or "")
        if request.parsed is not None or media_type is None or not self._parser.supports(media_type.essence):
            return
        if self._limit is not None:
            request.reading.limit = self._limit
        if await request.body():
            request.parsed = (await self._parser.parse(request), self._parser.name)


class _StrictJson(JsonBodyParser):
    """JSON that is an object or a list."""

    async def parse(self, request: Any) -> Any:
        """The value.

        Raises:
            HttpError: 400 for what is no JSON, or a bare value.
        """
        value = await super().parse(request)
        if not isinstance(value, dict | list):
            raise HttpErrors.BadRequest(
                "The request body is malformed: it must be an object or a list.", code="MALFORMED_BODY"
            )
        return value


class _FlatForm(UrlEncodedBodyParser):
    """Fields by their names as they are, brackets included."""

    async def parse(self, request: Any) -> dict[str, Any]:
        """The fields: texts, lists for repeated names.

        Raises:
            HttpError: 400 for bytes that are no text.
        """
        try:
            text = (await request.body()).decode()
        except UnicodeDecodeError as error:
            message = f"The request body is malformed: its bytes are no utf-8 at position {error.start}."
            raise HttpErrors.BadRequest(message, code="MALFORMED_BODY") from error
        found: dict[str, Any] = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            if name not in found:
                found[name] = value
            elif isinstance(found[name], list):
                found[name].append(value)
            else:
                found[name] = [found[name], value]
        return found


class _BodyParsers:
    """The family ``body_parser.json, .urlencoded, .text, .raw``."""

    def json(self, limit: int | str | None = None, strict: bool = False) -> Any:
        """Parse JSON; ``strict`` accepts objects and lists only."""
        return _ParsesBody(_StrictJson() if strict else JsonBodyParser(), limit)

    def urlencoded(self, extended: bool = True, limit: int | str | None = None) -> Any:
        """Parse plain forms; ``extended`` makes nested values of brackets."""
        return _ParsesBody(UrlEncodedBodyParser() if extended else _FlatForm(), limit)

    def text(self, limit: int | str | None = None) -> Any:
        """Decode ``text/*``."""
        return _ParsesBody(TextBodyParser(), limit)

    def raw(self, limit: int | str | None = None) -> Any:
        """Read the bytes of ``application/octet-stream``."""
        return _ParsesBody(RawBodyParser(), limit)


body_parser = _BodyParsers()
"""The middleware `body_parser.json()`, `.urlencoded()`, `.text()` and `.raw()`."""
