"""Mounting and scanning: what is served where, what is found in files, and changes while a server runs."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
from tests.loader.conftest import Write

from mainspring import rest
from mainspring.boot import BootError
from mainspring.core import BindingScope, Component, injectable
from mainspring.loader import MountError, ServerLoader, controller, harness, middleware, server_settings
from mainspring.rest.errors import DuplicateRouteError

Told = Callable[..., list[str]]

OFF: dict[str, Any] = {"mount": {}, "scan": []}

CONTROLLER = """
    from mainspring.loader import controller, get


    @controller("/{path}")
    class {name}:
        made = 0

        def __init__(self) -> None:
            type(self).made += 1

        @get("/")
        def index(self) -> str:
            return "{path} {name}"
"""


def users(name: str = "users", **options: Any) -> type[Any]:
    """A controller of its own each time."""

    @controller(f"/{name}", **options)
    class Users:
        made = 0

        def __init__(self) -> None:
            type(self).made += 1

        @rest.get("/")
        def index(self) -> str:
            return f"{name} {id(self)}"

        @rest.get("/{number}")
        def one(self, number: int) -> int:
            return number

    return Users


async def status(server: Any, path: str, method: str = "GET") -> int:
    return int((await server.request(method, path)).status)


async def test_endpoints_have_their_own_controllers_and_share_instances() -> None:
    """LOAD-075, LOAD-076, LOAD-079, LOAD-083: versions, one instance, nothing without its prefix."""
    current, first, both = users(), users(), users("both")
    mount = {"/rest/": [current, both], "rest/v1": [first, both], "/": both}
    async with harness(ServerLoader, {"mount": mount, "scan": []}) as server:
        texts = [(await server.request("GET", path)).text for path in ("/rest/users", "/rest/v1/users")]
        assert texts[0] != texts[1]
        shared = {(await server.request("GET", f"{path}/both")).text for path in ("/rest", "/rest/v1", "")}
        assert len(shared) == 1
        assert await status(server, "/users") == 404
        assert (await server.request("GET", "/rest/v1/users/7")).json() == 7
    assert (current.made, first.made, both.made) == (1, 1, 1)


async def test_endpoints_may_have_variables() -> None:
    """LOAD-079: path parameters of every operation below."""

    @controller("/users")
    class Users:
        @rest.get("/{id}")
        def one(self, tenant: str, id: int) -> list[Any]:
            return [tenant, id]

    async with harness(ServerLoader, {"mount": {"/tenants/{tenant}": Users}, "scan": []}) as server:
        assert (await server.request("GET", "/tenants/acme/users/3")).json() == ["acme", 3]


async def test_a_list_is_the_endpoint_without_prefix() -> None:
    """LOAD-078: in the settings and by the method."""
    one, two = users("one"), users("two")

    class Server(ServerLoader):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            assert self.mount([two]) is self

    async with harness(Server, {"mount": [one], "scan": []}) as server:
        assert (await status(server, "/one"), await status(server, "/two")) == (200, 200)


async def test_controllers_are_found_by_globs_and_imported_once(write: Write, tmp_path: Path, told: Told) -> None:
    """LOAD-075, LOAD-080, LOAD-082, LOAD-084: in a fixed order, without what is excluded or merely imported."""
    write("controllers/b.py", CONTROLLER.format(path="b", name="B"))
    write("controllers/deep/a.py", CONTROLLER.format(path="a", name="A"))
    write("controllers/test_x.py", CONTROLLER.format(path="x", name="X"))
    write("controllers/conftest.py", "raise AssertionError('excluded')")
    write("controllers/.hidden/h.py", "raise AssertionError('never entered')")
    write(
        "controllers/imports.py",
        """
        from mainspring.loader import controller
        from .b import B
        from .deep.a import A

        __all__ = ["A"]

        class Plain:
            pass

        class Inherits(B):
            pass
        """,
    )
    mount = {
        "/one": "controllers/**/*.py",
        "/two": ["controllers\\b.py", "./controllers/b.py"],
        "/three": "controllers/imports.py",
    }
    async with harness(ServerLoader, {"root_dir": str(tmp_path), "mount": mount, "scan": []}) as server:
        for path in ("/one/a", "/one/b", "/two/b", "/three/a"):
            assert await status(server, path) == 200
        for path in ("/one/x", "/two/a", "/three/b", "/one/inherits"):
            assert await status(server, path) == 404
    modules = [module for name, module in sys.modules.items() if name.endswith(".b") and str(tmp_path) in str(module)]
    assert len(modules) == 1
    assert modules[0].B.made == 1
    assert [line for line in told() if "one" in line] == []


async def test_what_is_excluded_by_a_folder_is_excluded_below_it_only(write: Write, tmp_path: Path) -> None:
    """LOAD-080: patterns of names count everywhere, others in their folder."""
    for name in ("one/a", "one/draft", "one/two/a", "two/a", "two/draft"):
        write(f"{name}.py", CONTROLLER.format(path=name.replace("/", "-"), name="A"))
    excluded = ["**/draft.py", "one/two/**/*.py", f"{tmp_path}/two/**/a.py"]
    settings = {"root_dir": str(tmp_path), "mount": {"/": "{one,two}/**/*.py"}, "scan": [], "exclude": excluded}
    async with harness(ServerLoader, settings) as server:
        for name, expected in {
            "one-a": 200,
            "one-draft": 404,
            "one-two-a": 404,
            "two-a": 404,
            "two-draft": 404,
        }.items():
            assert await status(server, f"/{name}") == expected, name
    with_other = {**settings, "exclude": [f"{tmp_path}/one/two/**/a.py"]}
    async with harness(ServerLoader, with_other) as server:
        for name, expected in {"one-a": 200, "one-two-a": 404, "two-a": 200}.items():
            assert await status(server, f"/{name}") == expected, name


async def test_what_can_be_mounted(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOAD-075: paths, folders, modules and dotted patterns."""
    write("shop_of_test/__init__.py")
    write("shop_of_test/controllers/__init__.py")
    write("shop_of_test/controllers/a.py", CONTROLLER.format(path="a", name="A"))
    write("shop_of_test/controllers/deep/__init__.py")
    write("shop_of_test/controllers/deep/b.py", CONTROLLER.format(path="b", name="B"))
    monkeypatch.syspath_prepend(str(tmp_path))
    module = ModuleType("made")
    cls = users("made")
    cls.__module__ = "made"
    module.Users = cls  # type: ignore[attr-defined]  # as if defined there
    folder = tmp_path / "shop_of_test" / "controllers"
    mount = {
        "/path": folder / "a.py",
        "/folder": folder,
        "/module": module,
        "/dotted": "shop_of_test.controllers.*",
        "/deep": "shop_of_test.controllers.**",
        "/absolute": f"{folder}/deep/*.py",
    }
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with harness(ServerLoader, {"root_dir": elsewhere, "mount": mount, "scan": []}) as server:
        served = ("/path/a", "/folder/a", "/folder/b", "/module/made", "/dotted/a", "/deep/a", "/deep/b", "/absolute/b")
        for path in served:
            assert await status(server, path) == 200, path
        for path in ("/path/b", "/dotted/b", "/absolute/a"):
            assert await status(server, path) == 404, path


