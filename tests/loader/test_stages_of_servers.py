"""Stages in a server of its own: what its hooks and settings register, and where that stands."""

from collections.abc import Callable
from typing import Any

from mainspring.loader import (
    GlobalAcceptMimes,
    GlobalErrorHandler,
    RequestContext,
    ServerLoader,
    controller,
    get,
    harness,
    middleware,
    render,
    server_settings,
    use_before,
)


@controller("/items")
class Items:
    """A controller."""

    @get("/{id}")
    def find(self, id: int) -> dict[str, int]:
        return {"id": id}

    @get("/page/{name}")
    @render("page.txt")
    def page(self, name: str) -> dict[str, str]:
        return {"name": name}


def noting(events: list[str], name: str) -> Callable[..., Any]:
    async def noted(ctx: RequestContext, next: Any) -> Any:
        events.append(name)
        return await next()

    return noted


async def test_where_hooks_put_their_middleware() -> None:
    """LOAD-016, LOAD-018, LOAD-115..117: in front of the routes, then behind them; ``use`` is chainable."""
    events: list[str] = []

    class Server(ServerLoader):
        def __init__(self, config: Any = None) -> None:
            super().__init__(config)
            self.use(noting(events, "init")).use("/rest", noting(events, "below rest"))

        def before_routes_init(self) -> None:
            self.use(noting(events, "before"))

        def after_routes_init(self) -> None:
            self.use(self.page)

        def page(self, ctx: RequestContext) -> Any:
            events.append("page")
            return {"page": ctx.request.path} if ctx.request.path == "/page" else None

    async with harness(Server, {"mount": {"/rest": Items}}) as server:
        assert (await server.request("GET", "/rest/items/5")).json() == {"id": 5}
        assert events == ["init", "below rest", "before"]
        events.clear()
        assert (await server.request("GET", "/page")).json() == {"page": "/page"}
        assert (await server.request("GET", "/lost")).status == 404
        assert events == ["init", "before", "page"] * 2
        events.clear()
        server.use(noting(events, "late"))
        assert (await server.request("GET", "/lost")).status == 404
        assert events == ["init", "before", "page", "late"]


async def test_a_second_start_runs_hooks_anew() -> None:
    """LOAD-044: what they registered is there once."""
    events: list[str] = []

    class Server(ServerLoader):
        def __init__(self, config: Any = None) -> None:
            super().__init__(config)
            self.use(noting(events, "init"))

        def before_routes_init(self) -> None:
            self.use(noting(events, "before"))

        def after_routes_init(self) -> None:
            self.use(lambda error, ctx: events.append("behind"))

    server = Server({"mount": {"/": Items}, "http_port": False})
    for _ in range(2):
        events.clear()
        await server.listen(network=False)
        assert server.explain("GET", "/items/5") != []
        assert len(server.stages.explain()) == 3
        await server.stop()
    assert len(server.stages.explain()) == 1


async def test_accepted_types_of_the_settings() -> None:
    """LOAD-140: in effect without ``use`` when they are set, before other middleware; used and set, it is one check."""
    events: list[str] = []

    class Plain(ServerLoader):
        def before_routes_init(self) -> None:
            self.use(noting(events, "before"))

    @server_settings(accept_mimes=["application/json", "text/csv"])
    class Strict(Plain):
        pass

    class Both(Strict):
        def before_routes_init(self) -> None:
            self.use(GlobalAcceptMimes)

    html, csv = {"Accept": "text/html"}, {"Accept": "text/csv"}
    mount = {"mount": {"/rest": Items}}
    async with harness(Plain, mount) as server:
        assert (await server.request("GET", "/rest/items/5", headers=html)).status == 200
    events.clear()
    for cls in (Strict, Both):
        async with harness(cls, mount) as server:
            answer = await server.request("GET", "/rest/items/5", headers=html)
            assert (answer.status, events) == (406, [])
            assert answer.json()["detail"].endswith("application/json, text/csv.")
            assert (await server.request("GET", "/rest/items/5", headers=csv)).status == 200
            events.clear()
            server.set("accept_mimes", ["text/html"])
            assert (await server.request("GET", "/rest/items/5", headers=csv)).status == 406


async def test_an_error_handler_of_the_settings() -> None:
    """LOAD-073, LOAD-132: and middleware of the settings, in front of that of the hooks."""
    events: list[str] = []

    class Words(GlobalErrorHandler):
        async def handle(self, error: Exception, ctx: RequestContext) -> Any:
            return {"words": str(error)}

    class Server(ServerLoader):
        def before_routes_init(self) -> None:
            self.use(noting(events, "hook"))

    settings = {"mount": {"/": Items}, "error_handler": Words, "middlewares": [noting(events, "setting")]}
    async with harness(Server, settings) as server:
        answer = await server.request("GET", "/nothing")
        assert (answer.status, answer.json()) == (404, {"words": 'Endpoint "GET /nothing" not found.'})
        assert events == ["setting", "hook"]


async def test_templates_of_the_settings(tmp_path: Any) -> None:
    """LOAD-074, LOAD-143: ``views`` is relative to the root, and may be set at run time."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/page.txt").write_text("Hello $name")
    settings = {"root_dir": str(tmp_path), "mount": {"/": Items}, "views": {"root": "pages"}}
    async with harness(ServerLoader, settings) as server:
        assert (await server.request("GET", "/items/page/Ann")).text == "Hello Ann"
        server.engine("txt", lambda path, values: f"{path.name} for {values['name']}")
        assert (await server.request("GET", "/items/page/Ann")).text == "page.txt for Ann"
        server.set("views", {"root": "${root_dir}/none", "engine": lambda path, values: str(path.parent.name)})
        assert (await server.request("GET", "/items/page/Ann")).text == "page.txt for Ann"


async def test_middleware_is_a_provider_of_its_server() -> None:
    """LOAD-024, LOAD-100, LOAD-072: with hooks, one instance per server, in the scope of the settings."""
    seen: list[Any] = []

    @middleware
    class Audit:
        def on_init(self) -> None:
            seen.append("on_init")

        def use(self, ctx: RequestContext) -> None:
            seen.append(self)

    class Server(ServerLoader):
        def __init__(self, config: Any = None) -> None:
            super().__init__(config)
            self.use(Audit)

    async with harness(Server, {"mount": {"/": Items}}) as server:
        await server.request("GET", "/items/1")
        await server.request("GET", "/items/1")
    assert seen[0] == "on_init"
    assert seen[1] is seen[2]
    seen.clear()
    scopes = {"controller": "singleton", "service": "singleton", "middleware": "request"}
    async with harness(Server, {"mount": {"/": Items}, "scopes": scopes}) as server:
        await server.request("GET", "/items/1")
        await server.request("GET", "/items/1")
    assert len(seen) == 2
    assert seen[0] is not seen[1]


async def test_stages_of_parents_and_children() -> None:
    """LOAD-092, LOAD-112: a parent's ``use_before`` is for its children."""
    events: list[str] = []

    @controller("/child")
    @use_before(noting(events, "child"))
    class Child:
        @get("/x")
        def x(self) -> str:
            return "x"

    @controller("/parent", children=[Child])
    @use_before(noting(events, "parent"))
    class Parent:
        @get("/y")
        def y(self) -> str:
            return "y"

    async with harness(ServerLoader, {"mount": {"/": Parent}}) as server:
        assert (await server.request("GET", "/parent/child/x")).text == "x"
        assert (await server.request("GET", "/parent/y")).text == "y"
    assert events == ["parent", "child", "parent"]
