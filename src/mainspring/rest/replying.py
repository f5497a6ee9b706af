"""From what a handler returned to a reply: which status, which media type, which bytes. Sending it is not done here.

What can be known of an operation beforehand (`ReplyPlan`) is worked out once; the common result, a JSON value with
nothing else said, takes the short way.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from mainspring.context.awaitables import is_awaitable
from mainspring.http import HttpErrors, ResponseHeaders, negotiate
from mainspring.http.media import is_json, parse_media_type
from mainspring.openapi.kinds import is_nullable
from mainspring.openapi.parameters import MISSING
from mainspring.rest.called import is_called, result_of_call
from mainspring.rest.errors import UnserializableError
from mainspring.rest.exchange import Exchange, Header, Reply
from mainspring.rest.heads import CONTENT_LENGTH, CONTENT_TYPE, merged
from mainspring.rest.responses import FileResponse, Response
from mainspring.rest.sending import WatchDisconnect, close_iterator
from mainspring.rest.streaming import NOTHING, ItemEncoder, encoder_for, first_item, is_stream, items_of, pieces
from mainspring.rest.writing import JSON_TYPE, OCTETS, TEXT, body_lines, text_type

__all__ = ["ReplyPlan", "ResultCheck", "check_acceptable", "json_reply", "reply_to"]

JSON, TEXTUAL, BINARY, NONE, STREAM, RESPONSE, REPLY, LATE = range(8)

_KINDS: tuple[tuple[tuple[type, ...], int], ...] = (
    ((type(None),), NONE),
    ((str,), TEXTUAL),
    ((bytes, bytearray, memoryview), BINARY),
    ((Response,), RESPONSE),
    ((Reply,), REPLY),
)
ResultCheck = Callable[[int, str | None, Any, bytes], None]
"""Called with the status, the media type, the result and its bytes.

Raises:
    InvalidResultError: It does not fit.