async def test_the_default_mount_and_scan_are_silent(write: Write, tmp_path: Path, told: Told) -> None:
    """LOAD-077, LOAD-069: /rest with the controllers of the folder of that name; nothing there is no news."""
    async with harness(ServerLoader, {"root_dir": tmp_path, "strict": True}):
        pass
    assert told() == []
    write("controllers/a.py", CONTROLLER.format(path="a", name="A"))
    async with harness(ServerLoader, {"root_dir": tmp_path}) as server:
        assert await status(server, "/rest/a") == 200
    async with harness(ServerLoader, {"root_dir": tmp_path, "mount": {}}) as server:
        assert await status(server, "/rest/a") == 404


async def test_a_glob_that_finds_nothing_is_told_or_fails(write: Write, tmp_path: Path, told: Told) -> None:
    """LOAD-081: one warning with endpoint and pattern; an error when strict."""
    write("empty/nothing.py", "x = 1\n")
    for pattern, words in (("absent/*.py", "matches no file"), ("empty/*.py", "without a controller")):
        settings = {"root_dir": tmp_path, "mount": {"/v1": pattern}, "scan": []}
        async with harness(ServerLoader, settings):
            pass
        assert [line for line in told() if "/v1" in line and pattern in line and words in line] != []
        with pytest.raises(MountError, match="/v1") as caught:
            await ServerLoader({**settings, "http_port": False, "strict": True}).start()
        assert pattern in str(caught.value)
    assert len(told()) == 2
    with pytest.raises(MountError, match="absent"):
        await ServerLoader({**OFF, "scan": ["absent/*.py"], "root_dir": tmp_path, "strict": True}).start()


