"""Server-sent events (the HTML standard, section 9.2.5): one event to bytes. When they are sent is not decided here."""

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

__all__ = ["PING", "ServerSentEvent", "encode_event"]

_BREAK = r"\r\n|\r|\n"

#: A comment line: keeps proxies from closing an idle connection, and tells us when the client is gone.
PING = b": ping\n\n"


class ServerSentEvent(Struct, frozen=True):
    """One event.

    Attributes:
        data: Text, split over lines as need be, or a value that is sent as JSON; ``None`` sends no data.
        event: The name clients listen to.
        id: What a client that comes back says in ``Last-Event-ID``.
        retry: Milliseconds after which clients come back.
        comment: Text that clients ignore.

    Raises:
        ValueError: ``event`` or ``id`` has a line break, which would end the field.
    """

    data: Any = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("event", self.event), ("id", self.id)):
            if value is not None and (re.search(_BREAK, str(value)) or (name == "id" and "\0" in str(value))):
                raise ValueError(
                    f"The {name} of an event has no line break or NUL, as {value!r} does; put it in the data."
                )


def encode_event(item: Any, *, encode: Callable[[Any], bytes]) -> bytes:
    """An item of a stream as an event: a text or value is its data."""
    event = item if isinstance(item, ServerSentEvent) else ServerSentEvent(_text(item))
    lines: list[str] = []
    if event.comment is not None:
        lines += [f": {line}" for line in re.split(_BREAK, event.comment)]
    if event.event is not None:
        lines.append(f"event: {event.event}")
    if event.id is not None:
        lines.append(f"id: {event.id}")
    if event.retry is not None:
        lines.append(f"retry: {int(event.retry)}")
    if event.data is not None:
        data = _text(event.data)
        text = data if isinstance(data, str) else encode(data).decode()
        lines += [f"data: {line}" for line in re.split(_BREAK, text)]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n"


def _text(value: Any) -> Any:
    return bytes(value).decode() if isinstance(value, bytes | bytearray | memoryview) else value
