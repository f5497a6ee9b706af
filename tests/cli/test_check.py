"""``mainspring check``: what would fail, told without starting anything, as a process on real folders."""

import json
import textwrap
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
README = Path(__file__).parents[2] / "README.md"

FAULTS = {
    "app.py": """
        from mainspring import RestApplication
        from services import A, B, Mailer, Stock, Warehouse, Worker
        from web import OrderController
        from keeping import Audit, Session

        def plain(value: str = "") -> str:
            return value

        app = RestApplication({"name": "shop"})
        app.bind("mail.sender").to("shop@example.org")
        app.bind("old.name").to_alias("never.bound")
        app.bind("forgotten")
        for service in (A, B, Mailer, Warehouse, Worker, Audit, Session):
            app.service(service)
        app.service(Stock, "one")
        app.service(Stock, "other")
        app.controller(OrderController)
    """,
    "services.py": """
        from dataclasses import dataclass
        from typing import Annotated

        from mainspring import inject, injectable

        class A:
            def __init__(self, b: "B") -> None: ...

        class B:
            def __init__(self, a: A) -> None: ...

        class Mailer:
            def __init__(
                self,
                host: str = inject("mail.host", optional=True),
                sender: str = inject("mail.sendr"),
            ) -> None: ...

        class Stock: ...

        class Unbound: ...

        class Warehouse:
            stock: Stock = inject()
            unbound: Annotated[Unbound, inject()]

        @dataclass
        class Worker:
            name: str
            missing: Unbound
    """,
    "web.py": """
        from mainspring import inject, intercept, rest
        from services import Unbound

        @intercept("no.interceptor")
        class OrderController:
            @rest.get("/orders")
            def orders(self, unbound: Unbound) -> list[str]:
                return []

            @rest.get("/orders/{id}")
            def order(self, id: int, sender: str = inject("mail.sende")) -> str:
                return ""
    """,
    "keeping.py": """
        from mainspring import BindingScope, RequestContext, injectable

        @injectable(scope=BindingScope.REQUEST)
        class Session: ...

        @injectable(scope=BindingScope.SINGLETON)
        class Audit:
            def __init__(self, session: Session, context: RequestContext) -> None: ...
    """,
}


def write(project, files):
    for name, text in files.items():
        project.write(name, text)


def findings_of(project, files, *arguments):
    write(project, files)
    done = project.run("check", "--json", *arguments)
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert done.returncode == (1 if report["findings"] else 0)
    return report["findings"]


def line_of(project, file, text):
    lines = (project.root / file).read_text().splitlines()
    [found] = [number for number, line in enumerate(lines, start=1) if text in line]
    return found


def test_every_fault_of_every_file_is_told_at_once_with_its_line(project):
    """REST-184"""
    found = findings_of(project, FAULTS)
    told = {(each["kind"], Path(each["file"]).name, each["line"]) for each in found}
    expected = {
        ("unbound", "app.py", 'to_alias("never.bound")'),
        ("injection", "app.py", 'app.bind("forgotten")'),
        ("cycle", "services.py", 'b: "B"'),
        ("unbound", "services.py", 'inject("mail.sendr")'),
        ("ambiguous", "services.py", "stock: Stock = inject()"),
        ("unbound", "services.py", "unbound: Annotated"),
        ("unbound", "services.py", "name: str"),
        ("unbound", "services.py", "missing: Unbound"),
        ("unbound", "web.py", '@intercept("no.interceptor")'),
        ("unbound", "web.py", "unbound: Unbound"),
        ("unbound", "web.py", 'inject("mail.sende")'),
        ("scope", "keeping.py", "def __init__(self, session"),
        ("scope", "keeping.py", "def __init__(self, session"),
    }
    cycles = {("cycle", "services.py", line_of(project, "services.py", text)) for text in ('b: "B"', "a: A")}
    wanted = {(kind, file, line_of(project, file, text)) for kind, file, text in expected if kind != "cycle"}
    assert told - cycles == wanted
    assert len(told & cycles) == 1
    assert len([each for each in found if each["kind"] == "scope"]) == 2


def test_the_nearest_names_are_told(project):
    found = {each["key"]: each["suggestions"] for each in findings_of(project, FAULTS)}
    assert found["mail.sendr"] == ["mail.sender"]


def test_all_that_would_do_are_told_with_their_places(project):
    [found] = [each for each in findings_of(project, FAULTS) if each["kind"] == "ambiguous"]
    line = line_of(project, "services.py", "class Stock")
    told = [(each["key"], Path(each["file"]).name, each["line"]) for each in found["related"]]
    assert told == [("services.one", "services.py", line), ("services.other", "services.py", line)]