async def test_a_file_that_cannot_be_imported_is_named(write: Write, tmp_path: Path) -> None:
    """LOAD-084: a BootError with the original as its cause."""
    file = write("services/broken.py", "raise OSError('no database')\n")
    with pytest.raises(BootError) as caught:
        await ServerLoader({"root_dir": tmp_path, "http_port": False}).start()
    assert caught.value.file == file
    assert isinstance(caught.value.__cause__, OSError)


async def test_scanned_files_register_what_they_define(write: Write, tmp_path: Path) -> None:
    """LOAD-086, LOAD-162: services are single, observers run, interceptors intercept, components are mounted."""
    write(
        "services/all.py",
        """
        from mainspring.core import Component, CoreTags, global_interceptor, injectable, life_cycle_observer
        from mainspring.loader import controller, get

        LOG = []

        @injectable()
        class Service:
            pass

        @injectable(scope="transient")
        class Passing:
            pass

        class Plain:
            pass

        @life_cycle_observer()
        class Observer:
            def start(self):
                LOG.append("started")

        @injectable(tags=[CoreTags.COMPONENT])
        class Part:
            services = [Plain]

        @controller("/found")
        class Found:
            @get("/")
            def index(self) -> str:
                return "x"
        """,
    )
    write("app/rest.py", CONTROLLER.format(path="a", name="A"))
    async with harness(ServerLoader, {"root_dir": tmp_path, "mount": {}}) as server:
        module = next(each for name, each in sys.modules.items() if name.endswith("services.all"))
        assert await server.get(module.Service) is await server.get(module.Service)
        assert await server.get(module.Passing) is not await server.get(module.Passing)
        assert server.is_bound("services.Plain")
        assert module.LOG == ["started"]
        assert isinstance(await server.get(module.Found), module.Found)
        assert await status(server, "/found") == 404
        assert server.scan("app/**/*.py", "/late") is server
        assert await status(server, "/late/a") == 200


async def test_scopes_of_controllers(told: Told) -> None:
    """LOAD-072, LOAD-083: by decorator, by @injectable, by the settings; nothing is made at the start then."""
    single, request, transient = (
        users("single"),
        users("request", scope="request"),
        users("t", scope=BindingScope.TRANSIENT),
    )
    injected = injectable(scope=BindingScope.REQUEST)(users("injected"))
    classes = [single, request, transient, injected]
    async with harness(ServerLoader, {"mount": classes, "scan": []}) as server:
        assert [cls.made for cls in classes] == [1, 0, 0, 0]
        for _ in range(2):
            for name in ("single", "request", "t", "injected"):
                assert await status(server, f"/{name}") == 200
        assert [cls.made for cls in classes] == [1, 2, 2, 2]
    plain = users("plain")
    async with harness(ServerLoader, {"mount": [plain], "scan": [], "scopes": {"controller": "REQUEST"}}) as server:
        assert plain.made == 0
        assert (await status(server, "/plain"), plain.made) == (200, 1)


