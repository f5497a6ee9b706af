"""Body parsers: from the bytes of a body to plain data. Which one is asked is decided elsewhere."""

from typing import Annotated, Any, Protocol

import msgspec

from mainspring.context import inject
from mainspring.http import HttpErrors, parse_media_type
from mainspring.http.media import is_json
from mainspring.rest.bodies import codec_of_charset, json_value, malformed_body
from mainspring.rest.keys import RestBindings
from mainspring.rest.requests import Request

__all__ = [
    "BUILT_IN_NAMES",
    "BUILT_IN_PARSERS",
    "BodyParser",
    "JsonBodyParser",
    "MsgPackBodyParser",
    "MultipartBodyParser",
    "Parsers",
    "RawBodyParser",
    "StreamBodyParser",
    "TextBodyParser",
    "UrlEncodedBodyParser",
    "context_of",
]

ParserOptions = Annotated[Any, inject(RestBindings.REQUEST_BODY_PARSER_OPTIONS, optional=True)]


class BodyParser(Protocol):
    """What a parser has. Nothing needs to inherit from it."""

    name: str

    def supports(self, media_type: str) -> bool:
        """Whether it reads bodies of this type (in lower case, without parameters)."""
        ...

    async def parse(self, request: Request) -> Any:
        """The plain value of the body; ``await request.body()`` gives its bytes."""
        ...


class JsonBodyParser:
    """``application/json``, ``text/json`` and every ``+json``."""

    name = "json"

    def __init__(self, options: ParserOptions = None) -> None:
        self.options = options

    def supports(self, media_type: str) -> bool:
        """Whether values of the type are JSON."""
        parsed = parse_media_type(media_type)
        return parsed is not None and is_json(parsed)

    async def parse(self, request: Request) -> Any:
        """The JSON value.

        Raises:
            HttpError: 400, with reason and position.
        """
        return json_value(await request.body())


class UrlEncodedBodyParser:
    """``application/x-www-form-urlencoded``."""

    name = "urlencoded"

    def __init__(self, options: ParserOptions = None) -> None:
        self.options = options

    def supports(self, media_type: str) -> bool:
        """Whether it is the type of plain forms."""
        return media_type == "application/x-www-form-urlencoded"

    async def parse(self, request: Request) -> Any:
        """The fields: texts, lists for repeated names, nested mappings for brackets."""
        form = await request.form()
        return form.tree()


class MultipartBodyParser:
    """``multipart/form-data``."""

    name = "multipart"

    def __init__(self, options: ParserOptions = None) -> None:
        self.options = options

    def supports(self, media_type: str) -> bool:
        """Whether it is the type of forms with files."""
        return media_type == "multipart/form-data"

    async def parse(self, request: Request) -> Any:
        """The fields and files."""
        form = await request.form()
        return form.tree()


class TextBodyParser:
    """``text/*``."""

    name = "text"

    def __init__(self, options: ParserOptions = None) -> None:
        self.options = options

    def supports(self, media_type: str) -> bool:
        """Whether it is a type of text."""
        return media_type.startswith("text/")

    async def parse(self, request: Request) -> str:
        """The text, decoded by the ``charset`` of its type (UTF-8 without one).

        Raises:
            HttpError: 415 for an unknown charset, 400 for bytes that do not decode.
        """
        media_type = parse_media_type(request.content_type() or "text/plain")
        charset = (media_type.charset if media_type is not None else None) or "utf-8"
        codec = codec_of_charset(charset)
        if codec is None:
            message = f"The charset {charset!r} is not supported; send utf-8."
            raise HttpErrors.UnsupportedMediaType(message, code="UNSUPPORTED_MEDIA_TYPE")
        try:
            return (await request.body()).decode(codec)
        except UnicodeDecodeError as error:
            raise malformed_body(f"its bytes are no {charset}", error.start) from error


class MsgPackBodyParser:
    """``application/msgpack``, ``application/x-msgpack`` and every ``+msgpack``."""

    name = "msgpack"

    def __init__(self, options: ParserOptions = None) -> None:
        self.options = options

    def supports(self, media_type: str) -> bool:
        """Whether values of the type are packed."""
        return media_type in ("application/msgpack", "application/x-msgpack") or media_type.endswith("+msgpack")

    async def parse(self, request: Request) -> Any:
        """The unpacked value.

        Raises:
            HttpError: 400 for what does not unpack.
        """
        try:
            return msgspec.msgpack.decode(await request.body())
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise malformed_body(str(error) or "it nests too deeply") from error


class StreamBodyParser:
    """Nothing by itself: named by an operation, it hands over the unread request."""

    name = "stream"

    def supports(self, media_type: str) -> bool:
        """Never: a stream is asked for by name."""
        return media_type is None

    async def parse(self, request: Request) -> Request:
        """The request, unread."""
        return request


class RawBodyParser:
    """``application/octet-stream`` and, named by an operation, everything: the bytes as they are."""

    name = "raw"

    def __init__(self, options: ParserOptions = None) -> None:
        self.options = options

    def supports(self, media_type: str) -> bool:
        """Whether it is bytes and nothing more."""
        return media_type == "application/octet-stream"

    async def parse(self, request: Request) -> bytes:
        """The bytes."""
        return await request.body()


BUILT_IN_PARSERS: tuple[type[Any], ...] = (
    JsonBodyParser,
    UrlEncodedBodyParser,
    MultipartBodyParser,
    TextBodyParser,
    MsgPackBodyParser,
    StreamBodyParser,
    RawBodyParser,
)
"""In the order in which they are asked, after those of the program."""

BUILT_IN_NAMES = {cls.name: cls for cls in BUILT_IN_PARSERS}


class Parsers:
    """The body parsers of a server: those of the program first, each a key to resolve, then the built-in ones.

    Args:
        own: Keys of the program's parsers, in order of registration.
        built_in: The built-in classes that are still bound.
    """

    def __init__(self, own: list[str], built_in: list[type[Any]]) -> None:
        self._own = own
        self._built_in = built_in
        self.reads_json_itself = not own and JsonBodyParser in built_in

    async def find(self, request: Request, essence: str) -> Any:
        """The first parser that reads this media type; ``None`` when none does."""
        context = context_of(request)
        for key in self._own:
            parser = await context.get(key)
            if parser.supports(essence):
                return parser
        for cls in self._built_in:
            parser = cls()
            if parser.supports(essence):
                return parser
        return None

    async def named(self, request: Request, name: str) -> Any:
        """The parser of a name."""
        context = context_of(request)
        for key in self._own:
            parser = await context.get(key)
            if parser.name == name:
                return parser
        cls = BUILT_IN_NAMES.get(name)
        return cls() if cls is not None else None


def context_of(request: Request) -> Any:
    """The context a parser is made in."""
    return request.exchange.plan.context_of(request.exchange)