def test_people_get_a_line_for_each_and_one_for_all(project):
    write(project, FAULTS)
    done = project.run("check")
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    place = f"services.py:{line_of(project, 'services.py', 'mail.sendr')}"
    [line] = [line for line in lines if line.startswith(f"{place}: unbound: ")]
    assert line.endswith("Did you mean 'mail.sender'?")
    assert "    services.Mailer --> Mailer.__init__[sender] --> mail.sendr" in lines
    [ring] = [line for line in lines if ": cycle: " in line]
    assert "services.A --> A.__init__[b] --> services.B --> B.__init__[a] --> services.A" in ring
    assert f"    services.one: services.py:{line_of(project, 'services.py', 'class Stock')}" in lines
    assert lines[-1].startswith("13 findings; ")


def test_nothing_is_made_and_nothing_starts(project):
    found = findings_of(
        project,
        {
            "app.py": """
                from mainspring import Application, injectable

                class Loud:
                    def __init__(self):
                        print("made")

                def loud():
                    print("made")

                class Server:
                    listening = False
                    def __init__(self):
                        print("made")
                    async def start(self):
                        print("started")
                    async def stop(self): ...

                app = Application()
                app.service(Loud)
                app.bind("loud").to_dynamic_value(loud)
                app.server(Server)
                app.life_cycle_observer(Loud, "other")
                app.on_start(lambda: print("started"))
            """
        },
    )
    assert found == []


RIGHT = """
    from collections.abc import AsyncIterator
    from dataclasses import dataclass, field
    from typing import Annotated, Generic, TypeVar

    from mainspring import (
        BindingKey, BindingScope, Context, Getter, RequestContext, Response, RestApplication,
        config, inject, injectable, intercept, rest, service,
    )
    from mainspring.core import extension_for, extension_point, extensions
    from mainspring.rest import Request

    T = TypeVar("T")
    PORT = BindingKey[int]("port")

    class Absent: ...
    class Clock: ...
    class User: ...
    class Connection: ...

    class Store(Generic[T]): ...
    class UserStore(Store[User]): ...

    @dataclass
    class Settings:
        clock: Clock
        port: int = inject(PORT)
        tags: list[str] = field(default_factory=list)

    class Chicken:
        egg: Getter["Egg"] = inject.getter("services.Egg")

    class Egg:
        def __init__(self, chicken: Chicken, absent: Absent | None, other: Absent = None) -> None: ...

    @injectable(scope=BindingScope.REQUEST)
    class Basket:
        def __init__(self, request: Request, user: User, stores: Store[User]) -> None: ...

    @injectable(scope="singleton")
    class Pool:
        def __init__(
            self, connection: Connection, context: Annotated[Context, inject.context()],
            size: int = config("size"), set_leader=inject.setter("leader"), all: list = inject.tag("basket"),
            late=inject.getter("bound.later"), view=inject.view("services.*"),
        ) -> None: ...

        def elect(self, leader: str = inject("leader")) -> None: ...
        def handle(self, message: str = inject("message.current")) -> None: ...

    @extension_point("greeters")
    class Greeter:
        def __init__(self, greeters: list = extensions.list()) -> None: ...

    class Log:
        async def value(self, clock: Clock):
            async def log(invocation, next):
                return await next()
            return log

    async def user(context, next):
        context.bind("user").to(User()).provides(User)
        return await next()

    async def opened(clock: Clock) -> AsyncIterator[Connection]:
        yield Connection()

    def made(clock: Clock, request: RequestContext) -> Response:
        return Response()

    class Controller:
        def __init__(self, basket: Basket, context: RequestContext, clock: Clock = service()) -> None: ...

        @rest.get("/x")
        @intercept("interceptors.Log", Log)
        def x(self, pool: Pool, user: User, greeter: Greeter, name: str = "", token: str = inject("token")) -> str:
            return name

    class Starter:
        def start(self, settings: Settings, egg: Egg, connection: Connection) -> None: ...

    def token(app: RestApplication):
        app.bind("token").to("t")

    app = RestApplication()
    app.bind(PORT).to(1)
    for each in (Clock, UserStore, Settings, Chicken, Egg, Basket, Pool, Greeter):
        app.service(each)
    app.configure("services.Pool").to({"size": 3})
    app.bind("made").to_dynamic_value(made)
    app.bind("greeters.one").to_class(Clock.__base__).apply(extension_for("greeters"))
    app.interceptor(Log, name="Log")
    app.middleware(user, {"binds": [User]})
    app.resource(opened)
    app.controller(Controller)
    app.life_cycle_observer(Starter)
    app.on_start(token).tag(binds="token")

    @app.route("get", "/f")
    def f(basket: Basket, response: Response, name: str) -> str:
        return name
"""