async def test_equal_names_are_different_controllers() -> None:
    """LOAD-083: identity is the class object."""
    one, two = users("one"), users("two")
    async with harness(ServerLoader, {"mount": [one, two], "scan": []}) as server:
        assert (await status(server, "/one"), await status(server, "/two")) == (200, 200)
    assert (one.made, two.made) == (1, 1)


async def test_children_are_served_below_their_parents() -> None:
    """LOAD-092, LOAD-093: nested to any depth, with the variables of the parents; not at the endpoint itself."""

    @controller("/comments")
    class Comments:
        @rest.get("/{comment}")
        def one(self, user: int, comment: int) -> list[int]:
            return [user, comment]

    @controller("/posts", children=[Comments])
    class Posts:
        @rest.get("/")
        def all(self, user: int) -> int:
            return user

    @controller("/users/{user}", children=[Posts, Comments])
    class Users:
        pass

    module = ModuleType("family")
    for cls in (Comments, Posts, Users):
        cls.__module__ = "family"
        setattr(module, cls.__name__, cls)
    async with harness(ServerLoader, {"mount": {"/api": module, "/own": [Users, Posts]}, "scan": []}) as server:
        assert (await server.request("GET", "/api/users/1/posts")).json() == 1
        assert (await server.request("GET", "/api/users/1/posts/comments/2")).json() == [1, 2]
        assert (await server.request("GET", "/api/users/1/comments/2")).json() == [1, 2]
        assert await status(server, "/api/posts?user=3") == 404
        assert (await server.request("GET", "/own/posts?user=3")).json() == 3


async def test_wrong_children_are_refused() -> None:
    """LOAD-094: a cycle is shown, what is no controller is named with its parent."""

    class Plain:
        pass

    @controller("/a", children=[Plain])
    class Parent:
        pass

    with pytest.raises(TypeError, match=r"Plain.*Parent"):
        await ServerLoader({**OFF, "mount": [Parent], "http_port": False}).start()

    children: list[Any] = []

    @controller("/b")
    class Below:
        pass

    above = controller("/c", children=[Below])(type("Above", (), {}))
    children.append(above)
    controller("/b", children=children)(Below)
    with pytest.raises(MountError, match="Above -> Below -> Above"):
        await ServerLoader({**OFF, "mount": [above], "http_port": False}).start()


async def test_paths_of_controllers() -> None:
    """LOAD-091: with and without path, parentheses and slashes; in any order with other decorators."""

    @controller
    class UsersController:
        @rest.get("/x")
        def x(self) -> str:
            return "users"

    @controller("")
    class Bare:
        @rest.get("/bare")
        def x(self) -> str:
            return "bare"

    @rest.tags("t")
    @controller("many")
    @rest.api(base_path="/below")
    @injectable(scope="request")
    class Many:
        @rest.get("/x")
        def x(self) -> str:
            return "many"

    @controller()
    class Orders:
        @rest.get("/")
        def x(self) -> str:
            return "orders"

    async with harness(ServerLoader, {"mount": {"/": [UsersController, Bare, Many, Orders]}, "scan": []}) as server:
        texts = [(await server.request("GET", path)).text for path in ("/users/x", "/bare", "/many/below/x", "/orders")]
        assert texts == ["users", "bare", "many", "orders"]
        spec = await server.get_api_spec()
        assert spec["paths"]["/many/below/x"]["get"]["tags"] == ["t"]
    with pytest.raises(TypeError, match="class"):
        controller("/x")(lambda: None)  # type: ignore[arg-type, type-var]  # what is refused


async def test_the_document_has_an_operation_for_each_path_with_an_id_of_its_own() -> None:
    """LOAD-096: and the version of the settings."""
    cls = users()
    async with harness(ServerLoader, {"mount": {"/a": cls, "/b": cls}, "scan": [], "version": "3.2.1"}) as server:
        spec = await server.get_api_spec()
        ids = [spec["paths"][path]["get"]["operationId"] for path in ("/a/users", "/b/users")]
        assert len(set(ids)) == 2
        assert spec["info"]["version"] == "3.2.1"