"""

_NOT_MODIFIED_KEEPS = (b"etag", b"cache-control", b"expires", b"vary", b"set-cookie", b"last-modified", b"date")


class ReplyPlan:
    """What is known of an operation's replies before any request.

    Args:
        name: The operation, for messages.
        encode: Writes a result as JSON, by the declared return type.
        returns: The return annotation.
        statuses: The declared statuses with their media types, in order.
        check: Called with each result that is text or JSON, where results are validated.
    """

    __slots__ = ("check", "encode", "media", "name", "null_as_json", "status", "types")

    def __init__(
        self,
        name: str,
        encode: Callable[[Any], bytes],
        returns: Any = MISSING,
        statuses: Mapping[int, tuple[str, ...]] | None = None,
        check: ResultCheck | None = None,
    ) -> None:
        self.name = name
        self.encode = encode
        self.null_as_json = returns is not MISSING and returns is not None and is_nullable(returns)
        if returns is type(None):
            self.null_as_json = False
        good = {status: media for status, media in (statuses or {}).items() if 200 <= status < 300}
        self.status = next(iter(good)) if len(good) == 1 else None
        self.media = statuses or {}
        self.check = check
        self.types: dict[type, int] = {}

    def offered(self, status: int) -> tuple[str, ...]:
        """The media types declared for a status."""
        return self.media.get(status, ())


def check_acceptable(plan: ReplyPlan, exchange: Exchange) -> None:
    """Refuse a request that accepts none of what the operation can answer.

    Raises:
        HttpError: 406, with the available types.
    """
    offered = plan.offered(plan.status or 200)
    if not offered:
        return
    accept = _accept_of(exchange)
    if len(offered) > 1:
        exchange.vary = (*exchange.vary, "Accept")
    if accept is not None and negotiate(accept, offered) is None:
        exchange.vary = (*exchange.vary, "Accept")
        raise HttpErrors.NotAcceptable(f"None of the accepted media types is available: {', '.join(offered)}.")


def json_reply(exchange: Exchange, plan: ReplyPlan, value: Any) -> Reply | None:
    """The reply for a JSON value where nothing else was said; ``None`` for everything that takes `reply_to`.

    Raises:
        UnserializableError: The value cannot be written.
    """
    if plan.types.get(type(value)) != JSON or exchange.response is not None or plan.media or plan.check is not None:
        return None
    try:
        body = plan.encode(value)
    except Exception as error:
        raise _unserializable(plan, value, error) from error
    return Reply(plan.status or 200, [(CONTENT_TYPE, JSON_TYPE), (CONTENT_LENGTH, b"%d" % len(body))], body)


async def reply_to(exchange: Exchange, plan: ReplyPlan, value: Any) -> Reply:
    """The reply to a request for which the handler returned ``value``.

    Raises:
        UnserializableError: The value cannot be written.
    """
    kind = plan.types.get(type(value))
    if kind is None:
        kind = plan.types[type(value)] = _kind_of(value)
    if kind == REPLY:
        return _with_lines_set(exchange, value)
    if kind == RESPONSE:
        return await _from_response(exchange, plan, value)
    if kind == LATE:
        return await reply_to(exchange, plan, await (value if is_awaitable(value) else result_of_call(exchange, value)))
    if kind == STREAM:
        return await _streamed(exchange, plan, value, lambda: _set_by_hand(exchange))
    return _conditional(exchange, _compose(exchange, plan, value, kind, *_set_by_hand(exchange)))


_Given = tuple[int | None, list[Header]]


def _set_by_hand(exchange: Exchange) -> _Given:
    """The status and the lines that were set on the response in the making."""
    response = exchange.response
    return (None, []) if response is None else (response.given_status, list(response.header_lines))


async def _from_response(exchange: Exchange, plan: ReplyPlan, value: Response[Any]) -> Reply:
    from mainspring.rest.files import file_reply  # noqa: PLC0415 - few responses are files

    own = exchange.response
    if value is own:  # done by hand: status and headers, and nothing is added
        return Reply(value.status, [*value.header_lines, (CONTENT_LENGTH, b"0")], b"", value.background)
    if isinstance(value, FileResponse):
        reply = await file_reply(exchange, value, merged(_set_by_hand(exchange)[1], list(value.header_lines)))
    elif (kind := _kind_of(value.body)) == STREAM:
        reply = await _streamed(exchange, plan, value.body, lambda: _said_by(value, exchange))
    else:
        reply = _conditional(exchange, _compose(exchange, plan, value.body, kind, *_said_by(value, exchange)))
    reply.background = value.background
    return reply


def _with_lines_set(exchange: Exchange, reply: Reply) -> Reply:
    """A composed reply (a page, a file) with the lines that were set on the response in the making."""
    if exchange.response is not None:
        reply.headers = merged(_set_by_hand(exchange)[1], reply.headers)
    return reply


def _said_by(value: Response[Any], exchange: Exchange) -> _Given:
    """The status and the lines of a response, the latter over those set by hand."""
    lines = merged(_set_by_hand(exchange)[1], list(value.header_lines))
    if value.media_type is not None:
        lines = merged(lines, ResponseHeaders([("content-type", value.media_type)]).raw)
    return value.status, lines


def _compose(
    exchange: Exchange, plan: ReplyPlan, value: Any, kind: int, status: int | None, lines: list[Header]
) -> Reply:
    if kind == NONE and (not plan.null_as_json or status is not None):
        status = status or plan.status or 204
        return Reply(status, [*lines, (CONTENT_LENGTH, b"0")], b"")
    status = status or plan.status or 200
    media_type = _media_type(exchange, plan, status, lines)
    lines = [line for line in lines if line[0] != CONTENT_TYPE]
    body, content_type = _written(plan, value, kind, media_type)
    if plan.check is not None and kind != BINARY:
        plain = media_type or ("text/plain" if kind == TEXTUAL else "application/json")
        plan.check(status, plain, value, plan.encode(value))
    return Reply(status, merged(body_lines(content_type, len(body)), lines), body)


def _media_type(exchange: Exchange, plan: ReplyPlan, status: int, lines: list[Header]) -> str | None:
    """The media type that was set, or that is negotiated among the declared ones."""
    for name, value in lines:
        if name == CONTENT_TYPE:
            return value.decode("latin-1")
    offered: Sequence[str] = plan.offered(status)
    if not offered:
        return None
    if len(offered) > 1:
        exchange.vary = (*exchange.vary, "Accept")  # of another status than the one that was looked at before the call
        return negotiate(_accept_of(exchange), offered) or next(iter(offered))
    return next(iter(offered))


def _written(plan: ReplyPlan, value: Any, kind: int, media_type: str | None) -> tuple[bytes, bytes]:
    """Body and content type of a result that is there as a whole."""
    if media_type is None:
        if kind == TEXTUAL:
            return value.encode(), TEXT
        return (bytes(value), OCTETS) if kind == BINARY else (_encoded(plan, value), JSON_TYPE)
    parsed = parse_media_type(media_type)
    content_type = text_type(media_type)
    if kind == BINARY:
        return bytes(value), content_type
    if parsed is not None and is_json(parsed):
        return _encoded(plan, value), content_type
    if parsed is not None and ("msgpack" in (parsed.suffix, parsed.subtype.removeprefix("x-"))):
        return _packed(plan, value), content_type
    if kind == TEXTUAL:
        return value.encode(parsed.charset or "utf-8" if parsed is not None else "utf-8"), content_type
    if kind == NONE:
        return b"", content_type
    reason = f"{media_type} takes text or bytes; return one of them, or declare application/json"
    raise UnserializableError(plan.name, type(value).__name__, reason)


def _encoded(plan: ReplyPlan, value: Any) -> bytes:
    try:
        return plan.encode(value)
    except Exception as error:
        raise _unserializable(plan, value, error) from error


def _unserializable(plan: ReplyPlan, value: Any, error: Exception) -> UnserializableError:
    """A cycle, an open file, an unknown object: whatever the encoder says of it."""
    return UnserializableError(plan.name, type(value).__name__, (str(error) or type(error).__name__).rstrip("."))


def _packed(plan: ReplyPlan, value: Any) -> bytes:
    from msgspec import json, msgpack  # noqa: PLC0415 - few operations pack

    return msgpack.encode(json.decode(_encoded(plan, value)))


async def _streamed(exchange: Exchange, plan: ReplyPlan, value: Any, given: Callable[[], _Given]) -> Reply:
    """The reply with the items of a stream. Events begin at once, everything else with the first item.

    Args:
        exchange: The request.
        plan: What is known of the operation.
        value: The stream.
        given: Tells the status and the lines that were set until now: what makes the first item may set some.
    """
    items = items_of(value)
    head = _stream_head(exchange, plan, given())
    first = NOTHING
    if not head.has_events and exchange.method != "HEAD":
        try:
            async with WatchDisconnect(exchange):
                first = await first_item(items)
            head = _stream_head(exchange, plan, given())
            if first is not NOTHING:
                first = _Encoded(head.encode(first))  # a first item that cannot be written is an ordinary error
        except BaseException:
            await close_iterator(items)
            raise
    body = pieces(items, _pre_encoded(head.encode), array=head.is_array, first=first)
    ping = exchange.plan.sse_ping if head.has_events else None
    return _conditional(exchange, Reply(head.status, head.lines, body, ping=ping))


class _StreamHead(msgspec.Struct):
    """What comes before the items of a stream, and how they are written."""

    status: int
    lines: list[Header]
    encode: ItemEncoder
    is_array: bool
    has_events: bool


def _stream_head(exchange: Exchange, plan: ReplyPlan, given: _Given) -> _StreamHead:
    status, lines = given[0] or plan.status or 200, given[1]
    media_type = _media_type(exchange, plan, status, lines) or "application/octet-stream"
    parsed = parse_media_type(media_type)
    essence = parsed.essence if parsed is not None else media_type
    headers = merged([(CONTENT_TYPE, text_type(media_type))], [line for line in lines if line[0] != CONTENT_TYPE])
    is_array = parsed is not None and is_json(parsed) and essence != "application/json-seq"
    encode = plan.encode if is_array else encoder_for(essence, plan.encode, plan.name)
    has_events = essence == "text/event-stream"
    if has_events:
        headers = merged(headers, _EVENT_LINES)
    return _StreamHead(status, headers, encode, is_array, has_events)


class _Encoded:
    """An item that is bytes already."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


