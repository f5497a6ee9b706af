"""http and https at once, statics, mounted applications, and other ways to run a server."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.loader.conftest import Write

from mainspring.loader import (
    MountError,
    RequestContext,
    ServerLoader,
    controller,
    delete,
    get,
    harness,
    method_override,
)

OFF: dict[str, Any] = {"mount": {}, "scan": []}


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, dict[str, str]]:
    """Who trusts, and the options, relative to the folder of the test."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "own.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "own.crt")
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return client, {"cert_file": "own.crt", "key_file": "${root_dir}/own.key"}


async def ask(port: int, path: str, tls: ssl.SSLContext | None = None, *, header: str = "Accept: */*") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer


@controller("/where")
class Where:
    made = 0

    def __init__(self) -> None:
        type(self).made += 1

    @get("/")
    def where(self, ctx: RequestContext) -> list[Any]:
        return [ctx.request.scheme, id(self)]


async def test_http_and_https_serve_the_same_routes_with_the_same_instances(certificate: Any, tmp_path: Path) -> None:
    """LOAD-020, LOAD-065, LOAD-068, LOAD-151, LOAD-152: both there in after_listen and on_ready, both gone after."""
    client, options = certificate
    seen: list[Any] = []

    class Server(ServerLoader):
        def before_listen(self) -> None:
            seen.append((self.http_server, self.https_server))

        def after_listen(self) -> None:
            seen.append((self.http_server.listening, self.https_server.listening))  # type: ignore[union-attr]

    settings = {"http_port": 0, "https_port": "127.0.0.1:0", "https_options": options, "root_dir": tmp_path}
    server = Server({**settings, "mount": [Where], "scan": []})
    async with server:
        http, https = server.http_server, server.https_server
        assert http is not None
        assert https is not None
        assert seen == [(None, None), (True, True)]
        assert (server.port, server.url, server.listening) == (http.port, http.url, True)
        assert (https.host, https.url, len(https.sockets)) == ("127.0.0.1", f"https://127.0.0.1:{https.port}", 1)
        assert server.get_settings().http_port == 0
        plain, secret = await ask(http.port, "/where"), await ask(https.port, "/where", client)
        assert plain.partition(b'"http"')[2] == secret.partition(b'"https"')[2] != b""
    assert (server.http_server, server.https_server, server.url) == (None, None, None)
    for port in (http.port, https.port):
        with pytest.raises(ConnectionRefusedError):
            await ask(port, "/where")


async def test_https_alone_speaks_for_the_server(certificate: Any, tmp_path: Path) -> None:
    """LOAD-151: url and port are those of https when http is off."""
    _, options = certificate
    settings = {"http_port": False, "https_port": 0, "https_options": options, "root_dir": tmp_path}
    async with ServerLoader({**OFF, **settings}) as server:
        assert server.http_server is None
        assert server.https_server is not None
        assert (server.url, server.port) == (server.https_server.url, server.https_server.port)


async def test_ports_may_be_changed_until_the_sockets_are_opened() -> None:
    """LOAD-019: by set in before_listen."""

    class Server(ServerLoader):
        def before_listen(self) -> None:
            self.set("http_port", "localhost:0")

    async with Server({**OFF, "http_port": 80}) as server:
        assert server.http_server is not None
        assert server.http_server.host == "localhost"


async def test_requests_are_served_while_on_ready_runs() -> None:
    """LOAD-021: from the opening of the sockets on."""
    answers: list[bytes] = []

    class Server(ServerLoader):
        async def on_ready(self) -> None:
            answers.append(await ask(self.port, "/where"))

    async with Server({"mount": [Where], "scan": [], "http_port": 0}):
        assert answers[0].startswith(b"HTTP/1.1 200")


async def test_static_folders_come_after_operations(write: Write, tmp_path: Path, told: Any) -> None:
    """LOAD-018, LOAD-153, LOAD-154: in order, relative to the root; a missing file is 404; by settings and method."""
    write("a/one.txt", "a one")
    write("b/one.txt", "b one")
    write("b/two.txt", "b two")
    write("b/index.html", "index")
    write("c/late.txt", "late")
    write("a/where", "not this")

    class Server(ServerLoader):
        def after_routes_init(self) -> None:
            self.static("/late", "./c")

    statics = {"/assets": "./a", "/": [{"root": "./a", "index": None}, "${root_dir}/b"]}
    async with harness(Server, {"root_dir": tmp_path, "mount": [Where], "scan": [], "statics": statics}) as server:
        for path, text in (("/assets/one.txt", "a one"), ("/one.txt", "a one"), ("/two.txt", "b two")):
            assert (await server.request("GET", path)).text == text
        assert (await server.request("GET", "/late/late.txt")).text == "late"
        assert (await server.request("GET", "/")).text == "index"
        assert (await server.request("GET", "/where")).json()[0] == "http"
        assert (await server.request("GET", "/three.txt")).status == 404
    assert told() == []
    settings = {"root_dir": tmp_path, "mount": {}, "scan": [], "statics": {"/x": "missing"}}
    async with harness(ServerLoader, settings):
        assert [line for line in told() if "/x" in line and "missing" in line]
    with pytest.raises(MountError, match="missing"):
        await ServerLoader({**settings, "strict": True, "http_port": False}).start()


