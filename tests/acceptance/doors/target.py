"""What stands behind every door: one application with one of everything that HTTP can ask of it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

from mainspring import HttpErrors, RestApplication, rest
from mainspring.rest import (
    ClientDisconnected,
    FileResponse,
    Request,
    RequestContext,
    Response,
    ServerSentEvent,
    UploadFile,
    WebSocket,
    param,
    request_body,
    websocket,
)

LARGE = "A line of text that can be compressed.\n" * 3000
OCTETS: Any = {"application/octet-stream": {}}
STREAM: Any = {"application/octet-stream": {"x-parser": "stream", "x-limit": "1gb"}}
EVENTS: Any = {"responses": {"200": {"description": "Events.", "content": {"text/event-stream": {}}}}}


class Watch:
    """What a test waits for, and what it lets go on."""

    def __init__(self) -> None:
        self.entered, self.released, self.closed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.sent = 0
        self.notes: list[str] = []


class Thing(msgspec.Struct):
    """Something to decode."""

    name: str
    count: int = 1


class Controller:
    """One operation for each thing that is asked."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    # Answers

    @rest.get("/hello")
    async def hello(self) -> dict[str, str]:
        """An object."""
        return {"hello": "world"}

    @rest.get("/text")
    async def text(self) -> str:
        """A text beyond ASCII."""
        return "čaj"

    @rest.get("/nothing")
    async def nothing(self) -> None:
        """No body."""

    @rest.get("/large")
    async def large(self) -> str:
        """More than fits into a buffer."""
        return LARGE

    @rest.get("/items/{id}")
    async def item(self, id: int, q: str = "", tags: list[str] | None = None) -> list[Any]:
        """What the request line says."""
        return [id, q, tags]

    @rest.get("/names/{name}")
    async def name(self, name: str) -> str:
        """A path variable as it was meant."""
        return name

    @rest.get("/said")
    async def said(self, context: RequestContext, x_said: Annotated[str, param.header()] = "") -> dict[str, Any]:
        """What the head says."""
        request = context.request
        return {
            "said": x_said,
            "twice": request.headers.getlist("x-twice"),
            "cookie": request.cookies.get("c"),
            "scheme": request.scheme,
            "version": request.http_version,
            "url": context.requested_base_url,
            "query": request.query,
            "client": request.client is not None,
        }

    @rest.get("/cookies")
    async def cookies(self, response: Response) -> str:
        """Two header lines of one name."""
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return "set"

    @rest.get("/tagged")
    async def tagged(self, response: Response) -> str:
        """A validator of its own."""
        response.headers["ETag"] = '"v1"'
        response.headers["Cache-Control"] = "max-age=60"
        return "tagged"

    @rest.get("/download")
    async def download(self, path: str) -> FileResponse:
        """A file."""
        return FileResponse(Path(path), filename="ž.txt")

    @rest.get("/statuses/{status}")
    async def status(self, status: int, response: Response) -> str:
        """A status with a body, where it may have one."""
        response.status = status
        return "body"

    # Bodies

    @rest.post("/things")
    async def thing(self, thing: Thing) -> Thing:
        """JSON with a type."""
        return thing

    @rest.put("/octets")
    async def octets(self, body: Annotated[bytes, request_body(content=OCTETS)]) -> int:
        """A body as a whole."""
        return len(body)

    @rest.post("/pieces")
    async def pieces(self, body: Annotated[Request, request_body(content=STREAM)]) -> int:
        """A body in pieces; tells how it ended."""
        count = 0
        try:
            async for piece in body.stream():
                count += len(piece)
                self.watch.entered.set()
        except ClientDisconnected:
            self.watch.notes.append("gone")
            self.watch.closed.set()
            raise
        return count

    @rest.post("/forms")
    async def form(
        self, title: Annotated[str, param.form()] = "", files: list[UploadFile] | None = None
    ) -> dict[str, Any]:
        """Fields and files."""
        read = [[file.filename, file.size, (await file.read()).decode()[:10]] for file in files or ()]
        return {"title": title, "files": read}

    @rest.post("/fields")
    async def fields(self, title: Annotated[str, param.form()], more: Annotated[str, param.form()] = "") -> list[str]:
        """Fields alone."""
        return [title, more]

    @rest.post("/ignores")
    async def ignores(self) -> str:
        """Takes no body."""
        return "ignored"

    # Streams

    @rest.get("/numbers")
    async def numbers(self, count: int = 3) -> AsyncIterator[str]:
        """A short stream."""
        for number in range(count):
            yield f"{number};"

    @rest.get("/endless")
    async def endless(self) -> AsyncIterator[bytes]:
        """A stream that only its client ends."""
        try:
            while True:
                self.watch.sent += 1
                yield b"x" * 65536
        finally:
            self.watch.closed.set()

    @rest.get("/waiting")
    async def waiting(self) -> AsyncIterator[bytes]:
        """A stream that waits for its next item."""
        try:
            yield b"first"
            await asyncio.sleep(1000)
        finally:
            self.watch.closed.set()

    @rest.get("/broken")
    async def broken(self, after: int = 1) -> AsyncIterator[bytes]:
        """A stream that fails."""
        for _ in range(after):
            yield b"first"
        raise RuntimeError("secret")

    @rest.get("/events", EVENTS)
    async def events(self, last_event_id: Annotated[str, param.header("Last-Event-ID")] = "") -> AsyncIterator[Any]:
        """Events, and then none for long."""
        yield "two\nlines"
        yield ServerSentEvent({"a": 1}, event="named", id=f"{last_event_id}7")
        self.watch.entered.set()
        try:
            await asyncio.sleep(1000)
        finally:
            self.watch.closed.set()

    # Errors

    @rest.get("/errors/{status}")
    async def error(self, status: int) -> None:
        """An error of the application."""
        raise rest.HttpError(status, "Said so.", code="SAID", headers={"X-Why": "asked"})

    @rest.get("/fails")
    async def fails(self) -> None:
        """A mistake."""
        raise RuntimeError("secret")

    # Waiting

    @rest.get("/slow")
    async def slow(self, context: RequestContext) -> str:
        """Waits until it is released."""
        context.after_response(self.watch.notes.append, "after")
        self.watch.entered.set()
        how = "cancelled"
        try:
            await self.watch.released.wait()
            how = "answered"
        finally:
            self.watch.notes.append(how)
            self.watch.closed.set()
        return "slow"

    # Connections

    @websocket("/echo/{times}")
    async def echo(self, socket: WebSocket, times: int, close: int = 0) -> None:
        """Says everything a number of times."""
        wanted = socket.subprotocols
        await socket.accept(wanted[-1] if wanted else None)
        self.watch.entered.set()
        try:
            async for message in socket:
                for _ in range(times):
                    await socket.send(message)
                if close:
                    await socket.close(close, "enough")
        finally:
            self.watch.closed.set()

    @websocket("/refused")
    async def refused(self, socket: WebSocket) -> None:
        """Lets nobody in."""
        raise HttpErrors.Unauthorized("Who are you?")

    @websocket("/fails")
    async def socket_fails(self, socket: WebSocket) -> None:
        """Fails when it is open."""
        await socket.accept()
        raise RuntimeError("secret")


class Target(RestApplication):
    """The application.

    Args:
        files: A folder of files to serve.
        settings: Of its server.
    """

    def __init__(self, files: Path, **settings: Any) -> None:
        super().__init__({"name": "target", "rest": {"port": 0, "grace_period": 10, **settings}})
        self.watch = Watch()
        self.bind(Watch).to(self.watch)
        self.controller(Controller)
        self.redirect("/old", "/hello")
        self.static("/files", files)