def _pre_encoded(encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    return lambda item: item.data if type(item) is _Encoded else encode(item)


_EVENT_LINES: list[Header] = [
    (CONTENT_TYPE, b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


def _conditional(exchange: Exchange, reply: Reply) -> Reply:
    """304 instead, when the client has what the handler tagged or dated."""
    if reply.status != 200 or exchange.method not in ("GET", "HEAD"):
        return reply
    etag = modified = None
    for name, value in reply.headers:
        if name == b"etag":
            etag = value.decode("latin-1")
        elif name == b"last-modified":
            modified = value.decode("latin-1")
    if etag is None and modified is None:
        return reply
    from mainspring.http import evaluate_preconditions, parse_http_date  # noqa: PLC0415 - few replies have a tag or date

    conditions = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in exchange.raw_headers
        if name in (b"if-none-match", b"if-modified-since")
    }
    date = None if modified is None else parse_http_date(modified)
    if not conditions or evaluate_preconditions("GET", conditions, etag=etag, last_modified=date) != 304:
        return reply
    kept = [line for line in reply.headers if line[0] in _NOT_MODIFIED_KEEPS]
    return Reply(304, kept, b"", dropped=None if type(reply.body) is bytes else reply.body)


def _kind_of(value: Any) -> int:
    for types, kind in _KINDS:
        if isinstance(value, types):
            return kind
    if is_stream(value):
        return STREAM
    return LATE if is_awaitable(value) or is_called(value) else JSON


def _accept_of(exchange: Exchange) -> str | None:
    found = [value.decode("latin-1") for name, value in exchange.raw_headers if name == b"accept"]
    return ", ".join(found) if found else None