async def test_an_application_mounted_in_on_ready_is_live_at_once_and_has_its_own_life() -> None:
    """LOAD-155: started then, stopped with the server, again with each start."""
    log: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                log.append(message["type"])
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"mounted"})

    class Server(ServerLoader):
        def on_ready(self) -> None:
            self.mount_asgi("/socket.io", app)

    server = Server({**OFF, "http_port": 0})
    for _ in range(2):
        async with asyncio.timeout(20):
            await server.start()
            assert b"mounted" in await ask(server.port, "/socket.io/")
            assert log == ["lifespan.startup"]
            await server.stop()
            assert log == ["lifespan.startup", "lifespan.shutdown"]
        log.clear()


async def lifespan(server: Any) -> tuple[list[Any], Any, Any]:
    sent: list[Any] = []
    incoming: asyncio.Queue[Any] = asyncio.Queue()
    answered = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message)
        answered.set()

    task = asyncio.create_task(server({"type": "lifespan", "asgi": {"version": "3.0"}}, incoming.get, send))

    async def say(kind: str) -> Any:
        answered.clear()
        await incoming.put({"type": f"lifespan.{kind}"})
        await answered.wait()
        return sent[-1]

    return sent, task, say


@controller("/things")
class Things:
    @get("/{id}")
    def find(self, id: int) -> str:
        return f"found {id}"

    @delete("/{id}")
    def remove(self, id: int) -> str:
        return f"removed {id}"


async def test_verb_and_path_may_be_changed_before_the_routes() -> None:
    """LOAD-116, LOAD-147: over a socket as in process."""

    def moved(ctx: RequestContext, next: Any) -> Any:
        ctx.request.path = ctx.request.path.replace("/old", "/rest/things")
        return next()

    class Server(ServerLoader):
        def before_routes_init(self) -> None:
            self.use(method_override(methods=["GET"])).use(moved)

    async with Server({"http_port": 0, "mount": {"/rest": Things}, "scan": []}) as server:
        assert (await ask(server.port, "/old/5")).endswith(b"found 5")
        answer = await ask(server.port, "/old/5?x=%20", header="X-HTTP-Method-Override: delete")
        assert answer.endswith(b"removed 5")


async def test_under_a_foreign_server_everything_runs_but_the_sockets() -> None:
    """LOAD-009, LOAD-010: on_ready included; no warning about booting."""
    log: list[str] = []

    class Server(ServerLoader):
        def on_ready(self) -> None:
            log.append(f"ready {self.listening} {self.http_server}")

        def on_destroy(self) -> None:
            log.append("destroyed")

    server = Server({"mount": [Where], "scan": [], "http_port": 0})
    _, task, say = await lifespan(server)
    assert (await say("startup"))["type"] == "lifespan.startup.complete"
    assert (await server.request("GET", "/where")).status == 200
    assert (await say("shutdown"))["type"] == "lifespan.shutdown.complete"
    await task
    assert log == ["ready False None", "destroyed"]


async def test_a_hook_that_fails_under_a_foreign_server_is_told_there() -> None:
    """LOAD-009: after on_server_init_error was called."""
    log: list[str] = []

    class Server(ServerLoader):
        def on_ready(self) -> None:
            raise ValueError("not ready")

        def on_server_init_error(self, error: BaseException) -> None:
            log.append(str(error))

    _, task, say = await lifespan(Server({**OFF, "http_port": 0}))
    assert await say("startup") == {"type": "lifespan.startup.failed", "message": "not ready"}
    assert log == ["not ready"]
    task.cancel()


async def test_booters_run_if_they_are_asked_to(write: Write, tmp_path: Path) -> None:
    """LOAD-010: by the setting, before on_init; otherwise nothing is booted and nothing is warned of."""
    write(
        "services/a.service.py",
        """
        from mainspring import injectable

        @injectable()
        class Booted:
            pass
        """,
    )
    write(
        "observers/b_observer.py",
        """
        class BootedObserver:
            def start(self):
                pass
        """,
    )
    seen: list[bool] = []

    class Server(ServerLoader):
        def on_init(self) -> None:
            seen.append(self.is_bound("life_cycle_observers.BootedObserver"))

    for boot in (True, False):
        async with Server({**OFF, "http_port": False, "root_dir": tmp_path, "boot": boot}):
            pass
    assert seen == [True, False]


async def test_static_folders_may_come_before_operations(write: Write, tmp_path: Path) -> None:
    """LOAD-154: with ``first``; what is no file is an operation's, and other verbs are its too."""
    write("a/where", "a file")
    write("b/where", "late")
    seen: list[str] = []

    def watch(ctx: Any, next: Any) -> Any:
        seen.append(ctx.request.path)
        return next()

    class Server(ServerLoader):
        late = False

        def before_routes_init(self) -> None:
            self.use(watch)

        def after_routes_init(self) -> None:
            if self.late:
                self.static("/", {"root": "./b", "first": True})

    class Late(Server):
        late = True

    plain = {"root_dir": tmp_path, "mount": [Where], "scan": []}
    for settings in (plain, {**plain, "statics": {"/": {"root": "./a", "index": None}}}):
        async with harness(Server, settings) as server:
            assert (await server.request("GET", "/where")).json()[0] == "http"
    async with harness(Server, {**plain, "statics": {"/": {"root": "./a", "first": True}}}) as server:
        for _ in range(2):
            answer = await server.request("GET", "/where")
            assert (answer.status, answer.body) == (200, b"a file")
        assert (await server.request("HEAD", "/where")).headers["content-length"] == "6"
        assert (await server.request("GET", "/where", headers={"range": "bytes=2-"})).body == b"file"
        assert (await server.request("DELETE", "/where")).status == 405
        assert (await server.request("GET", "/nowhere")).status == 404
    assert "/where" in seen
    async with harness(Late, plain) as server:
        assert (await server.request("GET", "/where")).body == b"late"
