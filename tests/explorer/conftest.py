"""Applications with a context explorer, and what reads its stream."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from mainspring import RestApplication, inject, rest
from mainspring.explorer import ContextExplorerComponent

PATIENCE = 20.0


class Clock: ...


class Mailer:
    def __init__(self, clock: Clock, url: str = inject("mail.url")) -> None: ...


class Audit:
    now = inject.getter(Clock)

    def __init__(self, mailer: Mailer) -> None: ...


class OrderController:
    def __init__(self, mailer: Mailer, audit: Audit) -> None: ...

    @rest.get("/orders")
    async def orders(self, context: rest.RequestContext) -> list[str]:
        await context.get(Clock)
        return []


def shop(settings: dict[str, Any] | None = None, *, fill: Callable[[Any], Any] | None = None) -> RestApplication:
    """A small application that shows itself."""
    app = RestApplication({"name": "shop", "rest": {"port": 0}, "context_explorer": settings or {}})
    app.component(ContextExplorerComponent)
    app.bind("mail.url").to("smtp://me:pa55word@mail.example/")
    app.bind("orders.audit").to_alias("services.Audit")
    app.service(Clock)
    app.service(Mailer)
    app.service(Audit).in_scope("singleton")
    app.controller(OrderController)
    if fill is not None:
        fill(app)
    return app


class Stream:
    """The stream of a page, and what a page knows by it."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.head: dict[str, Any] = {}
        self.contexts: list[dict[str, Any]] = []
        self.rows: dict[tuple[int, str], list[Any]] = {}
        self.messages: list[tuple[str, Any]] = []

    async def next(self) -> tuple[str, Any]:
        """The next message."""
        event = ""
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if name == "event":
                    event = value
                elif name == "data":
                    self._take(event, json.loads(value))
                    return self.messages[-1]
        raise EOFError

    def _take(self, event: str, data: Any) -> None:
        self.messages.append((event, data))
        if event == "begin":
            self.head = data
        elif event == "contexts":
            self.contexts = data
        elif event == "rows":
            self.rows |= {(row[0], row[1]): row for row in data}
        elif event == "gone":
            for context, key in data:
                del self.rows[context, key]

    async def until(self, is_so: Callable[[], Any]) -> Any:
        """Read until something holds of what is known; gives what it gave."""
        while not (found := is_so()):
            await self.next()
        return found

    async def all(self) -> "Stream":
        """Read until all there is has been told."""
        await self.until(lambda: ("ready", {}) in self.messages)
        return self

    def row(self, key: str) -> list[Any] | None:
        """The row of a key, in whatever context."""
        return next((row for (_, name), row in self.rows.items() if name == key), None)


@pytest.fixture
def stream():
    """Opens the stream of a harness whose network is on."""

    @contextlib.asynccontextmanager
    async def opened(t: Any, path: str = "/context") -> AsyncIterator[Stream]:
        async with t.client.stream("GET", f"{path}/data/changes", timeout=PATIENCE) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            yield Stream(answer.aiter_lines())

    return opened