def test_a_program_that_is_right_gives_no_alarm(project):
    write(project, {"app.py": RIGHT})
    done = project.run("check")
    assert (done.stdout.splitlines()[:-1], done.stderr, done.returncode) == ([], "", 0)
    assert done.stdout.startswith("All fine: ")


DOCUMENT = """
    from mainspring import RestApplication

    def show(id: int) -> dict:
        return {}

    app = RestApplication()
    app.api({
        "paths": {"/y/{id}": {"get": {"x-operation": show, "parameters": [{"$ref": "#/components/parameters/Id"}]}}},
        "components": {
            "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}}
        },
    })
"""


def test_operations_of_documents_see_its_components(project):
    assert findings_of(project, {"app.py": DOCUMENT}) == []
    [found] = findings_of(project, {"app.py": DOCUMENT.replace("parameters/Id", "parameters/Od")})
    assert "parameters/Od" in found["message"]


OWN_SERVER = """
    from mainspring import Application, BindingScope, Context, inject

    class Event: ...

    class Queue(Context):
        listening = False

        def __init__(self, app: Application) -> None:
            raise RuntimeError("made")

        async def start(self) -> None: ...

        async def stop(self) -> None: ...

    class Handler:
        def __init__(self, event: Event, queue: str = inject("queue.name")) -> None: ...

    class Pool: ...

    app = Application()
    app.server(Queue).tag(binds=[Event, "queue.name"])
    app.service(Handler)
    app.service(Pool).in_scope(BindingScope.SERVER)
"""


def test_a_server_of_ones_own_says_what_its_contexts_have(project):
    assert findings_of(project, {"app.py": OWN_SERVER}) == []
    found = findings_of(project, {"app.py": OWN_SERVER.replace('queue.name"]', 'other.name"]')})
    assert [each["key"] for each in found] == ["queue.name"]


def test_what_nobody_says_is_bound_at_run_time_is_told(project):
    text = RIGHT.replace(', {"binds": [User]}', "").replace('.tag(binds="token")', "")
    keys = {each["key"] for each in findings_of(project, {"app.py": text})}
    assert keys == {"app.User", "token"}


@pytest.mark.parametrize("example", sorted(file.parent.name for file in EXAMPLES.glob("*/pyproject.toml")))
def test_the_examples_are_fine(project, example):
    done = project.run("check", str(EXAMPLES / example), cwd=EXAMPLES / example)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("All fine: ")


def test_the_application_of_the_readme_is_fine(project):
    code = README.read_text().split('```python title="app.py"\n')[1].split("```")[0]
    assert findings_of(project, {"app.py": code}) == []


BOOTED = """
    from mainspring import BootMixin, RestApplication

    class App(BootMixin, RestApplication): ...

    app = App()
"""


def test_clashes_and_broken_files_of_a_boot_are_told_all_at_once(project):
    service = "from mainspring import injectable\n\n@injectable()\nclass Clock: ...\n"
    found = findings_of(
        project,
        {
            "app.py": BOOTED,
            "services/a_service.py": service,
            "services/b_service.py": service,
            "services/c_service.py": "import os\nthis is wrong\n",
            "services/d_service.py": "import os\n\nraise ValueError('no')\n",
            "services/e_service.py": """
                from mainspring import inject, injectable

                @injectable()
                class Needy:
                    absent: int = inject("absent")
            """,
        },
    )
    told = {(each["kind"], Path(each["file"]).name, each["line"]) for each in found}
    assert told == {
        ("boot", "b_service.py", 3),
        ("boot", "c_service.py", 2),
        ("boot", "d_service.py", 3),
        ("unbound", "e_service.py", 6),
    }
    [clash] = [each["message"] for each in found if "b_service" in each["file"]]
    assert "a_service.py" in clash
    assert "b_service.py" in clash


def test_broken_files_of_a_server_loader_are_told_all_at_once(project):
    """LOAD-084: of those that are mounted and those that are scanned; their patterns do find something."""
    found = findings_of(
        project,
        {
            "app.py": """
                from mainspring.loader import ServerLoader, server_settings

                @server_settings(mount={"/rest": "controllers/*.py"}, scan=["services/*.py"], strict=True)
                class Server(ServerLoader): ...

                app = Server()
            """,
            "controllers/broken.py": "import os\nthis is wrong\n",
            "services/broken.py": "raise ValueError('no')\n",
        },
    )
    told = {(each["kind"], "/".join(Path(each["file"]).parts[-2:]), each["line"]) for each in found}
    assert told == {("boot", "controllers/broken.py", 2), ("boot", "services/broken.py", 1)}