async def test_routes_are_told_once(told: Told) -> None:
    """LOAD-097, LOAD-161: verb, path and method, unless that is switched off; then where it listens."""
    async with harness(ServerLoader, {"mount": {"/a": users()}, "scan": []}, network=False):
        lines = told(20)
        assert len([line for line in lines if "GET" in line and "/a/users" in line and "Users.index" in line]) == 1
        assert "to start" in lines[-1]
    before = len(told(20))
    settings = {"mount": {"/a": users()}, "scan": [], "logger": {"disable_routes_summary": True}}
    async with harness(ServerLoader, settings):
        assert not [line for line in told(20)[before:] if "/a/users" in line]


async def test_mounts_take_effect_from_wherever_they_are_called() -> None:
    """LOAD-015, LOAD-087, LOAD-088: in __init__, in hooks, and while the server runs, after those of the settings."""

    class Server(ServerLoader):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.mount("/init", users("init")).add_controllers("/init", [users("more")])

        def on_init(self) -> None:
            self.mount("/hook", users("on_init"))
            self.set("own", 1)

        def before_routes_init(self) -> None:
            self.mount("/hook", users("before"))

        async def after_routes_init(self) -> None:
            self.mount("/hook", users("after"))

        def on_ready(self) -> None:
            self.mount("/hook", users("ready"))

    async with harness(Server, {"mount": {"/settings": users()}, "scan": []}) as server:
        for path in (
            "/settings/users",
            "/init/init",
            "/init/more",
            "/hook/on_init",
            "/hook/before",
            "/hook/after",
            "/hook/ready",
        ):
            assert await status(server, path) == 200, path
        assert await status(server, "/late/late") == 404
        server.mount("/late", users("late"))
        assert await status(server, "/late/late") == 200


async def test_a_late_mount_is_built_once_and_one_that_is_wrong_changes_nothing() -> None:
    """LOAD-037, LOAD-089: also when requests come together; no hooks of the start, but on_destroy."""
    log: list[str] = []

    @controller("/late")
    class Late:
        def __init__(self) -> None:
            log.append("made")

        def on_init(self) -> None:
            log.append("on_init")

        def on_destroy(self) -> None:
            log.append("on_destroy")

        @rest.get("/")
        def index(self) -> str:
            return "x"

    clash = users("users")

    @controller("/users")
    class Other:
        @rest.get("/first")
        def first(self) -> str:
            return "x"

        @rest.get("/")
        def index(self) -> str:
            return "x"

    async with harness(ServerLoader, {"mount": [clash], "scan": []}) as server:
        server.mount("/", Late)
        answers = await asyncio.gather(*(status(server, "/late") for _ in range(5)))
        assert answers == [200] * 5
        assert log == ["made"]
        with pytest.raises(DuplicateRouteError):
            server.mount("/", [users("fine"), Other])
        with pytest.raises(TypeError, match="str"):
            server.mount("/", str)
        assert (await status(server, "/users"), await status(server, "/fine")) == (200, 404)
        assert await status(server, "/users/first") == 400
    assert log == ["made", "on_destroy"]


async def test_an_endpoint_can_be_unmounted() -> None:
    """LOAD-090: the others stay."""
    cls = users()
    async with harness(ServerLoader, {"mount": {"/a": cls, "/b": cls}, "scan": []}) as server:
        assert server.unmount("a/") is server
        assert (await status(server, "/a/users"), await status(server, "/b/users")) == (404, 200)
        with pytest.raises(MountError, match="/b"):
            server.unmount("/a")
        server.mount("/a", cls)
        assert await status(server, "/a/users") == 200


async def test_operations_are_inherited_overridden_and_replaced() -> None:
    """LOAD-095: as in every controller of rest."""

    class Base:
        @rest.get("/kept")
        def kept(self) -> str:
            return "base"

        @rest.get("/changed")
        def changed(self) -> str:
            return "base"

    @controller("/sub")
    class Sub(Base):
        def changed(self) -> str:
            return "sub"

    async with harness(ServerLoader, {"mount": [Sub], "scan": []}) as server:
        assert (await server.request("GET", "/sub/kept")).text == "base"
        assert (await server.request("GET", "/sub/changed")).text == "sub"


