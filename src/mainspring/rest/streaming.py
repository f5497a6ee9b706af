"""Results that are produced piece by piece: iterators, generators and files, as an async iterator of bytes.

Plain iterators and files are advanced in a worker thread. What the pieces are worth (records, array elements, events)
follows from the media type. Sending them is not done here.
"""

import asyncio
import contextvars
import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

from mainspring.rest.errors import UnserializableError

__all__ = ["CHUNK", "ItemEncoder", "Pieces", "encoder_for", "in_thread", "is_stream", "items_of", "pieces"]

#: Bytes read from a file at once: large enough to make the hand-over between threads cheap, small enough to hold many.
CHUNK = 64 * 1024

ItemEncoder = Callable[[Any], bytes]


def is_stream(value: Any) -> bool:
    """Whether a result is produced piece by piece: an iterator of either sort, or an open file."""
    kind = type(value)
    return hasattr(kind, "__anext__") or hasattr(kind, "__next__") or callable(getattr(kind, "read", None))


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Call a plain function in a worker thread, with the caller's context variables."""
    loop = asyncio.get_running_loop()
    context = contextvars.copy_context()
    return await loop.run_in_executor(None, functools.partial(context.run, function, *args))


def items_of(value: Any) -> AsyncIterator[Any]:
    """The items of a stream, asked for one at a time."""
    if hasattr(type(value), "__anext__"):
        return value  # type: ignore[no-any-return]  # it is one
    read = getattr(value, "read", None)
    return _FileItems(value, read) if callable(read) else _ThreadItems(value)


class _ThreadItems:
    """A plain iterator, advanced in a worker thread."""

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator
        # One context for all steps: a generator may set a variable in one and reset it in the next.
        self._context = contextvars.copy_context()
        self._busy: asyncio.Future[Any] | None = None

    def __aiter__(self) -> "_ThreadItems":
        return self

    async def __anext__(self) -> Any:
        loop = asyncio.get_running_loop()
        step = functools.partial(self._context.run, next, self._iterator, _END)
        self._busy = loop.run_in_executor(None, step)
        item = await asyncio.shield(self._busy)
        if item is _END:
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        """Close it, after the step under way: a generator cannot be closed while it runs."""
        close = getattr(self._iterator, "close", None)
        if self._busy is not None and not self._busy.done():
            await asyncio.wait([self._busy])
        if close is not None:
            await asyncio.get_running_loop().run_in_executor(None, functools.partial(self._context.run, close))


class _FileItems:
    """An open file, read chunk by chunk; closed at the end. ``read`` may be asynchronous."""

    def __init__(self, file: Any, read: Callable[[int], Any]) -> None:
        self._file = file
        self._read = read
        self._is_async = inspect.iscoroutinefunction(read)

    def __aiter__(self) -> "_FileItems":
        return self

    async def __anext__(self) -> Any:
        data = await (self._read(CHUNK) if self._is_async else in_thread(self._read, CHUNK))
        if not data:
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        """Close the file."""
        close = getattr(self._file, "close", None)
        if close is not None:
            closing = close() if self._is_async else in_thread(close)
            if isinstance(closing, Awaitable):
                await closing


_END = object()


def encoder_for(media_type: str, encode: Callable[[Any], bytes], operation: str) -> ItemEncoder:
    """How an item of a stream of this media type is written; ``encode`` writes a value as JSON."""
    from mainspring.rest.events import encode_event  # noqa: PLC0415 - few responses are events

    if media_type == "text/event-stream":
        return functools.partial(encode_event, encode=encode)
    if media_type == "application/x-ndjson":
        return _raw_or(lambda item: encode(item) + b"\n")
    if media_type == "application/json-seq":
        return _raw_or(lambda item: b"\x1e" + encode(item) + b"\n")

    def refuse(item: Any) -> bytes:
        reason = (
            "a stream has bytes or text, or the operation declares application/x-ndjson or another type for records"
        )
        raise UnserializableError(operation, type(item).__name__, reason)

    return _raw_or(refuse)


def _raw_or(otherwise: ItemEncoder) -> ItemEncoder:
    def encoded(item: Any) -> bytes:
        if isinstance(item, str):
            return item.encode()
        if isinstance(item, bytes | bytearray | memoryview):
            return bytes(item)
        return otherwise(item)

    return encoded


class Pieces:
    """The pieces of a body, made of what another iterator gives, which is closed along with it.

    A generator that nobody has asked for anything runs nothing when it is closed: its source would stay open.

    Args:
        made: Gives the pieces.
        source: What they are made of.
    """

    __slots__ = ("_made", "_source")

    def __init__(self, made: AsyncGenerator[bytes, None], source: Any) -> None:
        self._made = made
        self._source = source

    def __aiter__(self) -> "Pieces":
        return self

    def __anext__(self) -> Awaitable[bytes]:
        return self._made.__anext__()

    async def aclose(self) -> None:
        """Close both."""
        await self._made.aclose()
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()


def pieces(value: Any, encode_item: ItemEncoder, *, array: bool = False, first: Any = _END) -> Pieces:
    """The bytes of a stream.

    Args:
        value: The iterator of items.
        encode_item: Writes one.
        array: Whether the items are put together to one JSON array.
        first: An item that was taken from the iterator already.
    """
    return Pieces(_encoded(value, encode_item, array=array, first=first), value)


async def _encoded(value: Any, encode_item: ItemEncoder, *, array: bool, first: Any) -> AsyncGenerator[bytes, None]:
    started = False
    if array:
        yield b"["
    if first is not _END:
        started = True
        yield encode_item(first)
    async for item in value:
        data = encode_item(item)
        yield b"," + data if array and started else data
        started = True
    if array:
        yield b"]"


async def first_item(items: AsyncIterator[Any]) -> Any:
    """The first item, or `NOTHING` when there is none."""
    try:
        return await anext(items)
    except StopAsyncIteration:
        return _END


#: What `first_item` gives of an empty stream.
NOTHING = _END
