"""WebSocket connections in process: what a handler can do, and how every sort of end is told to the client."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest

from mainspring.rest import (
    ClientDisconnected,
    HttpErrors,
    RequestContext,
    RestApplication,
    WebSocket,
    api,
    get,
    inject,
    intercept,
    param,
    websocket,
)


class Peer:
    """The client's end of a connection over ASGI messages.

    Attributes:
        sent: What the application has sent and nobody took yet.
        ending: The call of the application.
    """

    def __init__(self, app: Any, path: str, **scope: Any) -> None:
        raw, _, query = path.partition("?")
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.incoming.put_nowait({"type": "websocket.connect"})
        headers = scope.pop("headers", {})
        full = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": raw,
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"test"), *((k.lower().encode(), v.encode()) for k, v in headers.items())],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
            **scope,
        }
        self.ending: asyncio.Task[None] = asyncio.ensure_future(app(full, self.incoming.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.put_nowait(message)

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.sent.get(), 5)

    async def accepted(self) -> dict[str, Any]:
        message = await self.next()
        assert message["type"] == "websocket.accept", message
        return message

    async def refused(self) -> tuple[int, bytes]:
        """The status and body the handshake is refused with."""
        start, body = await self.next(), await self.next()
        assert start["type"] == "websocket.http.response.start", start
        await asyncio.wait_for(self.ending, 5)
        names = [name for name, _ in start["headers"]]
        assert len(set(names)) == len(names), names
        return start["status"], body["body"]

    def say(self, message: str | bytes) -> None:
        kind = "text" if isinstance(message, str) else "bytes"
        self.incoming.put_nowait({"type": "websocket.receive", kind: message})

    def leave(self, code: int = 1000, reason: str = "") -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})

    async def closed(self) -> tuple[int, str]:
        message = await self.next()
        assert message["type"] == "websocket.close", message
        return message["code"], message["reason"]

    async def end(self) -> None:
        await asyncio.wait_for(self.ending, 5)
        assert self.sent.empty()


class Room:
    """Something the container makes once per connection, and closes."""

    made = 0
    closed = 0


async def room() -> AsyncIterator[Room]:
    Room.made += 1
    yield Room()
    Room.closed += 1


@pytest.fixture
def app() -> RestApplication:
    Room.made = Room.closed = 0
    app = RestApplication()
    app.bind("room").to_dynamic_value(room).in_scope("request").provides(Room)
    return app


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for message in socket:
        await socket.send(message)


async def test_messages_go_both_ways_until_the_client_closes(app: RestApplication) -> None:
    """HTTP-035 HTTP-036"""
    app.websocket("/echo", echo)
    peer = Peer(app, "/echo")
    await peer.accepted()
    for message in ("hello", b"\x00\xff", ""):
        peer.say(message)
        kind = "text" if isinstance(message, str) else "bytes"
        assert await peer.next() == {"type": "websocket.send", kind: message}
    peer.leave()
    await peer.end()


async def test_parameters_are_read_as_those_of_operations(app: RestApplication) -> None:
    """HTTP-035"""

    @api(base_path="/rooms")
    class Rooms:
        def __init__(self, room: Room) -> None:
            self.room = room

        @websocket("/{number}")
        async def enter(  # noqa: PLR0917 - one of every sort
            self,
            number: int,
            socket: WebSocket,
            context: RequestContext,
            greeting: Annotated[str, inject("greeting")],
            room: Room,
            token: Annotated[str, param.header("X-Token")],
            sid: Annotated[str | None, param.cookie("sid")] = None,
            limit: int = 5,
        ) -> None:
            await socket.accept()
            same = self.room is room and RequestContext.current() is context
            await socket.send_json([number, token, sid, limit, greeting, same, context.path_params])

    app.bind("greeting").to("hi")
    app.controller(Rooms)
    peer = Peer(app, "/rooms/7?limit=3", headers={"X-Token": "t", "Cookie": "sid=abc"})
    await peer.accepted()
    said = await peer.next()
    assert said["text"] == '[7,"t","abc",3,"hi",true,{"number":"7"}]'
    assert await peer.closed() == (1000, "")
    await peer.end()
    assert (Room.made, Room.closed) == (1, 1)


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/rooms/x", 400, b"INVALID_PARAMETER_VALUE"),
        ("/rooms/13", 403, b"unlucky"),
        ("/rooms/0", 500, b"Internal Server Error"),
        ("/nowhere", 404, b'Endpoint \\"GET /nowhere\\" not found.'),
        ("/http", 404, b"not found"),
    ],
)
async def test_what_goes_wrong_before_acceptance_refuses_the_handshake(
    app: RestApplication, path: str, status: int, word: bytes
) -> None:
    """HTTP-036 REST-028"""

    async def enter(number: int, socket: WebSocket, room: Room) -> None:
        if number == 13:
            raise HttpErrors.Forbidden("unlucky")
        await socket.accept(str(1 // number))

    app.websocket("/rooms/{number}", enter)
    app.route("get", "/http", None, lambda: "no connection")
    got, body = await Peer(app, path).refused()
    assert got == status
    assert word in body
    assert Room.made == Room.closed


async def test_a_server_that_cannot_refuse_with_a_response_closes_instead(app: RestApplication) -> None:
    """HTTP-036 REST-028"""
    peer = Peer(app, "/nowhere", extensions={})
    assert await peer.closed() == (1000, "")
    await peer.end()


async def test_a_handler_that_accepts_nothing_or_closes_at_once_refuses(app: RestApplication) -> None:
    """HTTP-036"""

    async def closing(socket: WebSocket) -> None:
        await socket.close()

    async def idle(socket: WebSocket) -> None:
        assert not socket.accepted

    app.websocket("/closing", closing)
    app.websocket("/idle", idle)
    assert (await Peer(app, "/closing").refused())[0] == 403
    assert (await Peer(app, "/idle").refused())[0] == 403


async def test_an_error_after_acceptance_closes_with_1011_and_is_logged(
    app: RestApplication, caplog: pytest.LogCaptureFixture
) -> None:
    """HTTP-036 ERR-007"""

    async def failing(socket: WebSocket, room: Room) -> None:
        await socket.accept()
        raise KeyError("secret")

    app.websocket("/fail", failing)
    peer = Peer(app, "/fail")
    await peer.accepted()
    assert await peer.closed() == (1011, "")
    await peer.end()
    [record] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError
    assert Room.closed == 1


async def test_a_client_that_leaves_ends_the_handler_without_a_word(
    app: RestApplication, caplog: pytest.LogCaptureFixture
) -> None:
    """HTTP-036"""
    seen: list[Any] = []

    async def waiting(socket: WebSocket, room: Room) -> None:
        await socket.accept()
        try:
            await socket.receive_text()
        finally:
            seen.append((socket.closed, socket.close_code, socket.close_reason))

    app.websocket("/wait", waiting)
    peer = Peer(app, "/wait")
    await peer.accepted()
    peer.leave(1001, "bye")
    await peer.end()
    assert seen == [(True, 1001, "bye")]
    assert Room.closed == 1
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_sending_to_a_client_that_is_gone_says_so(app: RestApplication) -> None:
    errors: list[type[BaseException]] = []

    async def sending(socket: WebSocket) -> None:
        await socket.accept()
        async for _ in socket:
            pass
        try:
            await socket.send_text("late")
        except ClientDisconnected as error:
            errors.append(type(error))
        await socket.close()  # what is closed already is left alone

    app.websocket("/", sending)
    peer = Peer(app, "/")
    await peer.accepted()
    peer.leave()
    await peer.end()
    assert errors == [ClientDisconnected]


@pytest.mark.parametrize(
    ("message", "code"), [("{", 1007), ("NaN", 1007), (b"\xff", 1007), ('{"a":1}', 1000), (b"[1]", 1000)]
)
async def test_json_is_read_from_text_and_bytes(
    app: RestApplication, message: str | bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    """HTTP-035 HTTP-036"""

    async def reading(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_json()

    app.websocket("/", reading)
    peer = Peer(app, "/")
    await peer.accepted()
    peer.say(message)
    assert (await peer.closed())[0] == code
    await peer.end()
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_another_kind_of_message_than_expected_closes_with_1003(app: RestApplication) -> None:
    async def text(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()

    async def binary(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_bytes()

    app.websocket("/text", text)
    app.websocket("/binary", binary)
    for path, message in (("/text", b"x"), ("/binary", "x")):
        peer = Peer(app, path)
        await peer.accepted()
        peer.say(message)
        assert (await peer.closed())[0] == 1003


async def test_a_subprotocol_is_one_the_client_offers(app: RestApplication) -> None:
    """HTTP-035"""

    async def choose(socket: WebSocket, name: str) -> None:
        await socket.accept(subprotocol=name, headers={"X-Room": "1"})
        await socket.close(4001, f"spoke {socket.subprotocol}, not {socket.subprotocols[0]}")

    app.websocket("/", choose)
    peer = Peer(app, "/?name=b", subprotocols=["a", "b"], headers={"X-Request-ID": "mine"})
    message = await peer.accepted()
    assert message["subprotocol"] == "b"
    assert (b"x-room", b"1") in message["headers"]
    assert (b"x-request-id", b"mine") in message["headers"]
    assert await peer.closed() == (4001, "spoke b, not a")
    status, _ = await Peer(app, "/?name=c", subprotocols=["a"]).refused()
    assert status == 500


async def test_what_cannot_be_sent_is_refused_where_it_is_said(app: RestApplication) -> None:
    wrong: list[str] = []

    async def handler(socket: WebSocket) -> None:
        for action in (
            socket.receive,
            lambda: socket.send("early"),
            lambda: socket.close(1005),
            lambda: socket.close(1006),
            lambda: socket.close(999),
            lambda: socket.close(1000, "é" * 62),
            lambda: socket.accept(headers={"a\n": "b"}),
            lambda: socket.accept(headers={"a": "b\r\nc: d"}),
        ):
            try:
                await action()
            except (ValueError, RuntimeError) as error:
                wrong.append(str(error))
        await socket.accept()
        with pytest.raises(RuntimeError, match="accept it once"):
            await socket.accept()
        with pytest.raises(TypeError, match="send_bytes"):
            await socket.send_text(b"x")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="send_text"):
            await socket.send_bytes("x")  # type: ignore[arg-type]

    app.websocket("/", handler)
    peer = Peer(app, "/")
    await peer.accepted()
    assert await peer.closed() == (1000, "")
    assert len(wrong) == 8


async def test_middleware_runs_around_the_connection_and_may_refuse_it(app: RestApplication) -> None:
    """HTTP-036 MW-009"""
    said: list[str] = []

    async def around(context: RequestContext, next: Any) -> Any:
        said.append(f"in {context.request.path}")
        context.response.headers["X-Seen"] = "1"
        if context.request.query.get("no"):
            raise HttpErrors.Unauthorized("who?", headers={"WWW-Authenticate": "Bearer"})
        try:
            return await next()
        except HttpErrors.NotFound:
            said.append("nothing there")
            raise
        finally:
            said.append("out")

    async def guard(context: RequestContext, next: Any) -> Any:
        said.append("guard")
        return await next()

    app.middleware(around)
    app.middleware(guard, {"group": "authentication"})
    app.websocket("/echo", echo)
    peer = Peer(app, "/echo")
    assert (b"x-seen", b"1") in (await peer.accepted())["headers"]
    peer.leave()
    await peer.end()
    assert (await Peer(app, "/echo?no=1").refused())[0] == 401
    assert (await Peer(app, "/none").refused())[0] == 404
    assert said == ["in /echo", "guard", "out", "in /echo", "in /none", "nothing there", "out"]


async def test_interceptors_run_around_the_handler(app: RestApplication) -> None:
    """REST-078"""
    sources: list[str] = []

    async def note(invocation: Any, next: Any) -> Any:
        sources.append(str(invocation.source))
        return await next()

    class Chat:
        @websocket("/chat")
        @intercept(note)
        async def talk(self, socket: WebSocket) -> None:
            await socket.accept()

    app.controller(Chat)
    peer = Peer(app, "/chat")
    await peer.accepted()
    await peer.closed()
    assert sources == ["ControllerWebSocketRoute - websocket /chat => Chat.talk"]


async def test_connections_and_operations_share_a_path(app: RestApplication, web: Any) -> None:
    class Chat:
        @get("/chat")
        async def page(self) -> str:
            return "page"

        @websocket("/chat")
        async def talk(self, socket: WebSocket) -> None:
            await socket.accept()

    app.controller(Chat)
    assert (await web(app).get("/chat")).text == "page"
    assert (await web(app)("WEBSOCKET", "/chat")).status == 501
    await Peer(app, "/chat").accepted()
    spec = await app.get_api_spec()
    assert list(spec["paths"]) == ["/chat"]
    assert list(spec["paths"]["/chat"]) == ["get"]


async def test_a_route_that_is_unbound_is_gone_and_subclasses_inherit(app: RestApplication) -> None:
    """REST-036 REST-074"""

    class Base:
        @websocket("/base")
        async def talk(self, socket: WebSocket) -> None:
            await socket.accept()
            await socket.send_text(type(self).__name__)

    class Chat(Base):
        pass

    binding = app.controller(Chat)
    peer = Peer(app, "/base")
    await peer.accepted()
    assert (await peer.next())["text"] == "Chat"
    await peer.closed()
    app.unbind(binding.key)
    assert (await Peer(app, "/base").refused())[0] == 404


def test_a_handler_that_wants_a_body_is_refused_at_registration(app: RestApplication) -> None:
    async def posting(socket: WebSocket, body: Annotated[str, param.form()]) -> None:
        """It will never be called."""

    with pytest.raises(ValueError, match="has none; receive it as a message"):
        app.websocket("/", posting)


def test_two_handlers_of_one_template_are_refused(app: RestApplication) -> None:
    app.websocket("/{a}", echo)
    with pytest.raises(ValueError, match="registered twice"):
        app.websocket("/{b}", echo)


async def test_a_stop_says_1001_and_lets_the_handler_clean_up(app: RestApplication) -> None:
    """HTTP-037"""
    ended = asyncio.Event()

    async def handler(socket: WebSocket, room: Room) -> None:
        await socket.accept()
        async for _ in socket:
            pass
        ended.set()

    app.websocket("/", handler)
    with app.rest_server.serving.without_listening():
        await app.start()
    peer = Peer(app, "/")
    await peer.accepted()
    await asyncio.wait_for(app.stop(), 5)
    assert await peer.closed() == (1001, "")
    await peer.end()
    assert ended.is_set()
    assert Room.closed == 1


async def test_a_mounted_application_gets_connections_below_its_path(app: RestApplication) -> None:
    """REST-205"""
    scopes: list[Any] = []

    async def dogs(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            return
        scopes.append(scope)
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept", "subprotocol": "woof"})
        message = await receive()
        await send({"type": "websocket.send", "text": message["text"].upper()})
        assert (await receive())["code"] == 1000

    app.mount_asgi("/dogs", dogs)
    peer = Peer(app, "/dogs/rex", subprotocols=["woof"])
    assert (await peer.accepted())["subprotocol"] == "woof"
    peer.say("wau")
    assert (await peer.next())["text"] == "WAU"
    peer.leave()
    await peer.end()
    [scope] = scopes
    assert (scope["type"], scope["root_path"], scope["path"]) == ("websocket", "/dogs", "/dogs/rex")
    assert (await Peer(app, "/dogsled").refused())[0] == 404


async def test_outside_a_connection_there_is_no_websocket(app: RestApplication, web: Any) -> None:
    async def page(socket: WebSocket) -> str:
        return "never"

    app.route("get", "/", None, page)
    assert (await web(app).get("/")).status == 500


async def test_a_message_that_comes_as_a_wait_ends_is_not_lost(app: RestApplication) -> None:
    """HTTP-035"""

    async def impatient(socket: WebSocket) -> None:
        await socket.accept()
        seen = []
        while len(seen) < 200:
            try:
                async with asyncio.timeout(0):
                    seen.append(await socket.receive_text())
            except TimeoutError:
                await asyncio.sleep(0)
        await socket.send_json(seen)

    app.websocket("/", impatient)
    peer = Peer(app, "/")
    await peer.accepted()
    for number in range(200):
        peer.say(str(number))
        if number % 3 == 0:
            await asyncio.sleep(0)
    assert (await peer.next())["text"] == str([str(number) for number in range(200)]).replace("'", '"').replace(" ", "")


async def test_tasks_of_a_handler_that_lose_the_client_are_no_error(
    app: RestApplication, caplog: pytest.LogCaptureFixture
) -> None:
    """HTTP-036"""

    async def two(socket: WebSocket) -> None:
        await socket.accept()

        async def read() -> None:
            await socket.receive()

        async def write() -> None:
            while True:
                await socket.send("tick")
                await asyncio.sleep(0.01)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read())
            tasks.create_task(write())

    app.websocket("/", two)
    peer = Peer(app, "/")
    await peer.accepted()
    await peer.next()
    peer.leave()
    await asyncio.wait_for(peer.ending, 5)
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_one_task_receives_at_a_time(app: RestApplication) -> None:
    async def both(socket: WebSocket) -> None:
        await socket.accept()
        first = asyncio.create_task(socket.receive_text())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="let one task receive"):
            await socket.receive_text()
        await socket.send_text(await first)

    app.websocket("/", both)
    peer = Peer(app, "/")
    await peer.accepted()
    await asyncio.sleep(0.01)
    peer.say("hello")
    assert (await peer.next())["text"] == "hello"
