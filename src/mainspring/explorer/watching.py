"""The stream of a page: all there is, and from then on what changes, a few times a second at most.

While a page is open, numbers that every change of a context moves are compared now and then: tags, scopes and sources
change without an event of a context, and a context that nobody subscribes to is the faster one. What a stream keeps
between two looks is plain data, so it holds no context, and nothing is left of it when it ends.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from mainspring.explorer.picture import Picture, Row
from mainspring.rest.events import ServerSentEvent

__all__ = ["PAUSE", "watch"]

#: Seconds between two looks: soon enough to be called live, seldom enough for a page with thousands of rows.
PAUSE = 0.3

#: Rows of the first message, more than any screen shows, so that a page is drawn before the others are made; and of the
#: others, some 4 ms of work each, between which others get their turn.
_FIRST, _BATCH = 80, 250


async def watch(picture: Picture) -> AsyncIterator[ServerSentEvent]:
    """Events: ``begin``, ``contexts``, ``rows`` (added or changed), ``gone``, and ``ready`` when all has been told."""
    told = _Told()
    yield _event("begin", picture.head)
    changes: Any = None
    while True:
        now = picture.changes()
        if now != changes:
            for event in told.contexts_of(picture):
                yield event
            async for event in told.bindings_of(picture):
                yield event
            if changes is None:
                yield _event("ready", {})
            changes = now
        await asyncio.sleep(PAUSE)


class _Told:
    """What a page has been told."""

    def __init__(self) -> None:
        self._contexts: list[dict[str, Any]] | None = None
        self._rows: dict[tuple[int, str], tuple[Row, object]] = {}

    def contexts_of(self, picture: Picture) -> Iterator[ServerSentEvent]:
        contexts = picture.contexts()
        if contexts != self._contexts:
            self._contexts = contexts
            yield _event("contexts", contexts)

    async def bindings_of(self, picture: Picture) -> AsyncIterator[ServerSentEvent]:
        keys = picture.keys()
        gone = self._rows.keys() - set(keys)
        if gone:
            self._rows = {key: row for key, row in self._rows.items() if key not in gone}
            yield _event("gone", sorted(gone))
        size = _BATCH if self._rows else _FIRST
        while keys:
            batch, keys = keys[:size], keys[size:]
            size = _BATCH
            news = [each for each in picture.rows(batch) if self._rows.get(each[0][:2]) != each]
            self._rows |= {row[:2]: (row, epoch) for row, epoch in news}
            if news:
                yield _event("rows", [row for row, _ in news])
            await asyncio.sleep(0)


def _event(name: str, data: Any) -> ServerSentEvent:
    # As ASCII: a key may hold what is no text in UTF-8.
    return ServerSentEvent(json.dumps(data, separators=(",", ":")), event=name)