async def test_servers_do_not_see_each_other() -> None:
    """LOAD-011, LOAD-057: one class of controllers, two servers, an instance each."""
    cls = users()

    @server_settings(mount=[cls], scan=[])
    class Server(ServerLoader):
        pass

    async with harness(Server, {"own": 1}) as one, harness(Server, {"own": 2}) as two:
        assert cls.made == 2
        assert (await one.request("GET", "/users")).text != (await two.request("GET", "/users")).text
        one.unmount("/")
        assert (await status(one, "/users"), await status(two, "/users")) == (404, 200)
        assert (one.get_settings().own, two.get_settings().own) == (1, 2)


async def test_a_class_at_many_endpoints_is_made_once() -> None:
    """LOAD-098: fifty of them."""
    cls = users()
    mount = {f"/v{number}": cls for number in range(50)}
    async with harness(ServerLoader, {"mount": mount, "scan": []}) as server:
        assert (await status(server, "/v0/users"), await status(server, "/v49/users"), cls.made) == (200, 200, 1)


async def test_components_and_classes_are_added() -> None:
    """LOAD-087, LOAD-162: decorated or not, one instance per server unless they say otherwise."""

    class Plain:
        pass

    @injectable(scope=BindingScope.TRANSIENT)
    class Passing:
        pass

    class Server(ServerLoader):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            assert self.add_components([Plain, Passing]).add_components(Plain) is self

    async with harness(Server, OFF) as server:
        assert await server.get(Plain) is await server.get(Plain)
        assert await server.get(Passing) is not await server.get(Passing)
        with pytest.raises(TypeError, match="'x'"):
            server.add_components(["x"])


async def test_components_and_middleware_are_added_as_what_they_are() -> None:
    """LOAD-087, LOAD-167: a component is mounted, in its phase; middleware is bound as such."""

    class Part:
        pass

    class Parts(Component):
        services = (Part,)
        settings: ClassVar = {"parts": 1}

    @middleware
    class Guard:
        def use(self) -> None: ...

    class Server(ServerLoader):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.add_components([Parts, Guard])
            assert not self.is_bound("components.Parts")

    server = Server({**OFF, "http_port": False})
    for _ in range(2):
        async with server:
            assert isinstance(await server.get(Part), Part)
            assert server.get_settings().parts == 1
            assert await server.get("middlewares.Guard") is await server.get(Guard)


async def test_classes_and_modules_are_scanned_when_they_are_named() -> None:
    """LOAD-086: section 4, both take classes; one without a decorator was meant, too, when it is named."""
    module = ModuleType("parts_of_a_module")

    class Plain:
        pass

    class Decorated:
        pass

    for cls in (Plain, injectable()(Decorated)):
        cls.__module__ = module.__name__
        setattr(module, cls.__name__, cls)

    class Named:
        pass

    async with harness(ServerLoader, {"mount": {}, "scan": [module, Named]}) as server:
        assert await server.get(Named) is await server.get(Named)
        assert isinstance(await server.get(Decorated), Decorated)
        assert not server.is_bound("services.Plain")


async def test_old_hooks_are_told_of(write: Write, tmp_path: Path, told: Told) -> None:
    """LOAD-054: of servers and scanned classes, with the new spelling."""
    write(
        "services/old.py",
        """
        from mainspring.core import injectable

        @injectable()
        class Old:
            def onInit(self):
                pass
        """,
    )
    cls = type("Server", (ServerLoader,), {"beforeRoutesInit": lambda self: None})
    async with harness(cls, {"root_dir": tmp_path}):
        pass
    assert any("Server.beforeRoutesInit" in line and "before_routes_init" in line for line in told())
    assert any("Old.onInit" in line and "on_init" in line for line in told())