def test_routes_registered_twice_are_told_with_the_line_that_does(project):
    found = findings_of(
        project,
        {
            "app.py": """
                from mainspring import RestApplication, rest

                class One:
                    @rest.get("/one")
                    def one(self) -> None: ...

                class Two:
                    @rest.get("/one")
                    def two(self) -> None: ...

                def f() -> None: ...

                app = RestApplication()
                app.controller(One)
                app.controller(Two)
                app.route("get", "/f", None, f)
                app.route("get", "/f", None, f)
            """
        },
    )
    assert [each["line"] for each in found] == [9, 18]
    assert "One.one" in found[0]["message"]
    assert "Two.two" in found[0]["message"]


def test_operations_of_booted_controllers_that_clash_are_told(project):
    found = findings_of(
        project,
        {
            "app.py": BOOTED,
            "controllers/one_controller.py": """
                from mainspring import rest

                class OneController:
                    @rest.get("/same/{id}")
                    def one(self, id: int) -> int:
                        return id
            """,
            "controllers/two_controller.py": """
                from mainspring import rest

                class TwoController:
                    @rest.get("/same/{other}")
                    def two(self, other: int) -> int:
                        return other
            """,
        },
    )
    [clash] = found
    assert "OneController.one" in clash["message"]
    assert "TwoController.two" in clash["message"]
    assert Path(clash["file"]).name in ("one_controller.py", "two_controller.py")


AROUND = """
    from mainspring import RestApplication
    from mainspring.rest import MiddlewareSequence, RestServer

    class Absent: ...

    class Layer:
        def __init__(self, in_middleware: Absent) -> None: ...

        async def __call__(self, context, next):
            return await next()

    class Order(MiddlewareSequence):
        def __init__(self, ctx, in_sequence: Absent) -> None: ...

    class Parser:
        name = "parser"

        def __init__(self, in_parser: Absent) -> None: ...

    class Enhancer:
        def __init__(self, in_enhancer: Absent) -> None: ...

        def modify_spec(self, spec): ...

    class Component:
        async def start(self, in_component: Absent) -> None: ...

    class Server:
        listening = False

        async def start(self, in_server: Absent) -> None: ...

        async def stop(self) -> None: ...

    class Admin(RestServer):
        def __init__(self, app: RestApplication, in_admin: Absent) -> None: ...

    def opened(in_resource: Absent):
        yield 1

    def begin(in_hook: Absent): ...

    def handle(in_handler: Absent) -> None: ...

    app = RestApplication({"components": [Component]})
    app.middleware(Layer)
    app.sequence(Order)
    app.body_parser(Parser)
    app.spec_enhancer(Enhancer)
    app.server(Server)
    app.server(Admin, "admin")
    app.resource(opened)
    app.on_start(begin)
    app.route("get", "/handle", None, handle)
    app.bind("one").to_alias("other")
    app.bind("other").to_alias("one")
    app.api({"paths": {"/lost": {"get": {"x-controller-name": "Lost", "x-operation-name": "lost"}}}})
"""


def test_everything_around_operations_is_looked_into(project):
    found = findings_of(project, {"app.py": AROUND})
    lines = (project.root / "app.py").read_text().splitlines()
    told = {lines[each["line"] - 1] for each in found}
    for place in (
        *("in_middleware", "in_parser", "in_enhancer", "in_component", "in_server", "in_admin"),
        *("in_resource", "in_hook", "in_handler", "in_sequence", "/lost"),
    ):
        assert any(place in line for line in told), place
    [ring] = [each["message"] for each in found if each["kind"] == "cycle"]
    assert "getter" not in ring
    assert all("ctx" in each["path"] for each in found if each["kind"] == "injection")
    assert len(found) == 13


def test_wrong_use_is_status_2(project):
    assert project.run("check", "--no-such-option").returncode == 2


def test_help_says_how_to_declare_what_is_bound_at_run_time(project):
    done = project.run("check", "--help")
    assert done.returncode == 0
    assert "binds=" in " ".join(done.stdout.split())


def test_no_application_is_one_line(project):
    done = project.run("check")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Cannot find the application")
    assert textwrap.dedent(done.stderr).count("\n") == 1
